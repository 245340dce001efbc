namespace OnnxFunctional.Training.Data;

/// <summary>The bytes of elements of datasets.</summary>
internal static class ElementBytes
{
    /// <summary>Whether bytes of elements of a type are counted.</summary>
    public static bool AreCounted(Type type) => type == typeof(Batch) || type == typeof(NDArrays) || type == typeof(NDArray);

    /// <summary>The bytes of an element.</summary>
    public static long Of(object? element) => element switch
    {
        Batch batch => Of(batch.X) + Of(batch.Y) + Of(batch.SampleWeight),
        NDArrays arrays => arrays.Sum(array => array.HeldBytes),
        NDArray array => array.HeldBytes,
        _ => 0,
    };
}
