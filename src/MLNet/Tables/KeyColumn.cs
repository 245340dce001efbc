using System.Globalization;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>Keys of ML.NET: as whole numbers their places from 0, as text their names.</summary>
/// <param name="get">The key of the row, from 1; 0 is a missing one.</param>
/// <param name="names">The names in the order of the keys; null if they have none.</param>
internal sealed class KeyColumn(ValueGetter<ulong> get, string[]? names) : ValueColumn
{
    /// <inheritdoc/>
    public override bool IsMissing => !TryReadInteger(out _);

    /// <inheritdoc/>
    public override ReadOnlySpan<char> Text => !TryReadInteger(out var place) ? []
        : names is not null && place < names.Length ? names[place] : place.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override bool TryReadInteger(out long number)
    {
        var isGiven = get(out var key) && key is > 0 and <= long.MaxValue;
        number = isGiven ? (long)key - 1 : 0;
        return isGiven;
    }
}
