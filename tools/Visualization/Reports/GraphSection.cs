using OnnxFunctional.Visualization.Drawings;
using OnnxFunctional.Visualization.Plots;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>The picture of the model whose boxes are buttons, with a search, a zoom, and a panel for the numbers of a layer.</summary>
internal static class GraphSection
{
    /// <summary>The section.</summary>
    public static ReportSection Of(Model model)
    {
        var html = new Html();
        var graph = ModelGraph.Of(model, Options(expandNested: true));
        if (graph.BoxCount > PlotGraph.MostBoxes) graph = ModelGraph.Of(model, Options(expandNested: false));
        if (graph.BoxCount > PlotGraph.MostBoxes)
            html.Paragraph($"The picture would have {graph.BoxCount} boxes; at most {PlotGraph.MostBoxes} are drawn. The costs list all layers.", "missing");
        else Add(model, graph, html);
        return new ReportSection("graph", "Graph", html.ToString());
    }

    private static PlotOptions Options(bool expandNested) =>
        new(ShowShapes: true, ShowLayerNames: true, ShowLayerActivations: true, ExpandNested: expandNested);

    private static void Add(Model model, PlotGraph graph, Html html)
    {
        using var font = new PictureFont();
        var picture = SvgWriter.Write(PlotPainter.Paint(graph, model.Name, Options(expandNested: true), font), isInteractive: true);
        html.Markup("""
            <div class="tools">
            <label for="search">Search layers</label><input id="search" type="search" autocomplete="off" spellcheck="false"/>
            <span class="buttons" role="group" aria-label="Zoom"><button id="zoom-out" type="button" aria-label="Zoom out">&#8722;</button>
            <button id="zoom-in" type="button" aria-label="Zoom in">+</button><button id="zoom-fit" type="button">Fit</button></span>
            <output id="zoom" aria-label="Zoom in percent"></output></div>
            <p id="found" role="status" class="note">Click a layer for its numbers. Keys in the picture: + and - zoom, 0 fits, Tab goes from layer to layer.</p>
            <a class="skip" href="#after-graph">Skip the picture</a>
            <div class="graph"><div id="view" role="region" tabindex="0" aria-label="Picture of the model">
            """);
        html.Markup("\n").Markup(picture);
        html.Markup("</div>\n<aside id=\"layer\" tabindex=\"-1\" aria-label=\"The selected layer\"><h3>No layer is selected</h3></aside></div>\n");
        html.Markup("<div id=\"after-graph\" tabindex=\"-1\"></div>\n");
    }
}
