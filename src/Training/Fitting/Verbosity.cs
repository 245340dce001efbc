namespace OnnxFunctional.Training;

/// <summary>What Fit prints.</summary>
public enum Verbosity
{
    /// <summary>A bar on a console, one line per epoch if output is redirected.</summary>
    Auto,

    /// <summary>No output.</summary>
    Silent,

    /// <summary>A progress bar.</summary>
    Bar,

    /// <summary>One line per epoch.</summary>
    Lines,
}
