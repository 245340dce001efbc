namespace OnnxFunctional.MLNet.Tables;

/// <summary>Truth values, which are the numbers 0 and 1.</summary>
/// <param name="get">The value of the row.</param>
internal sealed class BooleanColumn(ValueGetter<bool> get) : ValueColumn
{
    /// <inheritdoc/>
    public override bool IsMissing => !get(out _);

    /// <inheritdoc/>
    public override ReadOnlySpan<char> Text => !get(out var value) ? [] : value ? bool.TrueString : bool.FalseString;

    /// <inheritdoc/>
    public override bool TryReadNumber(out float number)
    {
        var isGiven = get(out var value);
        number = value ? 1 : 0;
        return isGiven;
    }

    /// <inheritdoc/>
    public override bool TryReadInteger(out long number)
    {
        var isGiven = get(out var value);
        number = value ? 1 : 0;
        return isGiven;
    }
}
