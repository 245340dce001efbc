using System.Globalization;

namespace OnnxFunctional.Training.Execution;

/// <summary>A request for memory, for messages.</summary>
/// <param name="What">What is stored: the name of the operator that computes it, or a weight.</param>
/// <param name="Scope">The layer call it belongs to.</param>
/// <param name="Spec">Shape and type.</param>
/// <param name="Bytes">The size.</param>
internal readonly record struct MemoryRequest(string What, LayerCall? Scope, TensorSpec Spec, long Bytes)
{
    public override string ToString() =>
        $"{What} {Spec}{(Scope is null ? "" : $" in layer '{Scope.Path}'")} with {MemoryShortage.Megabytes(Bytes)}";
}

/// <summary>The sentences for memory that the process may not use.</summary>
internal static class MemoryShortage
{
    /// <summary>How many of the largest requests a message names.</summary>
    public const int Named = 3;

    private const string Smaller = "Use a smaller batch, shorter sequences or smaller images, or raise the limit.";

    /// <summary>The error for memory of a known size.</summary>
    /// <param name="what">What the memory is for.</param>
    /// <param name="bytes">The size of all of it.</param>
    /// <param name="largest">The largest requests, the first first.</param>
    /// <param name="cause">What failed.</param>
    public static ModelMemoryException Of(string what, long bytes, IEnumerable<MemoryRequest> largest, Exception cause) => new(
        $"There is not enough memory for {what}: {Megabytes(bytes)} are needed, and the process may use {Allowed} in all. "
        + $"The largest requests are {string.Join("; ", largest)}. {Smaller}",
        cause);

    /// <summary>Does work for a model; if memory runs out, the message names the model's largest weights.</summary>
    /// <param name="to">The work: <c>to export 'model.onnx'</c>.</param>
    /// <param name="model">The model.</param>
    /// <param name="work">The work.</param>
    /// <exception cref="ModelMemoryException">Memory ran out.</exception>
    public static T Guard<T>(string to, Model model, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (OutOfMemoryException cause)
        {
            var weights = model.WeightPaths().ToList();
            var largest = weights.OrderByDescending(named => named.Weight.Shape.ElementCount).Take(Named).Select(named => new MemoryRequest(
                $"'{named.Path}'", null, new TensorSpec(named.Weight.Shape, DType.Float32), named.Weight.Shape.ElementCount * sizeof(float)));
            throw new ModelMemoryException(
                $"There is not enough memory {to}: the weights of '{model.Name}' take "
                + $"{Megabytes(weights.Sum(named => named.Weight.Shape.ElementCount) * sizeof(float))}, and the process may use {Allowed} in all. "
                + $"The largest weights are {string.Join("; ", largest)}. {Smaller}",
                cause);
        }
    }

    /// <summary>Reads a file; if memory runs out, the message names the file and its size.</summary>
    /// <exception cref="ModelMemoryException">Memory ran out.</exception>
    public static T GuardReading<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (OutOfMemoryException cause)
        {
            throw Reading(path, cause);
        }
    }

    /// <summary>The error for a file that does not fit into memory.</summary>
    public static ModelMemoryException Reading(string path, Exception cause) => new(
        $"There is not enough memory to read '{path}' of {Megabytes(FileSize.Of(path))}: the process may use {Allowed} in all. "
        + "Raise the limit, or use a smaller model.",
        cause);

    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:#,0.#} MB");

    private static string Allowed => Megabytes(EngineMemory.Plans.Available());
}
