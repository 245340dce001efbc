namespace OnnxFunctional.Training;

/// <summary>Which way a monitored value is better.</summary>
public enum MonitorMode
{
    /// <summary>By its name: larger accuracies, smaller losses.</summary>
    Auto,

    /// <summary>Smaller is better.</summary>
    Min,

    /// <summary>Larger is better.</summary>
    Max,
}
