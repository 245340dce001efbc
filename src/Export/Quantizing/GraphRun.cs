using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>Computes values of a graph that belongs to a model, in batches.</summary>
internal static class GraphRun
{
    // 256 MB: what the values that are looked at may take for one batch.
    private const long MostElements = 1L << 26;

    /// <summary>What is looked at in one run: as many at a time as fit into 256 MB, at least one.</summary>
    /// <param name="all">All that is looked at.</param>
    /// <param name="elements">The numbers that each has for one batch.</param>
    public static IEnumerable<IReadOnlyList<T>> Parts<T>(IReadOnlyList<T> all, Func<T, long> elements)
    {
        for (var next = 0; next < all.Count;)
        {
            var (size, part) = (0L, new List<T>());
            for (; next < all.Count && (part.Count == 0 || size + elements(all[next]) <= MostElements); next++)
            {
                part.Add(all[next]);
                size += elements(all[next]);
            }

            yield return part;
        }
    }

    /// <summary>Runs batches and hands over the results of each.</summary>
    /// <param name="model">The model, for its settings and threads.</param>
    /// <param name="inputs">The inputs of the graph.</param>
    /// <param name="values">The values to compute.</param>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    /// <param name="read">Receives the index of a value, its result, and the share of all samples that the batch has.</param>
    public static void Batches(
        Model model, IReadOnlyList<Value> inputs, IReadOnlyList<Value> values, NDArrays x, int batchSize, Action<int, ValueBuffer, double> read)
    {
        var plans = new Dictionary<int, ExecutionPlan>();
        try
        {
            foreach (var (data, samples) in InspectedLayers.Batches(model, x, batchSize))
            {
                if (!plans.TryGetValue(samples, out var plan))
                {
                    var graph = Graph.Between(inputs, values).Rewrite(SpelledOut.Of);
                    var request = new PlanRequest(PlanOptions.Of(model, model.Seed), inputs, [.. values.Select(value => graph[value])], []);
                    plans[samples] = plan = Planner.Plan(request, [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
                }

                for (var i = 0; i < data.Count; i++) data[i].CopyTo(plan.Inputs[i]);
                plan.Run(ModelEngine.Of(model).Pool);
                for (var i = 0; i < values.Count; i++) read(i, plan.Outputs[i], (double)samples / x[0].Count);
            }
        }
        finally
        {
            foreach (var plan in plans.Values) plan.Dispose();
        }
    }

    /// <summary>All samples' results.</summary>
    public static IReadOnlyList<NDArray> All(Model model, IReadOnlyList<Value> inputs, IReadOnlyList<Value> values, NDArrays x, int batchSize)
    {
        var parts = values.Select(_ => new List<NDArray>()).ToArray();
        Batches(model, inputs, values, x, batchSize, (i, buffer, _) =>
        {
            var numbers = new float[buffer.Length];
            Prediction.CopyAsFloats(buffer, numbers);
            parts[i].Add(NDArray.Create(numbers, buffer.Shape));
        });
        return [.. parts.Select(NDArray.Concatenate)];
    }

    /// <summary>The numbers of values that depend on weights and constants alone.</summary>
    public static IReadOnlyList<float[]> Static(Model model, IReadOnlyList<Value> values)
    {
        if (values.Count == 0) return [];
        using var plan = Planner.Plan(new PlanRequest(PlanOptions.Of(model, model.Seed), [], values, []), []);
        plan.Run(ModelEngine.Of(model).Pool);
        return [.. plan.Outputs.Select(output => output.Floats.ToArray())];
    }
}
