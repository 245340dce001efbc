using OnnxFunctional.Export.Emit;

namespace OnnxFunctional.Export;

/// <summary>Options for exporting an ONNX file and verifying it.</summary>
/// <example><code>
/// model.ExportOnnx("model.onnx", new ExportOptions { Opset = 17, Metadata = new Dictionary&lt;string, string> { ["author"] = "me" } });
/// </code></example>
public sealed record ExportOptions
{
    /// <summary>The oldest operator set that can be written.</summary>
    public const int OldestOpset = EmissionOptions.OldestOpset;

    /// <summary>The newest operator set that can be written.</summary>
    public const int NewestOpset = EmissionOptions.NewestOpset;

    /// <summary>For old hosts: opset 17 and IR version 8, which ONNX Runtime reads since version 1.13.</summary>
    public static ExportOptions Compatible { get; } = new() { Opset = OldestOpset };

    /// <summary>The operator set, 17 to 21; 21 needs ONNX Runtime 1.18 or later.</summary>
    public int Opset { get; init; } = NewestOpset;

    /// <summary>The name of the batch dimension in the file.</summary>
    public string BatchName { get; init; } = "batch";

    /// <summary>
    /// Whether weights are written to a second file, <c>model.onnx.0123456789abcdef.data</c>, which hosts look for beside the first. Weights of 2 GiB and more
    /// always are, because a file of protobuf cannot hold them.
    /// </summary>
    public bool ExternalData { get; init; }

    /// <summary>
    /// Whether only operators of ONNX itself are written, for other hosts than ONNX Runtime. By default, products with weights of 4 or 8 bits are written as
    /// ONNX Runtime's MatMulNBits, which computes in float32; of the standard form, ONNX Runtime makes one that also rounds activations to 8 bits, unless the
    /// session's <c>session.qdq_matmulnbits_accuracy_level</c> is 1, as it is when the file is verified.
    /// </summary>
    public bool StandardOperatorsOnly { get; init; }

    /// <summary>
    /// Whether adapters (<see cref="LayerBase.EnableLora"/>) stay apart; by default they are merged into the weights. Apart, the file has an input for each of
    /// their matrices, zeros by default, so that it computes as before training, and a host gives it adapter files that <see cref="AdapterFile"/> writes.
    /// </summary>
    public bool AdaptersApart { get; init; }

    /// <summary>
    /// Whether the file is run in ONNX Runtime and compared with the engine before it is renamed to its target. That takes at most three times the file's size
    /// of memory; for files above 128 MiB, ONNX Runtime's own memory layout for convolutions is left out of the comparison.
    /// </summary>
    public bool Verify { get; init; } = true;

    /// <summary>Samples to verify with in addition to random inputs: one tensor per input, in order, the batch first.</summary>
    public IReadOnlyList<OnnxValue>? Samples { get; init; }

    /// <summary>Batch sizes to verify with random inputs.</summary>
    public IReadOnlyList<int> BatchSizes { get; init; } = [1, 2, 7];

    /// <summary>
    /// The bytes that comparing layers may take, beside what running the model takes; 1 GiB by default. Layers are compared in groups that fit, and batches are
    /// made smaller where many groups would be needed, which the report says. A single layer is compared in any case.
    /// </summary>
    public long VerificationMemory { get; init; } = 1L << 30;

    /// <summary>
    /// Is told how far a verification is that takes longer than two seconds; by default a line is written to the standard error stream if that is a terminal.
    /// </summary>
    public Action<string>? Progress { get; init; }

    /// <summary>A value may differ from the engine's by this much, plus <see cref="RelativeTolerance"/> times the value.</summary>
    public float AbsoluteTolerance { get; init; } = 1e-4f;

    /// <summary>The accepted difference relative to the value, in addition to <see cref="AbsoluteTolerance"/>.</summary>
    public float RelativeTolerance { get; init; } = 1e-4f;

    /// <summary>The accepted difference relative to the largest value of a layer in a run, in addition.</summary>
    internal float ScaleTolerance { get; init; }

    /// <summary>Entries of the file's metadata, such as author, license, labels. They are written sorted by key.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The most bytes of weights inside the file.</summary>
    internal long MostInside { get; init; } = ExternalWeights.MostInside;

    /// <summary>The options for emission; all options are checked.</summary>
    /// <exception cref="ExportException">An option is out of range.</exception>
    internal EmissionOptions ForEmission()
    {
        if (BatchSizes.Any(size => size < 1)) throw new ExportException($"ExportOptions.BatchSizes has {BatchSizes.Min()}; expected sizes of 1 or more.");
        if (VerificationMemory < 1) throw new ExportException($"ExportOptions.VerificationMemory is {VerificationMemory}; expected 1 byte or more.");
        if (!(AbsoluteTolerance >= 0) || !(RelativeTolerance >= 0))
            throw new ExportException($"The tolerances are {AbsoluteTolerance} and {RelativeTolerance}; expected numbers of 0 or more.");
        return new EmissionOptions
        {
            Opset = Opset,
            BatchName = BatchName,
            Adapters = AdaptersApart ? AdapterForm.Inputs : AdapterForm.Merged,
            IsStandard = StandardOperatorsOnly,
        };
    }
}
