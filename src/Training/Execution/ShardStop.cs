namespace OnnxFunctional.Training.Execution;

/// <summary>A place in a plan where a run stops, and whoever runs it writes the sum of a value over all shards of the batch.</summary>
/// <param name="input">The value of this shard.</param>
/// <param name="output">Receives the sum.</param>
internal sealed class ShardStop(ValueBuffer input, ValueBuffer output) : Kernel
{
    /// <summary>The value of this shard.</summary>
    public Span<float> Own => input.Floats;

    /// <summary>Receives the sum over all shards.</summary>
    public Span<float> Sum => output.Floats;

    public override void Run(in RunContext context) => throw new InvalidOperationException("A plan that stops is run part by part.");
}
