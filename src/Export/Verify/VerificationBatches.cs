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

        // Other lengths of what is open, such as the steps of a sequence: one file serves all of them.
        if (budget.Random.HasOpenSizes)
        {
            foreach (var length in options.Lengths.Distinct())
            {
                var random = new RandomInputs(emitted, length);
                var size = budget.Most(2);
                if (random.Fits(size)) yield return ($"random batch of {size}, length {length}", random.Make(size, whole: false));
            }
        }

        if (options.Samples is not { Count: > 0 } samples) yield break;
        if (samples.Count != emitted.Inputs.Count)
        {
            var names = string.Join(", ", emitted.Inputs.Select(input => input.Name));
            throw new ExportException(
                $"ExportOptions.Samples has {samples.Count} tensors; the model takes {emitted.Inputs.Count} ({names}). Pass one per input, in this order.");
        }

        var most = emitted.Inputs[0].Value.Spec.Shape[0] ?? budget.Most(SampleBatch);
        var data = Given(emitted, samples, most);
        var count = data[0].Count;
        for (var start = 0; start < count; start += most)
        {
            var size = Math.Min(most, count - start);
            yield return ($"given samples {start} to {start + size - 1}", [.. data.Select(array => array.Slice(start, size))]);
        }
    }

    /// <exception cref="ExportException">The samples do not fit the inputs.</exception>
    private static NDArray[] Given(EmittedModel emitted, IReadOnlyList<OnnxValue> samples, int most)
    {
        NDArray[] given = [.. samples.Select(Sample)];
        try
        {
            if (emitted.IsServed) return Served(emitted, given, most);
            var data = DataChecks.Inputs(emitted.Model, NDArrays.Create(given));
            DataChecks.BatchesFit(emitted.Model, data[0].Count, most);
            return data;
        }
        catch (ModelException misfit)
        {
            throw new ExportException("ExportOptions.Samples do not fit the model: " + misfit.Message, misfit);
        }
    }

    /// <summary>Samples for inputs that are not those of the model.</summary>
    private static NDArray[] Served(EmittedModel emitted, NDArray[] given, int most)
    {
        var misfits = emitted.Inputs.Zip(given).Where(pair =>
            !pair.First.Value.Spec.Shape.With(0, Shape.Unknown).IsCompatibleWith(pair.Second.Shape) || pair.Second.Count != given[0].Count).ToList();
        if (misfits.Count > 0)
        {
            var listed = misfits.Select(pair =>
                $"input '{pair.First.Name}' of the file takes {pair.First.Value.Spec.Shape}, but the data is {pair.Second.Shape}");
            throw new ModelException(string.Join("; ", listed) + ". Give one row per sample.");
        }

        if (emitted.Inputs[0].Value.Spec.Shape[0] is not null && given[0].Count % most != 0)
            throw new ModelException($"the file takes {most} samples at a time, and there are {given[0].Count}. Give a multiple.");
        return [.. emitted.Inputs.Zip(given, (input, array) => array.To(input.Value.Spec.Type, $"Input '{input.Name}'"))];
    }

    private static NDArray Sample(OnnxValue value) => ArrayConversion.ToArray(value)
        ?? throw new ExportException(
            $"Samples of {value} cannot be verified: the engine supports float, int, long and bool. Set ExportOptions.Verify = false for such a model.");
}
