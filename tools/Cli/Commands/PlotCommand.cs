using System.CommandLine;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;
using OnnxFunctional.Visualization;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Draws a model.</summary>
internal static class PlotCommand
{
    private static readonly string[] s_directions = ["TB", "BT", "LR", "RL"];

    public static Command Create()
    {
        var model = CommonOptions.Model("An ONNX file of any origin, a .keras file, or Keras' JSON.");
        var picture = new Argument<string>("PICTURE") { Description = "The file to write: .png, .svg, .pdf, or .mmd, which is Mermaid text." };
        var shapes = Typed.Flag("--show-shapes", "Shows the shapes of inputs and outputs.");
        var dtype = Typed.Flag("--show-dtype", "Shows the type of outputs.");
        var names = Typed.Flag("--show-layer-names", "Shows the names of layers.");
        var activations = Typed.Flag("--show-layer-activations", "Shows the activations of layers.");
        var trainable = Typed.Flag("--show-trainable", "Shows which layers are trained.");
        var nested = Typed.Flag("--expand-nested", "Draws models inside the model as frames around their layers.");
        var fold = Typed.Flag("--fold-repeats", "Draws a block that stands several times in a row once, in a frame that says how often.");
        var noWrap = Typed.Flag("--no-wrap", "Draws a long run in one piece instead of columns.");
        var rankdir = Typed.Choice("--rankdir", "Where data flows to.", "TB", s_directions);
        var dpi = Typed.Whole("--dpi", "Pixels per inch of a .png file; boxes are drawn for 96.", 200, least: 1, most: 2400);
        var import = new ImportArguments();
        var command = new Command("plot", "Draw a model: its layers, or the nodes of an ONNX file of another program.")
        {
            model, picture, shapes, dtype, names, activations, trainable, nested, fold, noWrap, rankdir, dpi,
        };
        import.AddTo(command);
        return command.Runs((parsed, report, _) =>
        {
            var (from, to) = (parsed.GetRequiredValue(model), parsed.GetRequiredValue(picture));
            var options = import.Options(parsed, from) with { Verify = false };
            var direction = (RankDirection)Array.IndexOf(s_directions, parsed.GetValue(rankdir));
            var isOfOthers = ModelSource.KindOf(from) == ModelKind.Onnx && !OnnxFile.ReadMetadata(from).ContainsKey(ModelSource.LayersKey);
            if (isOfOthers && import.AreUnused(parsed))
            {
                foreach (var flag in (Option<bool>[])[dtype, activations, trainable])
                {
                    if (parsed.GetValue(flag))
                        throw new ModelException($"{flag.Name} is for layers, and '{from}' holds nodes of another program. Leave it out.");
                }

                ModelPlot.PlotFile(
                    from,
                    to,
                    parsed.GetValue(shapes),
                    parsed.GetValue(names),
                    direction,
                    parsed.GetValue(nested),
                    parsed.GetValue(dpi),
                    parsed.GetValue(fold),
                    wrapRuns: !parsed.GetValue(noWrap));
            }
            else
            {
                ModelSource.Open(from, options).Plot(
                    to,
                    parsed.GetValue(shapes),
                    parsed.GetValue(dtype),
                    parsed.GetValue(names),
                    direction,
                    parsed.GetValue(nested),
                    parsed.GetValue(dpi),
                    parsed.GetValue(activations),
                    parsed.GetValue(trainable),
                    parsed.GetValue(fold),
                    wrapRuns: !parsed.GetValue(noWrap));
            }

            report.Line($"Drawn as {to}.");
            report.Result(new() { ["file"] = to });
            return 0;
        });
    }
}
