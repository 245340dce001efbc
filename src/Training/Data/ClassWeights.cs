namespace OnnxFunctional.Training.Data;

/// <summary>Turns class weights into sample weights.</summary>
internal static class ClassWeights
{
    /// <summary>The weight of each sample's class, times its own weight if it has one; classes without a weight have weight 1.</summary>
    /// <param name="y">Class indices (samples) or (samples, 1), or one-hot targets (samples, classes).</param>
    /// <param name="weights">Weights by class index.</param>
    /// <param name="sampleWeight">Weights of the samples, or null.</param>
    /// <exception cref="ModelException">The targets have another shape.</exception>
    public static NDArray Of(NDArray y, IReadOnlyDictionary<int, float> weights, NDArray? sampleWeight)
    {
        if (y.Shape.Rank > 2) throw new ModelException($"classWeight needs one class per sample, but targets are {y.Shape}. Use sampleWeight.");
        var values = y.AsFloats();
        var classes = y.Shape.Rank == 2 ? y.Shape.Dims[1] : 1;
        var result = new float[y.Count];
        for (var i = 0; i < result.Length; i++)
        {
            var index = classes <= 1 ? (int)values[i] : System.Numerics.Tensors.TensorPrimitives.IndexOfMax(values.Slice(i * classes, classes));
            result[i] = weights.GetValueOrDefault(index, 1);
        }

        if (sampleWeight is not null)
        {
            if (sampleWeight.Count != result.Length)
                throw new ModelException($"sampleWeight has {sampleWeight.Count} weights for {result.Length} samples. Pass one per sample.");
            System.Numerics.Tensors.TensorPrimitives.Multiply(result, sampleWeight.AsFloats(), result);
        }

        return NDArray.Create(result, Shape.Of(result.Length));
    }
}
