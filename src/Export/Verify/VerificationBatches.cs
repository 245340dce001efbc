using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.Verify;

/// <summary>The inputs of a verification: random batches, and samples that were given.</summary>
internal static class VerificationBatches
{
    // Given samples per run.
    private const int SampleBatch = 64;

    public static IEnumerable<(string Name, NDArray[] Data)> Of(EmittedModel emitted, VerificationBudget budget, ExportOptions options)
    {
        foreach (var size in budget.BatchSizes)
        {
            var runs = size == budget.BatchSizes.Max() ? budget.Random.Runs(size) : 1;
            for (var run = 0; run < runs; run++)
                yield return ($"random batch of {size}" + (run == 0 ? "" : $", number {run + 1}"), budget.Random.Make(size, run));
        }

        if (options.Samples is not { Count: > 0 } samples) yield break;
        if (samples.Count != emitted.Inputs.Count)
        {
            var names = string.Join(", ", emitted.Inputs.Select(input => input.Name));
            throw new ExportException(
                $"ExportOptions.Samples has {samples.Count} tensors; the model takes {emitted.Inputs.Count} ({names}). Pass one per input, in this order.");
        }

        NDArray[] data;
        var most = emitted.Model.Inputs[0].Shape[0] ?? budget.Most(SampleBatch);
        try
        {
            data = DataChecks.Inputs(emitted.Model, NDArrays.Create([.. samples.Select(Sample)]));
            DataChecks.BatchesFit(emitted.Model, data[0].Count, most);
        }
        catch (ModelException misfit)
        {
            throw new ExportException("ExportOptions.Samples do not fit the model: " + misfit.Message, misfit);
        }

        var count = data[0].Count;
        for (var start = 0; start < count; start += most)
        {
            var size = Math.Min(most, count - start);
            yield return ($"given samples {start} to {start + size - 1}", [.. data.Select(array => array.Slice(start, size))]);
        }
    }

    private static NDArray Sample(OnnxValue value) => ArrayConversion.ToArray(value)
        ?? throw new ExportException(
            $"Samples of {value} cannot be verified: the engine supports float, int, long and bool. Set ExportOptions.Verify = false for such a model.");
}
