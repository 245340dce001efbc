namespace OnnxFunctional.Training.Data;

/// <summary>Checks data before work starts.</summary>
internal static class DataChecks
{
    /// <summary>Builds a model of layers only by the shape of the data it meets first. As in Keras, its input takes float32 unless the data is text.</summary>
    public static void Build(Model model, NDArrays x)
    {
        if (model.IsBuilt) return;
        ArgumentNullException.ThrowIfNull(x);
        var array = x.InOrder(["x"], "input")[0];
        var sample = array.Shape.Slice(1, array.Shape.Rank - 1);
        model.Build(sample.Rank == 0 ? Shape.Of(1) : sample, array.DType == DType.String ? DType.String : DType.Float32);
    }

    /// <summary>The same by the first of several batches, unless reading it would take it from them.</summary>
    public static void Build(Model model, IEnumerable<Batch> batches)
    {
        if (model.IsBuilt || batches is not (IReadOnlyCollection<Batch> or Dataset<Batch>)) return;
        foreach (var batch in batches)
        {
            Build(model, batch.X);
            return;
        }
    }

    /// <summary>Data in the order of the model's inputs, in their element types.</summary>
    public static NDArray[] Inputs(Model model, NDArrays x)
    {
        var arrays = x.InOrder(model.InputNames, "input");
        var result = new NDArray[arrays.Length];
        var problems = new List<string>();
        for (var i = 0; i < arrays.Length; i++)
        {
            var (name, spec) = (model.InputNames[i], model.Inputs[i].Value.Spec);
            result[i] = Fit(arrays[i], spec.Shape).To(spec.Type, $"Input '{name}'");
            if (!spec.Shape.With(0, Shape.Unknown).IsCompatibleWith(result[i].Shape))
                problems.Add($"input '{name}' takes {spec.Shape}, but the data is {arrays[i].Shape}");
            var (samples, first) = (Samples(result[i], spec.Shape), Samples(result[0], model.Inputs[0].Shape));
            if (samples != first) problems.Add($"input '{name}' has {samples} samples, but input '{model.InputNames[0]}' has {first}");
        }

        if (problems.Count == 0) return result;
        throw new ModelException(
            $"The data does not fit model '{model.Name}': {string.Join("; ", problems)}. The first dimension counts samples; Reshape or ExpandDims the data.");
    }

    /// <summary>
    /// The axis along which samples lie: the first, unless that has a fixed size and another is the batch, as in files of others whose states lie (layers,
    /// samples, units).
    /// </summary>
    public static int SampleAxis(Shape shape) =>
        shape.Rank > 0 && shape.Symbols[0] >= 0 ? Math.Max(0, shape.Symbols.IndexOf(Shape.Batch)) : 0;

    private static int Samples(NDArray array, Shape expected) =>
        SampleAxis(expected) is > 0 and var axis && axis < array.Shape.Rank ? array.Shape.Dims[axis] : array.Count;

    /// <summary>Refuses data whose batches a model of a fixed batch size cannot take.</summary>
    /// <param name="model">The model.</param>
    /// <param name="count">The number of samples.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    public static void BatchesFit(Model model, int count, int batchSize)
    {
        foreach (var (input, name) in model.Inputs.Zip(model.InputNames))
        {
            if (SampleAxis(input.Shape) > 0 || input.Shape[0] is not { } size || (Math.Min(count, batchSize) == size && count % size == 0)) continue;
            throw new ModelException(
                $"Input '{name}' of model '{model.Name}' takes batches of {size} samples, but {count} samples in batches of {batchSize} make others. "
                + $"Pass batchSize: {size} and a multiple of {size} samples, or make the input without a batchSize.");
        }
    }

    /// <summary>Adds a trailing axis of size 1 if that is all that is missing.</summary>
    public static NDArray Fit(NDArray array, Shape expected)
    {
        if (array.Shape.Rank == expected.Rank - 1 && expected.Dims[^1] == 1) return array.Reshape(array.Shape.Insert(array.Shape.Rank, 1));
        return array;
    }

    /// <summary>Refuses values that are not finite, naming the first.</summary>
    public static void Finite(NDArray array, string what)
    {
        if (array.IsFinite) return;
        foreach (var chunk in array.Floats.Chunks())
        {
            for (var i = 0; i < chunk.Span.Length; i++)
            {
                if (float.IsFinite(chunk.Span[i])) continue;
                throw new ModelException(
                    $"{what} holds {chunk.Span[i]} in sample {SampleOf(array, chunk.Start + i)} (element {chunk.Start + i}). "
                    + "Clean or fill the data before training; training on it makes every weight NaN.");
            }
        }
    }

    /// <summary>Refuses class indices outside the range, naming the first.</summary>
    public static void ClassRange(NDArray array, int classes, int? ignored, string what)
    {
        foreach (var chunk in array.Floats.Chunks())
        {
            for (var i = 0; i < chunk.Span.Length; i++)
            {
                var value = chunk.Span[i];
                if (value == ignored || (value >= 0 && value < classes && float.IsInteger(value))) continue;
                throw new ModelException(
                    $"{what} holds {value} in sample {SampleOf(array, chunk.Start + i)}; expected integers from 0 to {classes - 1}, because the output has "
                    + $"{classes} units. Count classes from 0, or give the last layer more units.");
            }
        }
    }

    private static long SampleOf(NDArray array, long element) => element / Math.Max(1, array.Shape.ElementCount / Math.Max(1, array.Count));
}
