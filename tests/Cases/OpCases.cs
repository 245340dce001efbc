namespace OnnxFunctional.Tests.Cases;

/// <summary>All operators with every attribute that matters: one row per variation. Odd sizes first, so that vector tails are covered.</summary>
internal static partial class OpCases
{
    public static IReadOnlyList<OpCase> All { get; } =
    [
        .. Unary, .. Binary, .. Typed, .. Reductions, .. Running, .. Shapes, .. Joining, .. Pieces, .. Images, .. Indexing,
        .. Products, .. Convolutions, .. Poolings, .. Normalizations, .. Losses, .. Recurrent, .. Chance, .. Parallel, .. Quantized, .. Bytes,
        .. OfFiles,
    ];

    /// <summary>The rows as MSTest's DynamicData expects them.</summary>
    public static IEnumerable<object[]> Names => All.Select(row => new object[] { row.Name });

    public static OpCase Named(string name) => All.Single(row => row.Name == name);

    /// <summary>A float input whose first dimension is the batch.</summary>
    private static OpInput X(params int[] dims) => new(dims) { Batched = true };

    /// <summary>A float input of fixed shape: a weight.</summary>
    private static OpInput W(params int[] dims) => new(dims);

    private static OpInput In(this OpInput input, double low, double high) => input with { Low = low, High = high };

    private static OpInput Away(this OpInput input, params double[] kinks) => input with { Kinks = kinks };

    private static OpInput Apart(this OpInput input) => input with { Distinct = true, Low = -4, High = 4 };

    private static OpInput Ids(this OpInput input, int classes, DType type = DType.Int64) => input with { Type = type, Low = 0, High = classes };

    private static OpInput Truth(this OpInput input) => input with { Type = DType.Bool, Low = 0, High = 2 };

    private static OpInput Given(this OpInput input, params double[] values) => input with { Values = values };

    private static OpInput Still(this OpInput input) => input with { Wanted = false };

    private static int[] Positive(IntList axes, int rank) =>
        axes.Count == 0 ? [.. Enumerable.Range(0, rank)] : [.. axes.Select(axis => axis < 0 ? axis + rank : axis)];
}
