namespace OnnxFunctional.Operators;

/// <summary>One source of random numbers in a graph. Its place among the sources of a training graph, in graph order, picks its stream; a given seed overrides the trainer's.</summary>
internal sealed class RandomStream(ulong? seed = null)
{
    public ulong? Seed { get; } = seed;
}

/// <summary>An operator that draws random numbers: it is neither computed ahead nor merged with an equal one, and its stream gets a number.</summary>
/// <remarks>All other operators are functions of their inputs.</remarks>
internal interface IRandomOp
{
    RandomStream Stream { get; }
}

/// <summary>Random numbers of the shape of the input, anew in every step: a function of seed, stream, step and element.</summary>
internal abstract record RandomOp(RandomStream Stream) : Op, IRandomOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0] with { Type = DType.Float32 }];

    public override bool ReadsOnlyShapeOf(int input) => true;

    public override bool IsElementwise => true;
}

/// <summary>Evenly from <c>Low</c> (inclusive) to <c>High</c> (exclusive).</summary>
internal sealed record RandomUniform(RandomStream Stream, float Low, float High) : RandomOp(Stream);

/// <summary>From the normal distribution.</summary>
internal sealed record RandomNormal(RandomStream Stream, float Mean, float Deviation) : RandomOp(Stream);

/// <summary>Each element kept with probability <c>1 - Rate</c> and then divided by it. Its gradient is itself: the same numbers are drawn again, so no mask is stored.</summary>
/// <param name="Stream">Where the numbers come from.</param>
/// <param name="Rate">The share of elements set to zero.</param>
/// <param name="SharedAxes">Axes along which one decision holds for all positions.</param>
internal sealed record Dropout(RandomStream Stream, float Rate, IntList SharedAxes) : UnaryOp, IRandomOp;
