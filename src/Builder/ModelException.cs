namespace OnnxFunctional;

/// <summary>
/// The error for a model that cannot be built or used as requested; the message names the layer, what was expected, what was received, and a remedy.
/// </summary>
public class ModelException : ArgumentException
{
    /// <summary>Creates an error with a message.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    public ModelException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an error with a message and its cause.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    /// <param name="innerException">The exception that caused it.</param>
    public ModelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the message already names the layer.</summary>
    internal bool NamesLayer { get; init; }
}
