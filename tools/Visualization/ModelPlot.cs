using System.Text;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Visualization.Drawings;
using OnnxFunctional.Visualization.Plots;

namespace OnnxFunctional.Visualization;

/// <summary>Draws models: Keras' plot_model, without Graphviz (https://keras.io/api/utils/model_plotting_utils/).</summary>
public static class ModelPlot
{
    /// <summary>
    /// Draws a model as a file: <c>.png</c>, <c>.svg</c>, <c>.pdf</c>, or <c>.mmd</c>, which is Mermaid text. A layer that is called several times is one box
    /// with a port for each call.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="toFile">The file, which is replaced; its name's end chooses the kind.</param>
    /// <param name="showShapes">Whether boxes show the shapes of inputs and outputs.</param>
    /// <param name="showDtype">Whether they show the type of outputs.</param>
    /// <param name="showLayerNames">Whether they show the layer's name beside its class.</param>
    /// <param name="rankdir">Where data flows to.</param>
    /// <param name="expandNested">Whether models in the model are frames around their layers.</param>
    /// <param name="dpi">Pixels per inch in a <c>.png</c> file; boxes are drawn for 96.</param>
    /// <param name="showLayerActivations">Whether boxes show the layer's activation.</param>
    /// <param name="showTrainable">Whether they show if the layer is trained.</param>
    /// <param name="foldRepeats">Whether a block that stands several times in a row is drawn once, in a frame that says how often.</param>
    /// <param name="wrapRuns">Whether a picture that is much longer than wide is broken into columns.</param>
    /// <exception cref="ModelException">
    /// The model is not built, the file's name has another end, the file cannot be written, or the picture would have too many pixels.
    /// </exception>
    /// <example><code>model.Plot("model.png", showShapes: true, showLayerNames: true);</code></example>
    public static void Plot(
        this Model model,
        string toFile = "model.png",
        bool showShapes = false,
        bool showDtype = false,
        bool showLayerNames = false,
        RankDirection rankdir = RankDirection.TopToBottom,
        bool expandNested = false,
        double dpi = 200,
        bool showLayerActivations = false,
        bool showTrainable = false,
        bool foldRepeats = false,
        bool wrapRuns = true)
    {
        ArgumentNullException.ThrowIfNull(model);
        var options = new PlotOptions(
            showShapes,
            showDtype,
            showLayerNames,
            rankdir,
            expandNested,
            dpi,
            showLayerActivations,
            showTrainable,
            foldRepeats,
            wrapRuns);
        Write(() => ModelGraph.Of(model, options), model.Name, toFile, options);
    }

    /// <summary>
    /// Draws any ONNX file: a box for each input and each node, whether the engine computes it or not. For a file of this library, whose layers are known, open
    /// the model and use <see cref="Plot"/>.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="toFile">The picture, as in <see cref="Plot"/>.</param>
    /// <param name="showShapes">Whether boxes show the types and dimensions that the file declares.</param>
    /// <param name="showLayerNames">Whether they show the node's name beside its operator.</param>
    /// <param name="rankdir">Where data flows to.</param>
    /// <param name="expandNested">Whether the bodies of If, Loop and Scan are frames around their nodes.</param>
    /// <param name="dpi">Pixels per inch in a <c>.png</c> file; boxes are drawn for 96.</param>
    /// <param name="foldRepeats">Whether a block that stands several times in a row is drawn once, in a frame that says how often.</param>
    /// <param name="wrapRuns">Whether a picture that is much longer than wide is broken into columns.</param>
    /// <exception cref="OnnxFileException">The file is missing or damaged.</exception>
    /// <exception cref="ModelException">The picture's name has another end, it cannot be written, or it would be too large.</exception>
    /// <example><code>ModelPlot.PlotFile("resnet18.onnx", "resnet18.svg", showLayerNames: true);</code></example>
    public static void PlotFile(
        string path,
        string toFile = "model.png",
        bool showShapes = false,
        bool showLayerNames = false,
        RankDirection rankdir = RankDirection.TopToBottom,
        bool expandNested = false,
        double dpi = 200,
        bool foldRepeats = false,
        bool wrapRuns = true)
    {
        ArgumentNullException.ThrowIfNull(path);
        var options = new PlotOptions(
            showShapes,
            ShowLayerNames: showLayerNames,
            Rankdir: rankdir,
            ExpandNested: expandNested,
            Dpi: dpi,
            FoldRepeats: foldRepeats,
            WrapRuns: wrapRuns);
        Write(() => FileGraph.Of(OnnxFileGuard.ReadFile(path, new OnnxFileLimits()), options), Path.GetFileName(path), toFile, options);
    }

    /// <summary>Checks what was asked for, then draws.</summary>
    private static void Write(Func<PlotGraph> read, string name, string toFile, PlotOptions options)
    {
        var kind = PictureFile.KindOf(toFile, ".png", ".svg", ".pdf", ".mmd");
        PictureFile.CheckDpi(options.Dpi);
        if (!Enum.IsDefined(options.Rankdir)) throw new ModelException($"rankdir: expected a {nameof(RankDirection)}, got {options.Rankdir}.");
        var graph = options.FoldRepeats ? RepeatedBlocks.Fold(read()) : read();
        var boxes = graph.BoxCount;
        if (boxes > PlotGraph.MostBoxes)
        {
            throw new ModelException(
                $"The picture of '{name}' would have {boxes} boxes; at most {PlotGraph.MostBoxes} are drawn. Fold repeated blocks, "
                + "leave models inside it closed, or draw a part: a model between two tensors.");
        }

        var content = kind == ".mmd" ? Encoding.UTF8.GetBytes(MermaidWriter.Write(graph, options.Rankdir)) : Picture(graph, name, kind, options);
        PictureFile.Write(toFile, content);
    }

    private static byte[] Picture(PlotGraph graph, string name, string kind, PlotOptions options)
    {
        using var font = new PictureFont();
        var drawing = PlotPainter.Paint(graph, name, options, font);
        return kind switch
        {
            ".svg" => Encoding.UTF8.GetBytes(SvgWriter.Write(drawing)),
            ".pdf" => SkiaWriter.Pdf(drawing, font),
            _ => SkiaWriter.Png(drawing, font, options.Dpi),
        };
    }
}
