using System.Globalization;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>Values that are read by their text: dates and times in ISO 8601.</summary>
/// <param name="get">The value of the row.</param>
/// <param name="format">How it is written.</param>
internal class FormattedColumn<T>(ValueGetter<T> get, string? format = null) : ValueColumn
    where T : struct, ISpanFormattable
{
    private char[] _text = new char[32];

    /// <inheritdoc/>
    public override bool IsMissing => !TryGet(out _);

    /// <inheritdoc/>
    public override ReadOnlySpan<char> Text
    {
        get
        {
            if (!TryGet(out var value)) return [];
            int length;
            while (!value.TryFormat(_text, out length, format, CultureInfo.InvariantCulture)) _text = new char[2 * _text.Length];
            return _text.AsSpan(0, length);
        }
    }

    /// <summary>The value of the row.</summary>
    protected virtual bool TryGet(out T value) => get(out value);
}
