using System.Numerics.Tensors;
using OnnxFunctional.Export.Quantizing;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Halving;

/// <summary>Measures layers on calibration data: each computes in 16 bits from the numbers of float32, so errors of others do not count.</summary>
internal sealed class HalfMeasures
{
    private const int PerLayer = 4;

    private readonly InferenceGraph _source;
    private readonly HalfConstants _constants;
    private readonly HalfRules _rules;
    private readonly HalfOptions _options;
    private readonly List<(HalfMeasure Measure, List<Node> Nodes)> _layers = [];

    public HalfMeasures(InferenceGraph source, HalfConstants constants, HalfRules rules, HalfOptions options)
    {
        (_source, _constants, _rules, _options) = (source, constants, rules, options);
        foreach (var nodes in source.Graph.Nodes.Where(source.Layers.ContainsKey).GroupBy(node => source.Layers[node]))
        {
            var weights = nodes.Where(node => !rules.IsExact(node)).SelectMany(node => node.Inputs).Where(HalfConstants.IsWeight).Distinct().ToList();

            // A layer in which nothing can have 16 bits is no choice.
            if (weights.Count == 0 && !(options.Kind == HalfKind.Float16 && nodes.Any(rules.CanCompute))) continue;
            var largest = weights.Select(Largest).DefaultIfEmpty(0).Max();
            _layers.Add((new HalfMeasure(nodes.Key, weights.Sum(weight => weight.Spec.Shape.ElementCount), largest, options.Type), [.. nodes]));
        }
    }

    /// <summary>The layers in the order in which they are computed.</summary>
    public IReadOnlyList<HalfMeasure> Layers => [.. _layers.Select(layer => layer.Measure)];

    /// <summary>Computes the samples.</summary>
    public void Run(NDArrays x)
    {
        foreach (var part in GraphRun.Parts(_layers, layer => layer.Nodes.Sum(node => node.Outputs[0].Spec.Shape.KnownElements) * _options.BatchSize))
        {
            Value[] values = [.. part.SelectMany(layer => Numbers(layer.Nodes))];
            var numbers = new float[values.Length];
            GraphRun.Batches(_source.Model, _source.Inputs, values, x, _options.BatchSize, (i, buffer, _) =>
            {
                numbers[i] = buffer.Floats[0];
                if (i % PerLayer == PerLayer - 1) part[i / PerLayer].Measure.Add(numbers[i - 3], numbers[i - 2], numbers[i - 1], numbers[i]);
            });
        }
    }

    /// <summary>The largest number, the largest in 16 bits, the sum of squared differences and of squares.</summary>
    private Value[] Numbers(List<Node> nodes)
    {
        var rewrite = new HalfRewrite(_constants, _rules, _options) { IsKept = _ => false, IsAlone = true };
        foreach (var node in nodes) rewrite.Add(node);
        var inside = nodes.ToHashSet();
        List<Value> given = [.. nodes.SelectMany(Given).Distinct()];
        var readers = _source.Graph.Readers;
        var results = nodes.SelectMany(node => node.Outputs).Where(value => IsFloat(value) && (readers.Contains(value) || IsOutput(value))).ToList();
        var left = results.Where(value => IsOutput(value) || readers[value].Any(reader => !inside.Contains(reader)));
        var halves = results.Where(value => rewrite[value].Written.Spec.Type.IsHalfWidth()).Select(value => rewrite[value].Computed)
            .Concat(nodes.Where(rewrite.ComputesInHalf).SelectMany(Given).Distinct().Select(value => rewrite.Narrow(value).Computed));
        var pairs = left.Select(value => (Exact: Of(value), Half: Of(rewrite[value].Computed))).ToList();
        return
        [
            Largest(given.Concat(results).Distinct()),
            Largest(halves.Distinct()),
            Sum(pairs.Select(pair => Ops.Sum(Ops.Square(pair.Exact - pair.Half)))),
            Sum(pairs.Select(pair => Ops.Sum(Ops.Square(pair.Exact)))),
        ];
    }

    /// <summary>What a node reads that is computed.</summary>
    private static IEnumerable<Value> Given(Node node) => node.Inputs.Where((input, i) =>
        IsFloat(input) && !node.Op.ReadsOnlyShapeOf(i) && input.Producer.Op is (not SourceOp) or Placeholder);

    private bool IsOutput(Value value) => _source.Outputs.Contains(value);

    private static bool IsFloat(Value value) => value.Spec.Type == DType.Float32;

    private static SymbolicTensor Of(Value value) => new(value);

    private static float Largest(Value weight) => MathF.Abs(TensorPrimitives.MaxMagnitude(HalfConstants.Elements(weight)));

    private static Value Largest(IEnumerable<Value> values) =>
        values.Select(value => Ops.Max(Ops.Abs(Of(value)))).Aggregate(Zero(), Ops.Maximum).Value;

    private static Value Sum(IEnumerable<SymbolicTensor> parts) => parts.Aggregate(Zero(), (sum, part) => sum + part).Value;

    private static SymbolicTensor Zero() => Ops.Constant(0f);
}
