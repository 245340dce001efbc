namespace OnnxFunctional.Export;

/// <summary>How far ONNX Runtime rewrites a graph before running it.</summary>
public enum GraphOptimization
{
    /// <summary>Every node runs as it is written in the file.</summary>
    None,

    /// <summary>Constant folding and rewrites that hold on any device.</summary>
    Basic,

    /// <summary>Basic, and fusions for the chosen device.</summary>
    Extended,

    /// <summary>Everything, changes of the memory layout included: ONNX Runtime's own default.</summary>
    All,
}

/// <summary>How <see cref="OnnxModel"/> loads and runs a file.</summary>
public sealed record OnnxModelOptions
{
    /// <summary>Threads a single operator may use; 0 leaves the number to ONNX Runtime (one a core).</summary>
    public int IntraOpThreads { get; init; }

    /// <summary>How far the graph is optimized; <see cref="GraphOptimization.All"/> unless set.</summary>
    public GraphOptimization Optimization { get; init; } = GraphOptimization.All;

    /// <summary>What a file may contain before it is refused; the defaults fit any model that fits in memory.</summary>
    public OnnxFileLimits Limits { get; init; } = new();

    /// <summary>The folder of the weights of a model loaded from bytes; without it such a model may not refer to other files. For a file it is the file's own folder.</summary>
    public string? ExternalDataFolder { get; init; }
}
