namespace OnnxFunctional.Export.Importers;

/// <summary>An integer that the file computes from shapes: a number, the symbol of an unknown size, or neither.</summary>
/// <param name="Number">The number; null if it is not known yet.</param>
/// <param name="Symbol">The symbol of the size that it is; <see cref="Shape.Unknown"/> if it is none.</param>
internal readonly record struct Extent(long? Number, int Symbol)
{
    public static Extent Open => new(null, Shape.Unknown);

    public bool IsKnown => Number is not null;

    public static Extent Of(long number) => new(number, Shape.Unknown);

    /// <summary>A dimension of a shape.</summary>
    public static Extent OfDimension(int symbol) => symbol >= 0 ? Of(symbol) : new(null, symbol);

    public static Extent operator +(Extent left, Extent right) => left.Number == 0 ? right : right.Number == 0 ? left : Both(left, right, (a, b) => a + b);

    public static Extent operator -(Extent left, Extent right) => right.Number == 0 ? left : Both(left, right, (a, b) => a - b);

    public static Extent operator *(Extent left, Extent right) => left.Number == 1 ? right : right.Number == 1 ? left : Both(left, right, (a, b) => a * b);

    public static Extent operator /(Extent left, Extent right) => right.Number == 1 ? left : right.Number == 0 ? Open : Both(left, right, (a, b) => a / b);

    private static Extent Both(Extent left, Extent right, Func<long, long, long> function) =>
        left.Number is { } a && right.Number is { } b ? Of(function(a, b)) : Open;
}
