using OnnxFunctional.Export.Emit;

namespace OnnxFunctional.Export;

/// <summary>Options for exporting an ONNX file and verifying it.</summary>
/// <example><code>
/// model.ExportOnnx("model.onnx", new ExportOptions { Target = ExportTarget.OnnxRuntime("1.17"), Logits = true });
/// </code></example>
public sealed record ExportOptions
{
    /// <summary>The oldest operator set that can be written.</summary>
    public const int OldestOpset = EmissionOptions.OldestOpset;

    /// <summary>The newest operator set that can be written.</summary>
    public const int NewestOpset = EmissionOptions.NewestOpset;

    private readonly int? _opset;

    /// <summary>What is to run the file, such as <c>ExportTarget.OnnxRuntime("1.17")</c>; by default any host of the operator set.</summary>
    public ExportTarget? Target { get; init; }

    /// <summary>The operator set, 17 to 21; by default that of the target, else 21, which needs ONNX Runtime 1.18 or later.</summary>
    public int Opset
    {
        get => _opset ?? Target?.Opset ?? NewestOpset;
        init => _opset = value;
    }

    /// <summary>The name of the batch dimension in the file.</summary>
    public string BatchName { get; init; } = "batch";

    /// <summary>
    /// Names of inputs and outputs in the file instead of the model's: <c>new Dictionary&lt;string, string> { ["input_layer"] = "image" }</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Sizes for dimensions that are open otherwise, by their names in the file: <c>new Dictionary&lt;string, int> { ["batch"] = 1, ["text_axis1"] = 128 }</c>
    /// for a file of one text of 128 tokens.
    /// </summary>
    public IReadOnlyDictionary<string, int> Sizes { get; init; } = new Dictionary<string, int>();

    /// <summary>Whether inputs of images are (batch, channels, height, width), as other programs have them, and not channels-last as in the model.</summary>
    public bool ChannelsFirst { get; init; }

    /// <summary>Images as bytes, which the file scales, and resizes if asked; by default it takes the model's numbers.</summary>
    public ImageInput? Images { get; init; }

    /// <summary>Whether softmax and sigmoid at the end of outputs are left out, so that the file gives what they are computed from.</summary>
    public bool Logits { get; init; }

    /// <summary>Paths of layers whose outputs the file gives too, under these names; those of the report's rows.</summary>
    public IReadOnlyList<string> ExtraOutputs { get; init; } = [];

    /// <summary>The class of each sample as further outputs; by default the file gives the model's outputs only.</summary>
    public ClassOutput? Classes { get; init; }

    /// <summary>
    /// Whether LSTM, GRU and SimpleRNN layers take their states from inputs and give them as outputs, so that a host can pass a sequence on in parts: what
    /// <c>lstm/next_state</c> gave goes to <c>lstm/initial_state</c>; zeros begin a sequence.
    /// </summary>
    public bool RecurrentStates { get; init; }

    /// <summary>
    /// Whether a BatchNormalization is computed into the weights of the convolution or Dense before it; by default it is a node. The file then has no
    /// architecture.
    /// </summary>
    public bool FoldBatchNormalization { get; init; }

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
    /// Whether a sum and the LayerNormalization that reads it, as in transformers, are written as ONNX Runtime's SkipLayerNormalization. By default they are
    /// two operators of ONNX, of which ONNX Runtime itself makes one when it opens the file; other hosts know only those.
    /// </summary>
    public bool SkipLayerNormalization { get; init; }

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
    /// Further sizes of dimensions that are open, such as the steps of a sequence, to verify with random inputs; those that no layer refuses are used.
    /// </summary>
    public IReadOnlyList<int> Lengths { get; init; } = [1, 17];

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

    /// <summary>The accepted difference, relative to the largest value of a layer in a run, where rounding is found to decide about the layer.</summary>
    internal float StepTolerance { get; init; }

    /// <summary>Entries of the file's metadata, such as author, license, labels. They are written sorted by key.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The most bytes of weights inside the file.</summary>
    internal long MostInside { get; init; } = ExternalWeights.MostInside;

    /// <summary>The options for emission; all options are checked.</summary>
    /// <exception cref="ExportException">An option is out of range.</exception>
    internal EmissionOptions ForEmission()
    {
        if (BatchSizes.Any(size => size < 1)) throw new ExportException($"ExportOptions.BatchSizes has {BatchSizes.Min()}; expected sizes of 1 or more.");
        if (Lengths.Any(length => length < 1)) throw new ExportException($"ExportOptions.Lengths has {Lengths.Min()}; expected lengths of 1 or more.");
        if (VerificationMemory < 1) throw new ExportException($"ExportOptions.VerificationMemory is {VerificationMemory}; expected 1 byte or more.");
        if (!(AbsoluteTolerance >= 0) || !(RelativeTolerance >= 0))
            throw new ExportException($"The tolerances are {AbsoluteTolerance} and {RelativeTolerance}; expected numbers of 0 or more.");
        var options = new EmissionOptions
        {
            Opset = Opset,
            BatchName = BatchName,
            Adapters = AdaptersApart ? AdapterForm.Inputs : AdapterForm.Merged,
            IsStandard = StandardOperatorsOnly,
            FusesSkips = SkipLayerNormalization,
            Target = Target,
        };
        if (!SkipLayerNormalization) return options;
        if (StandardOperatorsOnly)
            throw new ExportException("ExportOptions.SkipLayerNormalization is ONNX Runtime's own, and StandardOperatorsOnly excludes that; leave one out.");
        return options.HasContrib ? options : throw new ExportException(
            $"ExportOptions.SkipLayerNormalization is written for today's ONNX Runtime on CPUs and in browsers, but the target is {Target}; leave it out.");
    }

    /// <summary>What to leave out for a file of the model's own graph.</summary>
    internal const string OwnGraph =
        "Leave Names, Sizes, ChannelsFirst, Images, Logits, ExtraOutputs, Classes, RecurrentStates and FoldBatchNormalization out of ExportOptions.";

    /// <summary>Whether the file holds another graph than the model's own.</summary>
    internal bool ChangesGraph => Names.Count > 0 || Sizes.Count > 0 || ChannelsFirst || Images is not null || Logits || ExtraOutputs.Count > 0
        || Classes is not null || RecurrentStates || FoldBatchNormalization;
}
