using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Visualization.Inside;

/// <summary>One sample of a model's data.</summary>
/// <param name="Inputs">One array per input.</param>
/// <param name="Row">The place of the sample in them.</param>
internal sealed record OneSample(IReadOnlyList<NDArray> Inputs, int Row)
{
    /// <summary>Cuts a sample out of the data; for a model with batches of a fixed size, the batch that it is in.</summary>
    /// <exception cref="ModelException">There is no such sample, the data does not fit the inputs, or it is not finite.</exception>
    public static OneSample Of(Model model, NDArrays x, int sample)
    {
        DataChecks.Build(model, x);
        var arrays = x.InOrder(model.InputNames, "input");
        var count = arrays[0].Count;
        if (sample < 0 || sample >= count)
            throw new ModelException($"sample is {sample}, but the data has {count} samples; expected a number from 0 to {count - 1}.");
        var (first, row) = (0, sample);
        if (model.Inputs.All(input => DataChecks.SampleAxis(input.Shape) == 0) && arrays.All(array => array.Count == count))
        {
            var size = model.Inputs.Select(input => input.Shape.Rank == 0 ? null : input.Shape[0]).FirstOrDefault(each => each is not null) ?? 1;
            (first, row) = (sample / size * size, sample % size);
            arrays = [.. arrays.Select(array => array.Slice(first, Math.Min(size, count - first)))];
        }

        var data = DataChecks.Inputs(model, arrays);
        DataChecks.BatchesFit(model, data[0].Count, data[0].Count);
        foreach (var (array, name) in data.Zip(model.InputNames))
        {
            if (array.DType.IsFloating()) DataChecks.Finite(array, $"Input '{name}'");
        }

        return new OneSample(data, row);
    }

    /// <summary>The elements of the sample in an array of the batch, and the sizes of its axes.</summary>
    public (float[] Elements, int[] Sizes) Part(NDArray array)
    {
        var values = array.ToArray();
        var size = values.Length / Math.Max(1, array.Count);
        return (values.AsSpan(Row * size, size).ToArray(), array.Shape.Dims[1..].ToArray());
    }
}
