using System.Text.Json.Nodes;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Parity;

/// <summary>A case of layers/*.json: a model with weights and data, and the results of Keras.</summary>
internal sealed class ParityCase
{
    private ParityCase(JsonNode json)
    {
        Json = json;
        Model = Model.FromJson(json["model"]!.ToJsonString());
        Inputs = [.. json["inputs"]!.AsArray().Select(array => ParityArray.Read(array!))];
        Outputs = [.. json["outputs"]!.AsArray().Select(array => array!)];
        var weights = json["weights"]!.AsArray();
        var ours = Model.WeightPaths();
        var theirs = string.Join(", ", weights.Select(weight => (string)weight!["path"]!));
        Assert.AreEqual(weights.Count, ours.Count, $"weights: Keras has {theirs}, we have {string.Join(", ", ours.Select(weight => weight.Path))}");
        foreach (var (given, (path, weight)) in weights.Zip(ours))
        {
            var values = ParityArray.Read(given!);
            Assert.AreEqual(values.Shape, weight.Shape, $"{given!["path"]} and {path}");
            weight.Value = values.ToTensor();
            Weights.Add((string)given!["path"]!, weight);
        }
    }

    public JsonNode Json { get; }

    public Model Model { get; }

    public IReadOnlyList<NDArray> Inputs { get; }

    public IReadOnlyList<JsonNode> Outputs { get; }

    /// <summary>Our weights by Keras' paths.</summary>
    public Dictionary<string, Weight> Weights { get; } = [];

    public bool Training => (bool)Json["training"]!;

    public static ParityCase Read(string file) => new(ParityFolder.Read(file));

    /// <summary>Runs the model forwards and, from the given upstream gradients, backwards; in training mode weights are updated.</summary>
    /// <returns>The outputs, then the gradient of each float input and each trainable weight; null if there is none.</returns>
    public (IReadOnlyList<float[]> Outputs, IReadOnlyList<float[]?> InputGradients, IReadOnlyDictionary<string, float[]?> WeightGradients) Run(bool gradients)
    {
        var inputs = Model.Inputs.Select(input => input.Value).ToArray();
        (Weight Weight, Value Value)[] updates = Training ? [.. Model.Graph.Calls().SelectMany(call => call.Updates)] : [];
        var roots = Model.Outputs.Select(output => output.Value).Concat(updates.Select(update => update.Value)).ToArray();
        var map = Specialization.Of(inputs, roots, Training);
        var wanted = Model.Outputs.Select(output => map[output.Value]).ToList();
        var outputs = wanted.Count;
        var floats = inputs.Where(input => input.Spec.Type.IsFloating()).ToArray();
        var trainable = Weights.Where(entry => entry.Value.Trainable).ToArray();
        SymbolicTensor?[] slopes = [];
        if (gradients)
        {
            var total = (SymbolicTensor)0f;
            foreach (var (output, upstream) in wanted.ToArray().Zip(Json["upstream"]!.AsArray()))
            {
                var u = ParityArray.Read(upstream!);
                total += Ops.Sum(new SymbolicTensor(output) * Ops.Constant(u.Shape, ParityArray.Floats(upstream!)));
            }

            slopes = Gradient.Backpropagate(total.Value, 1, [.. floats, .. trainable.Select(entry => entry.Value.Variable)]);
            wanted.AddRange(slopes.OfType<SymbolicTensor>().Select(slope => slope.Value));
        }

        var plan = Planner.Plan(
            new PlanRequest(PlanOptions.WithoutModel(), inputs, wanted, [.. updates.Select(update => (update.Weight, map[update.Value]))]),
            [.. Inputs.Select(input => new TensorSpec(input.Shape, input.DType))]);
        for (var i = 0; i < Inputs.Count; i++) Inputs[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
        using var pool = new WorkerPool(1);
        plan.Run(pool);
        var results = plan.Outputs.Select(output => output.Floats.ToArray()).ToArray();
        var next = outputs;
        var found = slopes.Select(slope => slope is null ? null : results[next++]).ToArray();
        return (
            results[..outputs],
            found[..(gradients ? floats.Length : 0)],
            trainable.Zip(found.Skip(floats.Length)).ToDictionary(pair => pair.First.Key, pair => pair.Second));
    }
}
