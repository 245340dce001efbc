namespace OnnxFunctional;

/// <summary>A model that cannot be built or used as asked; the message names the layer, what was expected, what came, and a remedy.</summary>
public class ModelException : ArgumentException
{
    /// <summary>An error with its sentence.</summary>
    public ModelException(string message)
        : base(message)
    {
    }

    /// <summary>An error with its sentence and what caused it.</summary>
    public ModelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the message already says in which layer it happened.</summary>
    internal bool NamesLayer { get; init; }
}
