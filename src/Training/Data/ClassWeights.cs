namespace OnnxFunctional.Training.Data;

/// <summary>Weights of classes as weights of samples.</summary>
internal static class ClassWeights
{
    /// <summary>The weight of each sample's class, times its own weight where it has one; classes without a weight have 1.</summary>
    /// <param name="y">Class numbers (samples) or (samples, 1), or one-hot targets (samples, classes).</param>
    /// <param name="weights">Weights by class number.</param>
    /// <param name="sampleWeight">Weights of samples.</param>
    /// <exception cref="ModelException">Targets are neither.</exception>
    public static NDArray Of(NDArray y, IReadOnlyDictionary<int, float> weights, NDArray? sampleWeight)
    {
        if (y.Shape.Rank > 2) throw new ModelException($"classWeight takes one class a sample, but targets are {y.Shape}. Use sampleWeight.");
        var values = y.AsFloats();
        var classes = y.Shape.Rank == 2 ? y.Shape.Dims[1] : 1;
        var result = new float[y.Count];
        for (var i = 0; i < result.Length; i++)
        {
            var number = classes <= 1 ? (int)values[i] : System.Numerics.Tensors.TensorPrimitives.IndexOfMax(values.Slice(i * classes, classes));
            result[i] = weights.GetValueOrDefault(number, 1);
        }

        if (sampleWeight is not null)
        {
            if (sampleWeight.Count != result.Length) throw new ModelException($"sampleWeight has {sampleWeight.Count} numbers for {result.Length} samples.");
            System.Numerics.Tensors.TensorPrimitives.Multiply(result, sampleWeight.AsFloats(), result);
        }

        return NDArray.Create(result, Shape.Of(result.Length));
    }
}
