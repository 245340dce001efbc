using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using OnnxFunctional.Export.Quantizing;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>Makes models compute with 8-bit integers.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Quantizer
{
    // Each layer's error takes a plan and a run of its own; few samples tell layers apart, and fewer where each has many numbers.
    private const int MostSamplesOfErrors = 32;
    private const int FewestSamplesOfErrors = 4;
    private const int NumbersOfErrors = 1 << 18;

    /// <summary>
    /// Quantizes the model's convolutions and products with weights to int8, and activations between them to uint8, with ranges found on calibration data. With
    /// a gate, layers stay float32 one by one, the most sensitive first, until the score is good enough.
    /// </summary>
    /// <param name="model">The model, also one opened from a file of another program; it is not changed.</param>
    /// <param name="calibration">Typical data of the inputs: 100 to 1000 samples.</param>
    /// <param name="options">How ranges are found.</param>
    /// <param name="gate">What it may cost; without, all layers are quantized.</param>
    /// <exception cref="ExportException">
    /// There is nothing to quantize, an option is out of range, a name to keep is unknown, or the gate fails with all layers in float32 but one: the message
    /// has the table.
    /// </exception>
    /// <exception cref="ModelException">The data does not fit the inputs, or there is no sample.</exception>
    /// <example><code>
    /// var small = model.Quantize(x);
    /// Console.WriteLine(small);
    /// small.ExportOnnx("int8.onnx");
    /// </code></example>
    public static QuantizedModel Quantize(
        this Model model, NDArrays calibration, QuantizationOptions? options = null, QuantizationGate? gate = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(calibration);
        options ??= new();
        options.Check();
        if (gate is not null && !(gate.MaxDrop >= 0)) throw new ExportException($"QuantizationGate.MaxDrop is {gate.MaxDrop}; expected 0 or more.");
        using var held = WeightGate.Hold(model.Weights);
        return new Run(model, calibration, options, gate).Result();
    }

    private sealed class Run
    {
        private readonly Model _model;
        private readonly QuantizationOptions _options;
        private readonly QuantizationGate? _gate;
        private readonly FoldedGraph _folded;
        private readonly QuantizedValues _values;
        private readonly Dictionary<Value, Quantum> _quanta;
        private readonly Dictionary<Value, float[]> _numbers;
        private readonly NDArrays _few;
        private readonly IReadOnlyList<NDArray> _expected;

        public Run(Model model, NDArrays calibration, QuantizationOptions options, QuantizationGate? gate)
        {
            (_model, _options, _gate) = (model, options, gate);
            _folded = new FoldedGraph(model);
            _values = new QuantizedValues(_folded);
            if (_values.Products.Count == 0)
                throw new ExportException($"Model '{model.Name}' has no convolution and no product with weights, so there is nothing to quantize.");
            _quanta = Calibration.Run(_folded, _values, _values.Stored(_values.Products), calibration, options);
            Value[] weights = [.. _values.Products.SelectMany(product => product.Node.Inputs.Skip(1)).Where(_folded.IsStatic).Distinct()];
            _numbers = weights.Zip(GraphRun.Static(model, weights)).ToDictionary(pair => pair.First, pair => pair.Second);
            var perSample = calibration.Sum(array => array.Count == 0 ? 0 : array.Shape.ElementCount / array.Count);
            _few = First(calibration, (int)Math.Clamp(NumbersOfErrors / Math.Max(1, perSample), FewestSamplesOfErrors, MostSamplesOfErrors));
            _expected = GraphRun.All(model, _folded.Inputs, _folded.Outputs, _few, options.BatchSize);
        }

        public QuantizedModel Result()
        {
            var kept = Kept();
            var candidates = _values.Products.Where(product => !kept.Contains(product.Layer)).ToList();
            if (candidates.Count == 0) throw new ExportException("QuantizationOptions.KeepFloat keeps all layers in float32, so there is nothing to quantize.");
            var errors = candidates.ToDictionary(product => product, product => ErrorOf(Graph([product])));
            var before = _gate is null ? 0 : Checked(_gate.Score(_model.PredictAll(_gate.X, _options.BatchSize)));
            var rest = new List<QuantizedProduct>(candidates);
            while (true)
            {
                var graph = Graph(rest);
                var after = _gate is null ? 0 : Checked(_gate.Score(GraphRun.All(_model, _folded.Inputs, graph.Outputs, _gate.X, _options.BatchSize)));
                var made = new QuantizedModel(
                    _model,
                    graph,
                    [
                        .. _values.Products.Select(product => new QuantizedLayer(
                            product.Layer,
                            product.Node.Op.Name,
                            _numbers[product.Node.Inputs[1]].Length,
                            errors.TryGetValue(product, out var error) ? error : ErrorOf(Graph([product])),
                            rest.Contains(product))),
                    ],
                    ErrorOf(graph),
                    Description(rest.Count),
                    _gate is null ? null : (before, after));
                if (_gate is null || after >= before - _gate.MaxDrop) return made;
                if (rest.Count == 1)
                {
                    throw new ExportException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"The score falls from {before:G6} to {after:G6} even with one layer in int8; at most {_gate.MaxDrop:G4} is allowed. Calibrate on data "
                        + $"like that of the score, try another CalibrationMethod, or allow a larger MaxDrop.{Environment.NewLine}{made}"));
                }

                rest.Remove(rest.MaxBy(product => errors[product])!);
            }
        }

        private QuantizedGraph Graph(IReadOnlyCollection<QuantizedProduct> products) =>
            new(_folded, _values, products, _quanta, _numbers, _options);

        private double ErrorOf(QuantizedGraph graph)
        {
            var actual = GraphRun.All(_model, _folded.Inputs, graph.Outputs, _few, _options.BatchSize);
            var (error, energy) = (0.0, 0.0);
            foreach (var (expected, given) in _expected.Zip(actual))
            {
                foreach (var (x, y) in expected.ToArray().Zip(given.ToArray()))
                {
                    error += ((double)x - y) * ((double)x - y);
                    energy += (double)x * x;
                }
            }

            return energy > 0 ? error / energy : error > 0 ? double.PositiveInfinity : 0;
        }

        private HashSet<string> Kept()
        {
            var kept = new HashSet<string>();
            foreach (var pattern in _options.KeepFloat)
            {
                var expression = new Regex("^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$", RegexOptions.NonBacktracking);
                var found = _values.Products.Select(product => product.Layer).Where(layer => expression.IsMatch(layer)).ToList();
                if (found.Count == 0)
                {
                    throw new ExportException(
                        $"QuantizationOptions.KeepFloat names '{pattern}', and no layer that can be quantized has such a path. "
                        + $"There are {string.Join(", ", _values.Products.Select(product => product.Layer).Take(20))}.");
                }

                kept.UnionWith(found);
            }

            return kept;
        }

        private string Description(int layers) =>
            $"static int8, {layers} of {_values.Products.Count} layers, {_options.Method}, {(_options.PerChannel ? "per channel" : "per tensor")}"
            + (_options.ReduceRange ? ", weights of 7 bits" : "");

        // The sum makes 0 of -0.
        private static double Checked(double score) =>
            double.IsFinite(score) ? score + 0.0 : throw new ExportException($"QuantizationGate.Score returns {score}; expected a finite number.");

        private static NDArrays First(NDArrays x, int count)
        {
            var samples = x[0].Count;
            return samples <= count ? x : x.Take([.. Enumerable.Range(0, count).Select(i => (int)((long)i * samples / count))]);
        }
    }
}
