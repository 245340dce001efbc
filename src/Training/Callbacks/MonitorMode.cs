namespace OnnxFunctional.Training;

/// <summary>Whether larger or smaller values of a monitored value are better.</summary>
public enum MonitorMode
{
    /// <summary>
    /// Decided by what is monitored: smaller losses and errors, larger accuracies. A custom value that tells neither is refused before the first step.
    /// </summary>
    Auto,

    /// <summary>Smaller is better.</summary>
    Min,

    /// <summary>Larger is better.</summary>
    Max,
}
