namespace OnnxFunctional.Training;

/// <summary>A loss of a batch, or of a part of one.</summary>
/// <param name="Value">Its value.</param>
internal sealed record LossTerm(SymbolicTensor Value)
{
    /// <summary>Whether it is a sum over samples, so that those of parts are added as they are.</summary>
    public bool IsSum { get; init; }

    /// <summary>What the sum over samples was divided by, where that is not in proportion to their number; null if it is.</summary>
    public Func<SymbolicTensor>? Divisor { get; init; }
}
