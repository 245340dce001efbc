namespace OnnxFunctional.Training;

/// <summary>What Fit prints.</summary>
public enum Verbosity
{
    /// <summary>A bar on a console, a line an epoch where output is redirected.</summary>
    Auto,

    /// <summary>Nothing.</summary>
    Silent,

    /// <summary>A bar that moves.</summary>
    Bar,

    /// <summary>One line an epoch.</summary>
    Lines,
}
