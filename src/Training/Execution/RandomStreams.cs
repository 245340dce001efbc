using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Execution;

/// <summary>The random streams of a graph and their numbers.</summary>
/// <remarks>Planner and exporter number the same graph here, so a file draws what the engine draws.</remarks>
internal sealed class RandomStreams
{
    private readonly Dictionary<RandomStream, uint> _numbers = [];
    private readonly ulong _seed;

    private RandomStreams(ulong seed) => _seed = seed;

    /// <summary>Whether a stream follows the graph's seed rather than one of its own.</summary>
    public bool AnyReadsSeed => _numbers.Keys.Any(stream => stream.Seed is null);

    /// <summary>Numbers the streams of a graph from zero, in graph order; a stream that several nodes draw from is counted once.</summary>
    /// <param name="graph">A graph as it was built, before the planner simplifies it.</param>
    /// <param name="seed">The seed of streams without a seed of their own.</param>
    /// <param name="original">A graph whose streams are numbered first.</param>
    public static RandomStreams Of(Graph graph, ulong seed, Graph? original = null)
    {
        var streams = new RandomStreams(seed);
        foreach (var node in original is null ? graph.Nodes : original.Nodes.Concat(graph.Nodes))
        {
            if (node.Op is IRandomOp { Stream: var stream }) streams._numbers.TryAdd(stream, (uint)streams._numbers.Count);
        }

        return streams;
    }

    public ulong SeedOf(RandomStream stream) => stream.Seed ?? _seed;

    public uint NumberOf(RandomStream stream) => _numbers[stream];
}
