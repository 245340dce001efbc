using System.Text.Json.Nodes;

namespace OnnxFunctional.Export.Verify;

/// <summary>The result of a verification that passed.</summary>
/// <param name="Layers">One row per layer, then one per output.</param>
/// <param name="Reduced">What was compared on fewer samples than asked for, and why; null if all was compared as asked for.</param>
internal sealed record Verification(IReadOnlyList<LayerDifference> Layers, string? Reduced)
{
    /// <summary>The key of the summary in the metadata of a file.</summary>
    public const string Key = "onnxfunctional.verification";

    /// <summary>
    /// What was compared, as an entry of metadata: nothing that differs from run to run or machine to machine, such as the differences found.
    /// </summary>
    public IReadOnlyList<(string Key, string Value)> Entries { get; private init; } = [];

    /// <summary>The same with a summary.</summary>
    /// <param name="runtime">The version of ONNX Runtime.</param>
    /// <param name="batches">What was compared: batch sizes, lengths, samples.</param>
    /// <param name="options">The tolerances.</param>
    public Verification Summarized(string runtime, IEnumerable<string> batches, ExportOptions options) => this with
    {
        Entries =
        [
            (Key, new JsonObject
            {
                ["onnxruntime"] = runtime,
                ["provider"] = ExecutionProvider.Cpu.ToString(),
                ["values"] = Layers.Count,
                ["inputs"] = new JsonArray([.. batches.Select(batch => (JsonNode?)batch)]),
                ["optimizations"] = new JsonArray("off", "on"),
                ["absoluteTolerance"] = options.AbsoluteTolerance,
                ["relativeTolerance"] = options.RelativeTolerance,
            }.ToJsonString()),
        ],
    };
}
