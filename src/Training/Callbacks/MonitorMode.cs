namespace OnnxFunctional.Training;

/// <summary>Whether larger or smaller values of a monitored value are better.</summary>
public enum MonitorMode
{
    /// <summary>Decided by the name: larger accuracies, smaller losses.</summary>
    Auto,

    /// <summary>Smaller is better.</summary>
    Min,

    /// <summary>Larger is better.</summary>
    Max,
}
