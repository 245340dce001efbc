using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>Turns class weights into sample weights.</summary>
internal static class ClassWeights
{
    private const float Rounding = 1e-3f;

    /// <summary>The weight of each sample's class, times its own weights if it has any; classes without a weight have weight 1.</summary>
    /// <param name="y">Class indices (samples) or (samples, 1), or one-hot targets (samples, classes).</param>
    /// <param name="weights">Weights by class index.</param>
    /// <param name="sampleWeight">Weights of the samples or of their positions, or null.</param>
    /// <param name="classes">The number of classes, if the model tells it.</param>
    /// <exception cref="ModelException">The targets are no classes, or a weight is not finite or that of a class that does not exist.</exception>
    public static NDArray Of(NDArray y, IReadOnlyDictionary<int, double> weights, NDArray? sampleWeight, int? classes = null)
    {
        if (y.Shape.Rank > 2) throw new ModelException($"classWeight needs one class per sample, but targets are {y.Shape}. Use sampleWeight.");
        var columns = y.Shape.Rank == 2 ? y.Shape.Dims[1] : 1;
        var known = columns > 1 ? columns : classes;
        foreach (var (index, weight) in weights)
        {
            if (!float.IsFinite((float)weight)) throw new ModelException($"classWeight of class {index} is {weight}; expected a finite number.");
            if (index < 0 || index >= known)
                throw new ModelException($"classWeight names class {index}; expected {(known is null ? "indices of at least 0" : $"0 to {known - 1}")}.");
        }

        var values = y.AsFloats();
        var result = new float[y.Count];
        for (var i = 0; i < result.Length; i++)
            result[i] = (float)weights.GetValueOrDefault(columns == 1 ? Index(values[i], i) : Largest(values.Slice(i * columns, columns), i), 1);
        if (sampleWeight is null) return NDArray.Create(result, Shape.Of(result.Length));

        // A sample may have one weight, or one for each of its positions.
        if (sampleWeight.Count != result.Length)
            throw new ModelException($"sampleWeight has {sampleWeight.Count} weights for {result.Length} samples. Pass one per sample.");
        var product = sampleWeight.AsFloats().ToArray();
        var positions = product.Length / Math.Max(1, result.Length);
        for (var i = 0; i < product.Length; i++) product[i] *= result[i / positions];
        return NDArray.Create(product, sampleWeight.Shape);
    }

    private static int Index(float value, int sample) => float.IsInteger(value) && value is >= 0 and <= 1 << 24
        ? (int)value
        : throw new ModelException(
            $"classWeight needs class indices as targets, but that of sample {sample} is {value}. Use sampleWeight, or leave classWeight out.");

    /// <summary>The class of a one-hot row; its label may be smoothed.</summary>
    private static int Largest(ReadOnlySpan<float> row, int sample)
    {
        if (TensorPrimitives.Min(row) < 0 || Math.Abs(TensorPrimitives.Sum(row) - 1) > Rounding)
        {
            throw new ModelException(
                $"classWeight needs class indices or one-hot rows as targets, but that of sample {sample} is no distribution over {row.Length} classes. "
                + "Use sampleWeight, or leave classWeight out.");
        }

        return TensorPrimitives.IndexOfMax(row);
    }
}
