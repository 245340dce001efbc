using System.CommandLine;
using System.Text.Json.Nodes;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>A file of a model that is written; its name says which kind.</summary>
internal static class ModelFileTarget
{
    // With less, networks of few weights would be compared layer by layer; more is not faster.
    private const long LeastMemory = 6 << 20;
    private const long MostMemory = 1 << 28;

    // Up to here, memory of the size of all weights saves groups, each of which opens two sessions.
    private const long SmallWeights = 32 << 20;

    private static readonly string[] s_extensions = [".onnx", ".keras", ".json"];

    public static Argument<string> Argument(string description)
    {
        var argument = new Argument<string>("TARGET") { Description = description };
        argument.Validators.Add(result =>
        {
            var name = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (!s_extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase))
                result.AddError($"TARGET is '{name}'; expected a name that ends in {Typed.List(s_extensions)}.");
        });
        return argument;
    }

    /// <summary>What comparing layers may take: as much as half of the weights, and more of few, so that any network that fits can be written.</summary>
    private static long VerificationMemory(Model model)
    {
        var weights = sizeof(float) * model.CountParams();
        return Math.Clamp(Math.Max(weights / 2, Math.Min(weights, SmallWeights)), LeastMemory, MostMemory);
    }

    /// <summary>Writes a model, and tells what was written.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file.</param>
    /// <param name="description">What the model was trained on, which ONNX files keep.</param>
    /// <param name="options">How an ONNX file is written.</param>
    /// <param name="report">Is told.</param>
    /// <param name="kept">Further entries of metadata of the file that the model is from.</param>
    /// <param name="others">What else the result for programs says.</param>
    public static void Write(
        Model model,
        string path,
        DataDescription? description,
        ExportOptions options,
        Report report,
        IReadOnlyDictionary<string, string> kept,
        JsonObject? others = null)
    {
        var result = others ?? [];
        if (Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            var export = model.ExportOnnx(
                path, options with { Metadata = kept.Concat(options.Metadata).ToDictionary(), VerificationMemory = VerificationMemory(model) });
            report.Line(export);
            foreach (var place in export.OnCpu) report.Line("Runs on the processor: " + place);
            foreach (var (key, value) in VerifyCommand.ToJson(export)) result[key] = value?.DeepClone();
            result["onCpu"] = Report.Texts(export.OnCpu);
        }
        else
        {
            if (Path.GetExtension(path).Equals(".keras", StringComparison.OrdinalIgnoreCase)) model.Save(path);
            else WholeFile.Write(path, writer => writer.Write(model.ToJson(indented: true)));
            if (description is not null) report.Line("The names of columns and classes stay behind: only ONNX files keep them.");
            (result["file"], result["bytes"]) = (path, new FileInfo(path).Length);
        }

        report.Line($"Wrote {path}");
        report.Result(result);
    }
}
