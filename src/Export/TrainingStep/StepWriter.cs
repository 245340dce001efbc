using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Writes graphs whose weights are inputs.</summary>
/// <param name="model">The model.</param>
/// <param name="options">The operator set and the name of the batch dimension.</param>
/// <param name="stands">The inputs that stand for weights.</param>
/// <param name="batchSize">The batch size of all graphs; null for any.</param>
/// <param name="problems">Collects what cannot be written.</param>
/// <param name="names">Names of weights for which nothing stands; by default their own.</param>
internal sealed class StepWriter(
    Model model,
    EmissionOptions options,
    Dictionary<Weight, (string Name, Value Stand)> stands,
    int? batchSize,
    List<string> problems,
    IReadOnlyDictionary<Weight, string>? names = null)
{
    private readonly CallNames _scopes = new(model);

    public int[] Shape(Value value) => Fixed(value).Shape.Dims.ToArray();

    public (ModelProto Proto, IReadOnlyList<(string Name, Value Value)> Inputs, IReadOnlyList<(string Name, Value Value)> Outputs) Write(
        string name,
        IReadOnlyList<(string Name, Value Value)> inputs,
        IReadOnlyList<(string Name, Value Value)> outputs,
        IReadOnlyList<Weight> weights,
        RandomSource? random)
    {
        var replaced = new Dictionary<Value, Value>();
        foreach (var (_, value) in inputs)
        {
            if (Fixed(value) is var spec && spec != value.Spec) replaced[value] = new InputLayer(spec.Shape, spec.Type, null).Tensor.Value;
        }

        var graph = Graph.Between([.. inputs.Select(input => input.Value)], [.. outputs.Select(output => output.Value)]);
        var known = new EqualNodes();
        var map = graph.Rewrite(Rewritten, replaced);

        // Weights of layers outside a model that was cut out of a larger graph are not trained; they stay in the file.
        var outside = new Dictionary<Weight, string>();
        var taken = new NameSet();
        foreach (var node in graph.Nodes)
        {
            if (node.Op is Variable { Weight: var weight } && !stands.ContainsKey(weight))
                outside.TryAdd(weight, taken.Unique("constant/" + (names is null ? weight.Name : names[weight])));
        }

        (string Name, Value Value)[] given = [.. inputs.Select(input => (input.Name, map[input.Value]))];
        (string Name, Value Value)[] results = [.. outputs.Select(output => (output.Name, map[output.Value]))];
        var (_, proto) = OnnxEmitter.Write(new EmissionRequest
        {
            Name = name,
            Inputs = [.. given, .. weights.Select(weight => stands[weight])],
            Outputs = results,
            WeightNames = outside,
            Random = random,
            Scopes = _scopes,
            Options = options,
        }, problems);
        PromptOrder.Apply(proto.Graph);
        return (proto, given, results);

        // What updates of several weights have in common is computed once.
        IReadOnlyList<Value>? Rewritten(Node node, IReadOnlyList<Value> from) => node.Op switch
        {
            Variable { Weight: var weight } when stands.TryGetValue(weight, out var stand) => [stand.Stand],
            IRandomOp => null,
            _ => known.First(from.SequenceEqual(node.Inputs) ? node : node.WithInputs(from)).Outputs,
        };
    }

    private TensorSpec Fixed(Value value) =>
        batchSize is { } size && value.Spec.Shape.Rank > 0 && value.Spec.Shape.Dims[0] == OnnxFunctional.Shape.Unknown
            ? value.Spec with { Shape = value.Spec.Shape.With(0, size) }
            : value.Spec;
}
