using OnnxFunctional.Visualization.Drawings;
using OnnxFunctional.Visualization.Plots;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>What holds for every picture of a graph.</summary>
internal static class PictureChecks
{
    /// <summary>Options that show all there is.</summary>
    public static PlotOptions Everything { get; } = new(
        ShowShapes: true,
        ShowDtype: true,
        ShowLayerNames: true,
        ExpandNested: true,
        ShowLayerActivations: true,
        ShowTrainable: true);

    /// <summary>Nothing overlaps, nothing is cut, no line goes through a box or a text.</summary>
    public static void KeepsClear(PlotGraph graph, PlotOptions options)
    {
        using var font = new PictureFont();
        var picture = Draw(graph, options, font);
        Assert.HasCount(Boxes(graph), picture.Boxes);
        Assert.HasCount(Edges(graph), picture.Edges);
        var page = new SvgPicture.Area("page", 0, 0, picture.Width, picture.Height);
        foreach (var area in picture.Boxes.Concat(picture.Frames)) Assert.IsTrue(page.Contains(area), $"{area} is not on {page}");
        foreach (var (i, box) in picture.Boxes.Index())
        {
            foreach (var other in picture.Boxes.Skip(i + 1)) Assert.IsFalse(box.Overlaps(other), $"{box} overlaps {other}");
            foreach (var frame in picture.Frames) Assert.IsTrue(frame.Contains(box) || !frame.Overlaps(box), $"{box} is across the border of {frame}");
        }

        CheckTexts(picture);
        foreach (var edge in picture.Edges)
        {
            foreach (var point in edge.Points)
            {
                Assert.IsTrue(page.HasInside(point), $"{edge.Name} leaves the page at {point}");
                foreach (var box in picture.Boxes) Assert.IsFalse(box.HasInside(point), $"{edge.Name} goes through {box} at {point}");
                foreach (var text in picture.Texts.Where(text => text.Kind == "frame"))
                    Assert.IsFalse(text.Area.HasInside(point), $"{edge.Name} goes through the text '{text.Value}' at {point}");
            }
        }
    }

    /// <summary>Lines cross no more often than in the picture that dot makes of the same boxes.</summary>
    public static void CrossesNoMoreThanDot(PlotGraph graph, PlotOptions options)
    {
        using var font = new PictureFont();
        var theirs = Crossings.Count(DotOracle.Lines(graph, box => BoxText.Measure(box, font) is var (_, _, width, height) ? (width, height) : default));
        var ours = Crossings.Count([.. Draw(graph, options, font).Edges.Select(edge => edge.Points)]);
        Console.WriteLine($"{ours} crossings, dot {theirs}");
        Assert.IsLessThanOrEqualTo(theirs, ours, "crossings");
    }

    private static void CheckTexts(SvgPicture picture)
    {
        foreach (var text in picture.Texts)
        {
            var home = (text.Kind == "box" ? picture.Boxes : picture.Frames).Where(area => area.Name == text.Owner && area.Overlaps(text.Area)).ToList();
            Assert.IsTrue(home.Exists(area => area.Contains(text.Area)), $"the text '{text.Value}' at {text.Area} is not inside {string.Join(" or ", home)}");
            Assert.IsGreaterThanOrEqualTo(9, text.Size, text.Value);
        }

        foreach (var (i, text) in picture.Texts.Index())
        {
            foreach (var other in picture.Texts.Skip(i + 1)) Assert.IsFalse(text.Area.Overlaps(other.Area), $"'{text.Value}' and '{other.Value}' overlap");
        }
    }

    private static SvgPicture Draw(PlotGraph graph, PlotOptions options, PictureFont font) =>
        SvgPicture.Parse(SvgWriter.Write(PlotPainter.Paint(graph, "model", options, font)));

    private static int Boxes(PlotGraph graph) => graph.Boxes.Sum(box => box.Inner is null ? 1 : Boxes(box.Inner));

    /// <summary>Edges of the graph and of all frames, whose ports have edges inside too.</summary>
    private static int Edges(PlotGraph graph) => graph.Edges.Count + graph.Boxes.Sum(box => box.Inner is not { } inner ? 0
        : Edges(inner) + inner.Entries.Sum(entry => entry.Count) + inner.Exits.Sum(exit => exit.Count));
}
