namespace OnnxFunctional.Export;

/// <summary>How far ONNX Runtime rewrites a graph before running it.</summary>
public enum GraphOptimization
{
    /// <summary>No rewriting: every node runs as it is in the file.</summary>
    None,

    /// <summary>Constant folding and rewrites that hold on any device.</summary>
    Basic,

    /// <summary>Basic, plus fusions for the chosen device.</summary>
    Extended,

    /// <summary>Everything, including changes of the memory layout: ONNX Runtime's default.</summary>
    All,
}

/// <summary>Options for loading and running a file with <see cref="OnnxModel"/>.</summary>
public sealed record OnnxModelOptions
{
    /// <summary>Threads that a single operator may use; 0 leaves the number to ONNX Runtime (one per core).</summary>
    public int IntraOpThreads { get; init; }

    /// <summary>
    /// Whether the session's threads go on spinning after a run, in wait for the next one; false by default. True makes single rows faster where nothing else
    /// computes on the machine's cores (a small network: 0.023 instead of 0.039 ms), and slows down everything that does, the engine above all.
    /// </summary>
    public bool SpinBetweenRuns { get; init; }

    /// <summary>How far the graph is optimized; <see cref="GraphOptimization.All"/> by default.</summary>
    public GraphOptimization Optimization { get; init; } = GraphOptimization.All;

    /// <summary>
    /// Whether products and convolutions on CUDA may round their operands to 10 bits (TF32), which is faster on cards since Ampere and leaves about three
    /// digits of their results; false by default, so that a card computes in float32 as the processor does.
    /// </summary>
    public bool TensorFloat32 { get; init; }

    /// <summary>Limits beyond which a file is refused; the defaults accept any model that fits in memory.</summary>
    public OnnxFileLimits Limits { get; init; } = new();

    /// <summary>
    /// The folder of external weights for a model loaded from bytes; without it such a model must not refer to other files. For a file it is the file's folder.
    /// </summary>
    public string? ExternalDataFolder { get; init; }

    /// <summary>The adapter file that runs are made with, for a model exported with <see cref="ExportOptions.AdaptersApart"/>; by default none.</summary>
    public string? Adapter { get; init; }

    /// <summary>The content of the adapter file; null without.</summary>
    internal byte[]? AdapterBytes { get; init; }

    /// <summary>Whether weights are kept once, as they are stored, instead of also in the order of each kernel.</summary>
    internal bool IsLean { get; init; }

    /// <summary>Whether the session keeps memory of a run for the next one, in blocks that double.</summary>
    internal bool KeepsMemory { get; init; } = true;

    /// <summary>Whether products with weights of 4 and 8 bits compute in float32, as their nodes say.</summary>
    internal bool ComputesAsWritten { get; init; }

    /// <summary>Optimizers of ONNX Runtime that are left out, separated by semicolons.</summary>
    internal string LeftOut { get; init; } = "";

    /// <summary>Whether the session plans which values share a buffer, in time quadratic in the number of values of unknown size.</summary>
    internal bool PlansMemory { get; init; } = true;
}
