namespace OnnxFunctional.Training.Data;

/// <summary>Puts samples together.</summary>
internal static class Batches
{
    /// <summary>A batch of all samples of some.</summary>
    /// <exception cref="ModelException">They differ in shapes or types, or some have weights and some have none.</exception>
    public static Batch Together(IReadOnlyList<Batch> samples)
    {
        if (samples.Count == 1) return samples[0];
        var weights = samples.Select(sample => sample.SampleWeight).OfType<NDArrays>().ToArray();
        if (weights.Length != 0 && weights.Length != samples.Count)
            throw new ModelException("Some samples of a batch have a weight and some have none. Give a weight to all of them or to none.");
        return new Batch(
            NDArrays.Concatenate([.. samples.Select(sample => sample.X)]),
            NDArrays.Concatenate([.. samples.Select(sample => sample.Y)]),
            weights.Length == 0 ? null : NDArrays.Concatenate(weights));
    }
}
