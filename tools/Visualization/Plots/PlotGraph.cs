namespace OnnxFunctional.Visualization.Plots;

/// <summary>What a box stands for; it decides the color.</summary>
internal enum BoxKind
{
    Input,
    Weights,
    Normalization,
    Activation,
    Merge,
    Model,
    Other,
}

/// <summary>A layer, an operator, or a frame around an inner graph.</summary>
internal sealed class PlotBox
{
    /// <summary>The name by which it is found, such as a layer's.</summary>
    public required string Name { get; init; }

    public required BoxKind Kind { get; init; }

    /// <summary>The text: a heading, then lines below it.</summary>
    public required IReadOnlyList<string> Lines { get; init; }

    /// <summary>What two boxes have in common that do the same: all but the name.</summary>
    public required string Signature { get; init; }

    /// <summary>What is written at each input port; none where the order of inputs does not matter.</summary>
    public IReadOnlyList<string> InputLabels { get; init; } = [];

    /// <summary>What is written at each output port.</summary>
    public IReadOnlyList<string> OutputLabels { get; init; } = [];

    public required int Inputs { get; init; }

    public required int Outputs { get; init; }

    /// <summary>Whether the model's outputs come from it.</summary>
    public bool IsOutput { get; set; }

    /// <summary>What is drawn inside it, if it is a frame.</summary>
    public PlotGraph? Inner { get; init; }
}

/// <summary>An edge from an output port to an input port.</summary>
internal sealed record PlotEdge(PlotBox From, int Output, PlotBox To, int Input);

/// <summary>A port of a box.</summary>
internal sealed record PlotPort(PlotBox Box, int Port)
{
    /// <summary>For an output port, the boxes inside all frames that it comes from; the box itself if it is no frame.</summary>
    public IEnumerable<PlotBox> Sources => Box.Inner is null ? [Box] : Box.Inner.Exits[Port].SelectMany(port => port.Sources).Distinct();

    /// <summary>For an input port, the boxes inside all frames that it leads to.</summary>
    public IEnumerable<PlotBox> Targets => Box.Inner is null ? [Box] : Box.Inner.Entries[Port].SelectMany(port => port.Targets).Distinct();
}

/// <summary>Boxes and edges of a picture, or of a frame in it.</summary>
internal sealed class PlotGraph
{
    /// <summary>The layout's time grows faster than the number of boxes, and nobody looks at more at once.</summary>
    public const int MostBoxes = 4000;

    /// <summary>The boxes, each after those it reads from where there is no cycle.</summary>
    public List<PlotBox> Boxes { get; } = [];

    public List<PlotEdge> Edges { get; } = [];

    /// <summary>For each input port of the frame, the ports inside that it leads to.</summary>
    public List<IReadOnlyList<PlotPort>> Entries { get; } = [];

    /// <summary>For each output port of the frame, the ports inside that it comes from: one, or one of each branch.</summary>
    public List<IReadOnlyList<PlotPort>> Exits { get; } = [];

    /// <summary>The number of boxes, in frames too.</summary>
    public int BoxCount => Boxes.Sum(box => 1 + (box.Inner?.BoxCount ?? 0));
}

/// <summary>What is drawn: Keras' options of plot_model, and two more.</summary>
internal sealed record PlotOptions(
    bool ShowShapes = false,
    bool ShowDtype = false,
    bool ShowLayerNames = false,
    RankDirection Rankdir = RankDirection.TopToBottom,
    bool ExpandNested = false,
    double Dpi = 200,
    bool ShowLayerActivations = false,
    bool ShowTrainable = false,
    bool FoldRepeats = false,
    bool WrapRuns = true);
