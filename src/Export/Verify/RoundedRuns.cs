using OnnxFunctional.Export.Emit;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Export.Verify;

/// <summary>Runs of the engine with noise in every result that is rounded, on one batch; made one by one, since planning takes time.</summary>
internal static class RoundedRuns
{
    /// <summary>The results of each run.</summary>
    /// <param name="emitted">The model.</param>
    /// <param name="values">The values to compute.</param>
    /// <param name="data">The batch.</param>
    /// <param name="run">Runs a plan on the batch.</param>
    public static IEnumerable<NDArray[]> Of(EmittedModel emitted, Value[] values, NDArray[] data, Func<PlanRequest, NDArray[]> run)
    {
        TensorSpec[] specs = [.. data.Select(array => new TensorSpec(array.Shape, array.DType))];
        var graph = Graph.Between([.. emitted.Inputs.Select(input => input.Value)], values);
        for (var i = 1; i <= RoundingNoise.Most; i++)
        {
            var (inputs, noisy) = RoundingNoise.Of(graph, i, [], specs);
            var options = PlanOptions.Of(emitted.Model, emitted.Model.Seed);
            NDArray[] results;
            try
            {
                results = run(new(options, inputs, [.. values.Select(value => noisy[value])], []) { Original = graph });
            }
            catch (ModelException)
            {
                // Noise may lead an index out of its range.
                continue;
            }

            yield return results;
        }
    }
}
