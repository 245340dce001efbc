using OnnxFunctional.Visualization.Layouts;

namespace OnnxFunctional.Visualization.Drawings;

/// <summary>What a picture shows, independent of the kind of file: figures from back to front. Sizes are in pixels at 96 per inch.</summary>
/// <param name="Width">The width.</param>
/// <param name="Height">The height.</param>
/// <param name="Title">What the picture is called.</param>
/// <param name="Description">What it shows, for those who cannot see it.</param>
/// <param name="Groups">The figures.</param>
internal sealed record Drawing(double Width, double Height, string Title, string Description, IReadOnlyList<FigureGroup> Groups);

/// <summary>Figures that belong together.</summary>
/// <param name="Kind">What they are: a box, a frame, an edge.</param>
/// <param name="Name">Whose they are, such as a layer's path; empty if nobody's.</param>
/// <param name="Figures">The figures, from back to front.</param>
internal sealed record FigureGroup(string Kind, string Name, IReadOnlyList<Figure> Figures)
{
    /// <summary>The path of the layer that can be chosen here in an interactive picture; null if there is none.</summary>
    public string? Path { get; init; }

    /// <summary>What the group shows, in words.</summary>
    public string Description { get; init; } = "";
}

/// <summary>One figure. Colors are written as #rrggbb.</summary>
internal abstract record Figure;

/// <summary>A rectangle with round corners.</summary>
internal sealed record Rectangle(double X, double Y, double Width, double Height, double Radius, string? Fill, string? Stroke, double StrokeWidth = 1) : Figure
{
    /// <summary>Whether its outline is dashed.</summary>
    public bool IsDashed { get; init; }

    /// <summary>Whether only the upper corners are round.</summary>
    public bool IsRoundAboveOnly { get; init; }
}

/// <summary>A line along a route, or an area if it is filled.</summary>
internal sealed record Line(Route Route, string? Fill, string? Stroke, double StrokeWidth = 1.2) : Figure;

/// <summary>A filled circle.</summary>
internal sealed record Circle(double X, double Y, double Radius, string Fill, string? Stroke = null) : Figure;

/// <summary>A line of text.</summary>
/// <param name="X">Its left end.</param>
/// <param name="Baseline">Its baseline.</param>
/// <param name="Text">The text.</param>
/// <param name="Size">The size of the font.</param>
/// <param name="Color">The color.</param>
/// <param name="Width">Its measured width.</param>
internal sealed record Label(double X, double Baseline, string Text, double Size, string Color, double Width) : Figure;
