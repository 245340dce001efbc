namespace OnnxFunctional.Training.Engine;

/// <summary>What the planner made of a graph, for profiles.</summary>
internal sealed class PlanTrace
{
    /// <summary>The value that stands for each value of the graph.</summary>
    public IReadOnlyDictionary<Value, Value> Simplified { get; private set; } = new Dictionary<Value, Value>();

    /// <summary>The kernels in the order in which they run.</summary>
    public IReadOnlyList<TracedKernel> Kernels { get; private set; } = [];

    public void Set(IReadOnlyDictionary<Value, Value> simplified, IReadOnlyList<TracedKernel> kernels) => (Simplified, Kernels) = (simplified, kernels);
}

/// <summary>A kernel of a plan.</summary>
/// <param name="Nodes">The nodes that it computes; none if it copies a weight.</param>
/// <param name="Bytes">The sizes of the values that it reads and of those that it writes, each once.</param>
internal sealed record TracedKernel(IReadOnlyList<Node> Nodes, double Bytes);
