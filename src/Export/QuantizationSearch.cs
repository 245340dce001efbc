using System.Globalization;
using OnnxFunctional.Export.Quantizing;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>Looks for the layers that can be integers: all, or with a gate as many as the score allows.</summary>
internal sealed class QuantizationSearch
{
    private readonly Model _model;
    private readonly QuantizationOptions _options;
    private readonly QuantizationGate? _gate;
    private readonly FoldedGraph _folded;
    private readonly QuantizedValues _values;
    private readonly Dictionary<Value, Quantum> _quanta;
    private readonly QuantizedWeights _weights;
    private readonly OutputReference _reference;
    private readonly BiasCorrection? _correction;

    public QuantizationSearch(Model model, NDArrays calibration, QuantizationOptions options, QuantizationGate? gate)
    {
        (_model, _options, _gate) = (model, options, gate);
        _folded = new FoldedGraph(model);
        _values = ValuesOf(_folded, options);
        _reference = new OutputReference(model, _folded.Graph, calibration, options.BatchSize);
        if (options.Equalize)
        {
            _folded = Equalization.Of(_folded, _values.Products, calibration, options);
            _values = ValuesOf(_folded, options);
        }

        var steps = new Dictionary<QuantizedProduct, float>();
        _quanta = [];
        if (options.Kind == QuantizationKind.StaticInt8)
        {
            _quanta = Calibration.Run(_folded, _values, _values.Stored(_values.Products), calibration, options);
            foreach (var product in _values.Products.Where(product => !product.IsTable)) steps[product] = _quanta[_values.Group(product.Input)].Scale;
        }

        _weights = new QuantizedWeights(_folded.Numbers(), steps, new InputStatistics(_folded, _values.Products, calibration, options), options);
        if (options.CorrectBias) _correction = new BiasCorrection(_folded, _values.Products, calibration, options.BatchSize);
    }

    /// <summary>With the scales that training has learned.</summary>
    public QuantizationSearch(RoundingLayer trained, NDArrays calibration, QuantizationGate? gate)
    {
        (_model, _options, _gate, _folded, _values) = (trained.Original, trained.Options, gate, trained.Folded, trained.Values);
        _reference = new OutputReference(_model, _folded.Graph, calibration, _options.BatchSize);
        (_quanta, var scales) = trained.Learned();
        _weights = new QuantizedWeights(_folded.Numbers(), scales, _options);
    }

    public QuantizedModel Result()
    {
        var candidates = Candidates(_values, _options).ToList();
        var errors = candidates.ToDictionary(product => product, product => ErrorOf(Graph([product])));
        var before = _gate is null ? 0 : _gate.ScoreOf(_model.PredictAll(_gate.X, _options.BatchSize));
        var rest = new List<QuantizedProduct>(candidates);
        while (true)
        {
            var graph = Graph(rest);
            var after = _gate is null ? 0 : _gate.ScoreOf(_reference.OutputsOf(graph.Outputs, _gate.X));
            var made = new QuantizedModel(
                _model,
                graph,
                _options.Kind,
                [
                    .. _values.Products.Select(product => new QuantizedLayer(
                        product.Layer,
                        product.Node.Op.Name,
                        product.Weights.Spec.Shape.ElementCount,
                        errors.TryGetValue(product, out var error) ? error : ErrorOf(Graph([product])),
                        rest.Contains(product) ? FormOf(product) : "float32")),
                ],
                ErrorOf(graph),
                Description(rest.Count),
                _gate is null ? null : (before, after));
            if (_gate is null || _gate.Allows(before, after)) return made;
            if (rest.Count == 1)
            {
                throw new ExportException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The score falls from {before:G6} to {after:G6} even with one layer quantized; at most {_gate.MaxDrop:G4} is allowed. Calibrate on data "
                    + $"like that of the score, try another CalibrationMethod, or allow a larger MaxDrop.{Environment.NewLine}{made}"));
            }

            rest.Remove(rest.MaxBy(product => errors[product])!);
        }
    }

    private QuantizedGraph Graph(IReadOnlyCollection<QuantizedProduct> products)
    {
        QuantizedGraph With(IReadOnlyDictionary<QuantizedProduct, float[]> biases) =>
            new(_folded, _values, products, _quanta, _weights, biases, _options.Kind);
        return With(_correction?.Of(products, _weights.Numbers, With) ?? []);
    }

    private double ErrorOf(QuantizedGraph graph) => _reference.ErrorOf(graph.Outputs);

    private string Description(int layers) =>
        $"{Word(_options.Kind)}, {layers} of {_values.Products.Count} layers"
        + (_options.Kind == QuantizationKind.StaticInt8 ? $", {_options.Method}" : "")
        + (_options.PerChannel ? ", per channel" : ", per tensor")
        + (_options.Kind == QuantizationKind.WeightOnlyInt4 ? $", blocks of {_options.BlockSize}" : "")
        + (_options.ReduceRange ? ", weights of 7 bits" : "")
        + (_options.Rounding == WeightRounding.Gptq ? ", GPTQ" : "")
        + (_options.Equalize ? ", equalized" : "")
        + (_options.CorrectBias ? ", biases corrected" : "");

    private static string Word(QuantizationKind kind) => kind switch
    {
        QuantizationKind.StaticInt8 => "static int8",
        QuantizationKind.DynamicInt8 => "dynamic int8",
        QuantizationKind.WeightOnlyInt8 => "weights of int8",
        QuantizationKind.WeightOnlyInt4 => "weights of int4",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "A kind without a word."),
    };

    private string FormOf(QuantizedProduct product) => _options.Kind switch
    {
        _ when product.IsTable => "int8 rows",
        QuantizationKind.StaticInt8 or QuantizationKind.DynamicInt8 => "int8",
        QuantizationKind.WeightOnlyInt4 when product.IsMatrix => "int4 weights",
        _ => "int8 weights",
    };

    public static QuantizedValues ValuesOf(FoldedGraph folded, QuantizationOptions options)
    {
        var values = new QuantizedValues(folded, options.Kind);
        if (values.Products.Count > 0) return values;
        var convolution = options.Kind == QuantizationKind.DynamicInt8 ? "" : "convolution and no ";
        throw new ExportException($"Model '{folded.Model.Name}' has no {convolution}product with weights, so there is nothing to quantize.");
    }

    /// <summary>The products that the options do not keep in float32.</summary>
    public static IEnumerable<QuantizedProduct> Candidates(QuantizedValues values, QuantizationOptions options)
    {
        string[] layers = [.. values.Products.Select(product => product.Layer)];
        var kept = KeptLayers.Of(options.KeepFloat, layers, "QuantizationOptions.KeepFloat");
        if (values.Products.All(product => kept.Contains(product.Layer)))
            throw new ExportException("QuantizationOptions.KeepFloat keeps all layers in float32, so there is nothing to quantize.");
        return values.Products.Where(product => !kept.Contains(product.Layer));
    }
}
