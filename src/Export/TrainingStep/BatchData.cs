using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Converts a user's arrays to the order, types and shapes of the graphs.</summary>
internal sealed class BatchData(TrainingManifest manifest)
{
    private readonly string[] _inputs = [.. manifest.Inputs.Select(tensor => tensor.Name)];

    /// <summary>Inputs, targets and sample weights.</summary>
    /// <exception cref="ModelException">An array is missing, superfluous, or of another shape.</exception>
    public NDArray[] Labelled(NDArrays x, NDArrays y, NDArray? sampleWeight)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (manifest.SampleWeight is null != sampleWeight is null)
        {
            throw new ModelException(sampleWeight is null
                ? "The export takes sample weights, but got none; pass one number per sample."
                : "The export has no input for sample weights, but got some; set TrainingExportOptions.SampleWeights.");
        }

        List<NDArray> data = [.. InOrder(x, manifest.Inputs, _inputs, "input"), .. InOrder(y, manifest.Targets, manifest.Outputs, "output")];
        if (sampleWeight is not null) data.Add(Fit(sampleWeight, manifest.SampleWeight!));
        return Counted(data);
    }

    /// <summary>Inputs only.</summary>
    /// <exception cref="ModelException">An array is missing, superfluous, or of another shape.</exception>
    public NDArray[] Inputs(NDArrays x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Counted([.. InOrder(x, manifest.Inputs, _inputs, "input")]);
    }

    /// <summary>The batches: their first samples and sizes.</summary>
    /// <exception cref="ModelException">The files are for one batch size, and the number of samples is not a multiple of it.</exception>
    public IEnumerable<(int Start, int Size)> Batches(int count, int batchSize)
    {
        if (batchSize < 1) throw new ModelException($"batchSize is {batchSize}; expected at least 1.");
        if (manifest.BatchSize is { } only)
        {
            batchSize = only;
            if (count % only != 0)
                throw new ModelException($"The files are for batches of {only} samples, but got {count}. Pass a multiple, or export for any batch size.");
        }

        for (var start = 0; start < count; start += batchSize) yield return (start, Math.Min(batchSize, count - start));
    }

    /// <summary>Checks that the arrays are one batch of the files' batch size.</summary>
    /// <exception cref="ModelException">The files are for another batch size.</exception>
    public void CheckSize(NDArray[] data)
    {
        if (manifest.BatchSize is { } only && data[0].Count != only)
            throw new ModelException($"The files are for batches of {only} samples, but got {data[0].Count}. Pass {only}, or export for any batch size.");
    }

    private static NDArray[] Counted(List<NDArray> data)
    {
        foreach (var array in data)
        {
            if (array.Count != data[0].Count || array.Count == 0)
            {
                throw new ModelException(
                    $"Inputs and targets have {string.Join(", ", data.Select(other => other.Count))} samples; expected the same number of each, at least one.");
            }
        }

        return [.. data];
    }

    private static NDArray[] InOrder(NDArrays arrays, ManifestTensor[] tensors, string[] names, string what)
    {
        var ordered = arrays.InOrder(names, what);
        return [.. ordered.Select((array, i) => Fit(array, tensors[i]))];
    }

    /// <summary>An array of any number of samples.</summary>
    private static NDArray Fit(NDArray array, ManifestTensor tensor)
    {
        var expected = Shape.Of(tensor.Shape).With(0, Shape.Unknown);
        var fitted = DataChecks.Fit(array, expected).To(tensor.Type, $"'{tensor.Name}'");
        return expected.IsCompatibleWith(fitted.Shape) ? fitted : throw new ModelException(
            $"'{tensor.Name}' takes {expected}, but the data is {fitted.Shape}. The first dimension counts samples; reshape the data.");
    }
}
