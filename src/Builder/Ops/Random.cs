namespace OnnxFunctional.Operators;

/// <summary>
/// A stream of random numbers. Its number in a graph is its place among the streams in graph order; a seed of its own replaces the trainer's.
/// </summary>
internal sealed class RandomStream(int? seed = null)
{
    public ulong? Seed { get; } = unchecked((ulong?)seed);
}

/// <summary>An operator that draws random numbers. It is neither folded into a constant nor merged with an equal one, and its stream gets a number.</summary>
/// <remarks>All other operators are pure functions of their inputs.</remarks>
internal interface IRandomOp
{
    RandomStream Stream { get; }
}

/// <summary>Random numbers of the shape of the input, new in every step: a function of seed, stream, step and element.</summary>
internal abstract record RandomOp(RandomStream Stream) : Op, IRandomOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0] with { Type = DType.Float32 }];

    public override bool ReadsOnlyShapeOf(int input) => true;

    public override bool IsElementwise => true;
}

/// <summary>Uniform from <c>Low</c> (inclusive) to <c>High</c> (exclusive).</summary>
internal sealed record RandomUniform(RandomStream Stream, float Low, float High) : RandomOp(Stream);

/// <summary>Normally distributed.</summary>
internal sealed record RandomNormal(RandomStream Stream, float Mean, float Deviation) : RandomOp(Stream);

/// <summary>
/// Keeps each element with probability <c>1 - Rate</c> and divides it by that. The gradient applies the operator again: it draws the same numbers, so no mask
/// is stored.
/// </summary>
/// <param name="Stream">The stream of random numbers.</param>
/// <param name="Rate">The fraction of elements that are set to zero.</param>
/// <param name="SharedAxes">Axes along which all positions share one decision.</param>
internal sealed record Dropout(RandomStream Stream, float Rate, IntList SharedAxes) : UnaryOp, IRandomOp;
