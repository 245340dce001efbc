using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>An output of a layer, in models inside the model too.</summary>
/// <param name="Path">The layer's name after those of the models and layers around it; further calls and outputs are numbered.</param>
/// <param name="ClassName">Its class in Keras' words, or the operator.</param>
/// <param name="Value">What it computes.</param>
internal sealed record InspectedLayer(string Path, string ClassName, Value Value);

/// <summary>Finds the outputs of all layers, and computes them.</summary>
internal static class InspectedLayers
{
    /// <summary>All outputs in the order in which they are computed; those of inner layers come before that of the layer around them.</summary>
    public static IReadOnlyList<InspectedLayer> Of(Model model)
    {
        var computed = model.Graph.Inputs.Concat(model.Graph.Nodes.SelectMany(node => node.Outputs));
        var order = computed.Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        var names = new CallNames(model);
        var found = new List<(InspectedLayer Layer, int Depth)>();
        foreach (var step in model.Steps)
        {
            if (step.Call is not null) continue;
            found.AddRange(Numbered(step.Name, step.Layer?.ClassName ?? step.Node!.Op.Name, step.Outputs).Select(layer => (layer, 0)));
        }

        // Calls in the order of their first node, so that numbers of calls are those of the model.
        var calls = model.Graph.Nodes.SelectMany(node => Around(node.Scope)).Concat(model.Steps.Select(step => step.Call).OfType<LayerCall>());
        foreach (var call in calls.Distinct())
        {
            found.AddRange(Numbered(names.Of(call), call.Layer.ClassName, [.. call.Outputs.Select(output => output.Value)])
                .Select(layer => (layer, call.Depth)));
        }

        return
        [
            .. found.Where(entry => order.ContainsKey(entry.Layer.Value))
                .OrderBy(entry => order[entry.Layer.Value])
                .ThenByDescending(entry => entry.Depth)
                .Select(entry => entry.Layer),
        ];
    }

    /// <summary>The batches of data.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x">The data.</param>
    /// <param name="batchSize">The number of samples of a batch.</param>
    /// <exception cref="ModelException">There is no sample, or the data does not fit the inputs.</exception>
    public static IEnumerable<(IReadOnlyList<NDArray> Data, int Samples)> Batches(Model model, NDArrays x, int batchSize)
    {
        var (data, size) = Prediction.Checked(model, x, batchSize);
        var samples = data[0].Count;
        if (samples == 0) throw new ModelException($"Model '{model.Name}' got no sample; expected at least one.");
        return Cut();

        IEnumerable<(IReadOnlyList<NDArray> Data, int Samples)> Cut()
        {
            for (var start = 0; start < samples; start += size)
            {
                var count = Math.Min(size, samples - start);
                yield return (count == samples ? data : [.. data.Select(array => array.Slice(start, count))], count);
            }
        }
    }

    /// <summary>Computes the outputs of all layers for a batch.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layers">What <see cref="Of"/> found.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="read">Receives the index of a layer and its output.</param>
    public static void Compute(Model model, IReadOnlyList<InspectedLayer> layers, IReadOnlyList<NDArray> batch, Action<int, ValueBuffer> read) =>
        ModelEngine.Of(model).Infer("layers", [.. layers.Select(layer => layer.Value)], batch, read);

    private static IEnumerable<LayerCall> Around(LayerCall? call)
    {
        for (; call is not null; call = call.Parent) yield return call;
    }

    private static IEnumerable<InspectedLayer> Numbered(string path, string className, IReadOnlyList<Value> values) => values.Count == 1
        ? [new InspectedLayer(path, className, values[0])]
        : values.Select((value, i) => new InspectedLayer(FormattableString.Invariant($"{path}[{i}]"), className, value));
}
