namespace OnnxFunctional;

/// <summary>
/// The error for a model, a batch or a file that needs more memory than the process may use; the message names the largest requests with their bytes, and a
/// remedy. The process may use the machine's memory, or what the limit of its container or of the heap (<c>DOTNET_GCHeapHardLimit</c>) leaves.
/// </summary>
/// <remarks>Nothing was changed: no weight, and no file. After the cause is mended, the same objects can be used on.</remarks>
public sealed class ModelMemoryException : ModelException
{
    /// <summary>Creates an error with a message.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    public ModelMemoryException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error with a message and its cause.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    /// <param name="innerException">The exception that caused it.</param>
    public ModelMemoryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
