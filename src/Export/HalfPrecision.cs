using System.ComponentModel;
using System.Globalization;
using OnnxFunctional.Export.Halving;
using OnnxFunctional.Export.Quantizing;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>Makes models of 16-bit floating point, whose files are half as large.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class HalfPrecision
{
    /// <summary>
    /// Rounds the model's weights and computation to float16, or its weights alone to float16 or bfloat16. Layers stay float32 that calibration data shows to
    /// leave float16's range. Then further ones do, one by one, those that alone cost most first, until the error of the outputs and, with a gate, the score
    /// are good enough.
    /// </summary>
    /// <param name="model">The model, also one opened from a file of another program; it is not changed.</param>
    /// <param name="calibration">
    /// Typical data of the inputs: 100 to 1000 samples. By default that of the gate; without either, only weights that float16 cannot hold stay float32.
    /// </param>
    /// <param name="options">What becomes 16 bits, and which layers do not.</param>
    /// <param name="gate">What it may cost.</param>
    /// <exception cref="ExportException">
    /// No layer is left to be stored in 16 bits, an option is out of range, a name to keep is unknown, the model's outputs for the data are not finite, or too
    /// much is lost with all layers in float32 but one: the message has the table.
    /// </exception>
    /// <exception cref="ModelException">The data does not fit the inputs, or there is no sample.</exception>
    /// <example><code>
    /// var half = model.ToHalf(x);
    /// Console.WriteLine(half);
    /// half.ExportOnnx("float16.onnx");
    /// </code></example>
    public static HalfModel ToHalf(this Model model, NDArrays? calibration = null, HalfOptions? options = null, QuantizationGate? gate = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new();
        options.Check();
        gate?.Check();
        using var held = WeightGate.Hold(model.Weights);
        return new Run(model, calibration ?? gate?.X, options, gate).Result();
    }

    private sealed class Run
    {
        private readonly Model _model;
        private readonly HalfOptions _options;
        private readonly QuantizationGate? _gate;
        private readonly InferenceGraph _source;
        private readonly HalfRules _rules;
        private readonly HalfConstants _constants;
        private readonly IReadOnlyList<HalfMeasure> _layers;
        private readonly OutputReference? _reference;
        private readonly Dictionary<string, double> _costs = [];

        public Run(Model model, NDArrays? calibration, HalfOptions options, QuantizationGate? gate)
        {
            (_model, _options, _gate) = (model, options, gate);
            _source = new InferenceGraph(model);
            _rules = new HalfRules(_source.Graph, options.Type);
            _constants = new HalfConstants(_source, options.Type);
            var measures = new HalfMeasures(_source, _constants, _rules, options);
            _layers = measures.Layers;
            if (_layers.Count == 0)
                throw new ExportException($"Model '{model.Name}' has no layer that computes with numbers of floating point or has weights.");
            if (calibration is null) return;
            measures.Run(calibration);
            _reference = new OutputReference(model, _source.Graph, calibration, options.BatchSize);
        }

        public HalfModel Result()
        {
            var kept = Kept();
            var before = _gate is null ? 0 : _gate.ScoreOf(_model.PredictAll(_gate.X, _options.BatchSize));
            while (true)
            {
                var rest = _layers.Where(layer => !kept.ContainsKey(layer.Layer)).ToList();
                if (rest.Count == 0) throw new ExportException("All layers stay float32, so nothing would have 16 bits. Name fewer in HalfOptions.KeepFloat.");
                var graph = Graph(kept.Keys);
                var error = ErrorOf(graph);
                var after = _gate is null ? 0 : _gate.ScoreOf(GraphRun.All(_model, _source.Inputs, graph.Outputs, _gate.X, _options.BatchSize));
                var made = new HalfModel(_model, graph, _options, Rows(graph, kept), error, _gate is null ? null : (before, after));
                var isExact = error is null || error <= _options.MostError;
                if (isExact && (_gate is null || _gate.Allows(before, after))) return made;
                if (rest.Count == 1)
                {
                    var why = isExact
                        ? Text($"the score falls from {before:G6} to {after:G6}; at most {_gate!.MaxDrop:G4} is allowed")
                        : Text($"the error has {error:0.0e+00} of the outputs' energy; at most {_options.MostError:G4} is allowed");
                    throw new ExportException($"With one layer in 16 bits alone, {why}. Allow more, or keep the model in float32.{Environment.NewLine}{made}");
                }

                kept.Add(rest.MaxBy(layer => CostOf(layer.Layer))!.Layer, isExact ? "score" : "error");
            }
        }

        private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

        private HalfGraph Graph(IEnumerable<string> kept) => new(_source, _constants, _rules, _options, kept.ToHashSet());

        /// <summary>The error of the outputs if one layer alone has 16 bits: a plan and a run of its own.</summary>
        private double CostOf(string layer)
        {
            if (_reference is null) return 0;
            if (!_costs.TryGetValue(layer, out var cost))
                _costs.Add(layer, cost = ErrorOf(Graph(_layers.Select(other => other.Layer).Where(other => other != layer)))!.Value);
            return cost;
        }

        /// <summary>The layers that stay float32 in any case, and why.</summary>
        private Dictionary<string, string> Kept()
        {
            string[] layers = [.. _layers.Select(layer => layer.Layer)];
            var kept = KeptLayers.Of(_options.KeepFloat, layers, "HalfOptions.KeepFloat").ToDictionary(layer => layer, _ => "asked for");
            foreach (var layer in _layers.Where(layer => layer.Overflows)) kept.TryAdd(layer.Layer, "overflow");
            return kept;
        }

        private HalfLayer[] Rows(HalfGraph graph, Dictionary<string, string> kept) =>
        [
            .. _layers.Select(layer => new HalfLayer(
                layer.Layer,
                layer.Weights,
                layer.Largest,
                layer.IsMeasured ? layer.Error : null,
                graph.Layers.Contains(layer.Layer),
                kept.GetValueOrDefault(layer.Layer))),
        ];

        private double? ErrorOf(HalfGraph graph) => _reference?.ErrorOf(graph.Outputs);
    }
}
