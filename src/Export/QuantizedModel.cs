using System.Globalization;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Quantizing;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>
/// A model in which integers stand for weights, and for activations: predicts as its file does, and writes it. <c>model.Quantize</c> makes it; later
/// changes of the model's weights do not change it. Prints as a table.
/// </summary>
public sealed class QuantizedModel : ReducedPrecisionModel
{
    // The first with int4 and scales for blocks.
    private const int Int4Opset = 21;

    // Of a range of 256 integers, to which activations are rounded.
    private const float StepOfUInt8 = 1f / byte.MaxValue;

    private readonly QuantizedGraph _graph;
    private readonly string _description;

    internal QuantizedModel(
        Model model,
        QuantizedGraph graph,
        QuantizationKind kind,
        IReadOnlyList<QuantizedLayer> layers,
        double error,
        string description,
        (double Before, double After)? scores)
        : base(model, graph.Outputs, scores) => (_graph, Kind, Layers, Error, _description) = (graph, kind, layers, error, description);

    /// <summary>What became integers.</summary>
    public QuantizationKind Kind { get; }

    /// <summary>All convolutions, products with weights and tables that can be quantized, in the order in which they are computed.</summary>
    public IReadOnlyList<QuantizedLayer> Layers { get; }

    /// <summary>The energy of the error of all outputs, as a share of the energy of the outputs, on calibration data.</summary>
    public double Error { get; }

    /// <summary>
    /// Writes the file and verifies it: ONNX Runtime's results equal the engine's with the same integers. Where a sum falls on the other side of a rounding, a
    /// layer may differ by a 255th of its largest number. Only a verified file is renamed to its target.
    /// </summary>
    /// <param name="path">The file; an older file of that name is replaced.</param>
    /// <param name="options">Opset, verification, metadata.</param>
    /// <returns>The file and the differences per layer; prints as a table.</returns>
    /// <exception cref="ExportException">ONNX cannot express the model, ONNX Runtime differs from the engine, or the file cannot be written.</exception>
    public override ExportReport ExportOnnx(string path, ExportOptions? options = null)
    {
        options ??= new();
        if (Kind == QuantizationKind.WeightOnlyInt4 && options.Opset < Int4Opset)
        {
            throw new ExportException(
                $"Opset {options.Opset} has no int4; leave ExportOptions.Opset at {Int4Opset}, or choose {nameof(QuantizationKind.WeightOnlyInt8)}.");
        }

        using var held = WeightGate.Hold(Original.Weights);
        return MemoryShortage.Guard($"to export '{path}'", Original, () =>
        {
            var emitted = OnnxEmitter.Emit(Original, OnnxExporter.Form(Original, options, _graph.Map));
            OnnxExporter.AddMetadata(emitted, options, [(OnnxFile.QuantizationKey, _description)]);
            return OnnxExporter.Write(emitted, path, options with { StepTolerance = ComputesInIntegers ? StepOfUInt8 : 0 });
        });
    }

    private bool ComputesInIntegers => Kind is QuantizationKind.StaticInt8 or QuantizationKind.DynamicInt8;

    /// <summary>A row for each layer.</summary>
    public override string ToString()
    {
        string[] header = ["Layer", "Operator", "Weights", "Error alone", "Form"];
        var rows = Layers.Select(layer => (string[])
        [
            layer.Layer, layer.Operator, layer.Weights.ToString("N0", CultureInfo.InvariantCulture),
            layer.Error.ToString("0.0e+00", CultureInfo.InvariantCulture), layer.Form,
        ]);
        var quantized = Layers.Count(layer => layer.IsQuantized);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{quantized} of {Layers.Count} layers are quantized; the error of all outputs has {Error:0.0e+00} of their energy.");
        return string.Join(Environment.NewLine, TextTable.Lines([header, .. rows], column => column is 2 or 3).Append(text + Scores));
    }
}
