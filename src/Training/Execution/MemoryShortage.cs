using System.Globalization;

namespace OnnxFunctional.Training.Execution;

/// <summary>A request for memory, for messages.</summary>
/// <param name="What">What is stored: the name of the operator that computes it.</param>
/// <param name="Scope">The layer call it belongs to.</param>
/// <param name="Spec">Shape and type.</param>
/// <param name="Bytes">The size.</param>
internal readonly record struct MemoryRequest(string What, LayerCall? Scope, TensorSpec Spec, long Bytes);

/// <summary>The sentence for memory that the process may not use.</summary>
internal static class MemoryShortage
{
    /// <summary>How many of the largest requests a message names.</summary>
    public const int Named = 3;

    /// <summary>The error.</summary>
    /// <param name="what">What the memory is for.</param>
    /// <param name="bytes">The size of all of it.</param>
    /// <param name="largest">The largest requests, the first first.</param>
    /// <param name="cause">What failed.</param>
    public static ModelMemoryException Of(string what, long bytes, IEnumerable<MemoryRequest> largest, Exception cause)
    {
        var parts = largest.Select(request =>
            $"{request.What} {request.Spec}{(request.Scope is { } scope ? $" in layer '{scope.Path}'" : "")} with {Megabytes(request.Bytes)}");
        return new ModelMemoryException(
            $"There is not enough memory for {what}: {Megabytes(bytes)} are needed, and the process may use {Megabytes(EngineMemory.Available())} in all. "
            + $"The largest requests are {string.Join("; ", parts)}. Use a smaller batch, shorter sequences or smaller images, or raise the limit.",
            cause);
    }

    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:#,0.#} MB");
}
