using System.Globalization;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Halving;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>
/// A model whose weights, and for <see cref="HalfKind.Float16"/> whose results, have 16 bits: predicts as its file does on a GPU, and writes it.
/// <c>model.ToHalf</c> makes it; later changes of the model's weights do not change it. Prints as a table.
/// </summary>
public sealed class HalfModel : ReducedPrecisionModel
{
    // ONNX Runtime rounds to float16 where it stores numbers in it, the engine each result. In units of the last place of the largest number of a layer.
    private const float Units = 16;
    private const float UnitOfFloat16 = 1f / 2048;

    private readonly HalfGraph _graph;
    private readonly HalfOptions _options;

    internal HalfModel(
        Model model, HalfGraph graph, HalfOptions options, IReadOnlyList<HalfLayer> layers, double? error, (double Before, double After)? scores)
        : base(model, graph.Outputs, scores) => (_graph, _options, Layers, Error) = (graph, options, layers, error);

    /// <summary>All layers that compute with numbers of floating point or have weights, in the order in which they are computed.</summary>
    public IReadOnlyList<HalfLayer> Layers { get; }

    /// <summary>The energy of the error of all outputs, as a share of the energy of the outputs, on calibration data; null without.</summary>
    public double? Error { get; }

    /// <summary>
    /// Writes the file and verifies it in ONNX Runtime. For weights of 16 bits, results equal the engine's as those of any export. Computed in float16, they
    /// may differ by 1/128 of the largest number of a layer, or by what rounding explains: the CPU provider computes most operators in float32 and rounds
    /// less often than the engine, which rounds each result as a GPU does. Only a verified file is renamed to its target.
    /// </summary>
    /// <param name="path">The file; an older file of that name is replaced.</param>
    /// <param name="options">Opset, verification, metadata.</param>
    /// <returns>The file and the differences per layer; prints as a table.</returns>
    /// <exception cref="ExportException">ONNX cannot express the model, ONNX Runtime differs from the engine, or the file cannot be written.</exception>
    public override ExportReport ExportOnnx(string path, ExportOptions? options = null)
    {
        options ??= new();
        using var held = WeightGate.Hold(Original.Weights);
        return MemoryShortage.Guard($"to export '{path}'", Original, () => OnnxExporter.Write(Emit(options), path, ForVerification(options)));
    }

    /// <summary>The file's content.</summary>
    internal EmittedModel Emit(ExportOptions options)
    {
        if (options.AdaptersApart)
            throw new ExportException("The weights of a model of 16 bits have their adapters added. Leave ExportOptions.AdaptersApart as it is.");
        if (options.ChangesGraph) throw new ExportException("A file of 16 bits has the model's own graph. " + ExportOptions.OwnGraph);
        var emitted = OnnxEmitter.Emit(Original, options.ForEmission() with { Replaced = _graph.Written, Computed = _graph.Computed });
        OnnxExporter.AddMetadata(emitted, options, [(OnnxFile.QuantizationKey, $"{Word}, {Layers.Count(layer => layer.IsHalf)} of {Layers.Count} layers")]);
        return emitted;
    }

    /// <summary>The options with the tolerance of float16.</summary>
    internal ExportOptions ForVerification(ExportOptions options) =>
        options with { ScaleTolerance = _options.Kind == HalfKind.Float16 ? Units * UnitOfFloat16 : 0 };

    /// <summary>A row for each layer.</summary>
    public override string ToString()
    {
        string[] header = ["Layer", "Weights", "Largest", "Error alone", "Type", "Because of"];
        var rows = Layers.Select(layer => (string[])
        [
            layer.Layer,
            layer.Weights.ToString("N0", CultureInfo.InvariantCulture),
            layer.Largest.ToString("G4", CultureInfo.InvariantCulture),
            layer.Error?.ToString("0.0e+00", CultureInfo.InvariantCulture) ?? "",
            layer.IsHalf ? Word : "float32",
            layer.Reason ?? "",
        ]);
        var text = $"{Layers.Count(layer => layer.IsHalf)} of {Layers.Count} layers have {Word}";
        if (Error is { } error) text += string.Create(CultureInfo.InvariantCulture, $"; the error of all outputs has {error:0.0e+00} of their energy");
        text += ".";
        return string.Join(Environment.NewLine, TextTable.Lines([header, .. rows], column => column is 1 or 2 or 3).Append(text + Scores));
    }

    private string Word => _options.Kind switch
    {
        HalfKind.Float16 => "float16",
        HalfKind.WeightOnlyFloat16 => "float16 weights",
        _ => "bfloat16 weights",
    };
}
