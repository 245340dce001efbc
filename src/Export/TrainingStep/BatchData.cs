using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>A user's arrays in the order, types and shapes of the graphs.</summary>
internal sealed class BatchData(TrainingManifest manifest)
{
    private readonly string[] _inputs = [.. manifest.Inputs.Select(tensor => tensor.Name)];

    /// <summary>Inputs, targets and sample weights.</summary>
    /// <exception cref="ModelException">Something is missing, too much, or of another shape.</exception>
    public NDArray[] Labelled(NDArrays x, NDArrays y, NDArray? sampleWeight)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (manifest.SampleWeight is null != sampleWeight is null)
        {
            throw new ModelException(sampleWeight is null
                ? "The export takes sample weights, but none were given; give one number for each sample."
                : "Sample weights were given, but the export has no input for them; set TrainingExportOptions.SampleWeights.");
        }

        List<NDArray> data = [.. InOrder(x, manifest.Inputs, _inputs, "input"), .. InOrder(y, manifest.Targets, manifest.Outputs, "output")];
        if (sampleWeight is not null) data.Add(Fit(sampleWeight, manifest.SampleWeight!));
        return Counted(data);
    }

    /// <summary>Inputs alone.</summary>
    /// <exception cref="ModelException">Something is missing, too much, or of another shape.</exception>
    public NDArray[] Inputs(NDArrays x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Counted([.. InOrder(x, manifest.Inputs, _inputs, "input")]);
    }

    /// <summary>Where the batches begin and how long they are.</summary>
    /// <exception cref="ModelException">The files hold for one size only, and the samples are no multiple of it.</exception>
    public IEnumerable<(int Start, int Size)> Batches(int count, int batchSize)
    {
        if (batchSize < 1) throw new ModelException($"batchSize is {batchSize}; expected at least 1.");
        if (manifest.BatchSize is { } only)
        {
            batchSize = only;
            if (count % only != 0) throw new ModelException($"The files hold for batches of {only} samples, but {count} were given. Give a multiple, or export for any number.");
        }

        for (var start = 0; start < count; start += batchSize) yield return (start, Math.Min(batchSize, count - start));
    }

    /// <summary>That arrays are one batch the files hold for.</summary>
    /// <exception cref="ModelException">They hold for another size only.</exception>
    public void CheckSize(NDArray[] data)
    {
        if (manifest.BatchSize is { } only && data[0].Count != only) throw new ModelException($"The files hold for batches of {only} samples, but {data[0].Count} were given. Give {only}, or export for any number.");
    }

    private static NDArray[] Counted(List<NDArray> data)
    {
        foreach (var array in data)
        {
            if (array.Count != data[0].Count || array.Count == 0) throw new ModelException($"Inputs and targets have {string.Join(", ", data.Select(other => other.Count))} samples; expected the same number of each, at least one.");
        }

        return [.. data];
    }

    private static NDArray[] InOrder(NDArrays arrays, ManifestTensor[] tensors, string[] names, string what)
    {
        var ordered = arrays.InOrder(names, what);
        return [.. ordered.Select((array, i) => Fit(array, tensors[i]))];
    }

    /// <summary>Any number of samples; how many make a batch is another question.</summary>
    private static NDArray Fit(NDArray array, ManifestTensor tensor)
    {
        var expected = Shape.Of(tensor.Shape).With(0, Shape.Unknown);
        var fitted = DataChecks.Fit(array, expected).To(tensor.Type, $"'{tensor.Name}'");
        return expected.IsCompatibleWith(fitted.Shape) ? fitted : throw new ModelException($"'{tensor.Name}' takes {expected}, but the data is {fitted.Shape}. The first dimension counts samples; Reshape the data.");
    }
}
