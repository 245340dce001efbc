using System.Numerics;

namespace OnnxFunctional.MLNet.Tables;

/// <summary>Numbers; NaN is a missing one.</summary>
/// <param name="get">The number of the row.</param>
internal sealed class NumberColumn<T>(ValueGetter<T> get) : FormattedColumn<T>(get)
    where T : struct, INumber<T>
{
    /// <inheritdoc/>
    public override bool TryReadNumber(out float number)
    {
        var isGiven = TryGet(out var value);
        number = float.CreateSaturating(value);

        // The text of a number beyond float32 says what is wrong.
        return isGiven && (float.IsFinite(number) || T.IsInfinity(value));
    }

    /// <inheritdoc/>
    public override bool TryReadInteger(out long number)
    {
        var isGiven = TryGet(out var value);
        number = long.CreateSaturating(value);
        return isGiven && T.IsInteger(value) && T.CreateSaturating(number) == value;
    }

    /// <inheritdoc/>
    protected override bool TryGet(out T value) => base.TryGet(out value) && !T.IsNaN(value);
}
