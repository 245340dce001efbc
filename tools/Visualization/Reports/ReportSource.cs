using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>What a report is made of. What is null is left out, and the page says what to pass.</summary>
/// <param name="Model">The model.</param>
internal sealed record ReportSource(Model Model)
{
    /// <summary>Knows losses and metrics.</summary>
    public Trainer? Trainer { get; init; }

    public NDArrays? X { get; init; }

    public NDArrays? Y { get; init; }

    public History? History { get; init; }

    public ExportReport? Verification { get; init; }

    /// <summary>The names of the classes; null for their numbers.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>How many of the worst samples are shown.</summary>
    public int Worst { get; init; } = 12;

    /// <summary>Measured times; null if there are none.</summary>
    public ProfileReport? Profile { get; init; }

    /// <summary>Whether the page follows a training that is under way.</summary>
    public bool IsLive { get; init; }

    /// <summary>Samples that are computed at a time.</summary>
    public int BatchSize => Model.Inputs[0].Shape[0] ?? 256;
}

/// <summary>A part of the page.</summary>
/// <param name="Id">Its anchor.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Content">Its HTML.</param>
internal sealed record ReportSection(string Id, string Title, string Content);
