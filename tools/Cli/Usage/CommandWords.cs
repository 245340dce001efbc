using System.Text.RegularExpressions;

namespace OnnxFunctional.Cli.Usage;

/// <summary>Remedies that the library names by its members, in the words of the command line.</summary>
internal static partial class CommandWords
{
    /// <summary>A message of the library for the user of a command.</summary>
    public static string Of(string message)
    {
        message = NoConfiguration().Replace(message, "The file holds nodes of an ONNX file, so no .keras file can be made of it; onnxf train trains it.");
        message = Value().Replace(message, "--bind $1=VALUE");
        message = Sizes().Replace(message, "--input-shape $1=SIZES");
        return message
            .Replace("Set ExportTarget.CpuFallback, or choose TargetProvider.Cpu.", "Add --cpu-fallback, or another --target.", StringComparison.Ordinal)
            .Replace("in ExportOptions.Sizes", "by --size NAME=SIZE of onnxf convert", StringComparison.Ordinal)
            .Replace("and ExportOptions.Opset is", "and --opset is", StringComparison.Ordinal)
            .Replace("leave Opset out, or name", "leave --opset out, or name", StringComparison.Ordinal)
            .Replace("ImportOptions.BindShape gives", "--input-shape gives", StringComparison.Ordinal)
            .Replace("OnnxFile.LoadModel opens its nodes as layers, OnnxModel.Load runs it.", "onnxf predict runs it.", StringComparison.Ordinal)
            .Replace("OnnxModel.Load runs it.", "onnxf predict runs it.", StringComparison.Ordinal)
            .Replace("ExportOnnx writes them, and OnnxFile.LoadModel opens that file.", "Give a name that ends in .onnx.", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"The file runs everywhere, but Model\.Load [^\r\n]*it holds nodes of an ONNX file, [^\r\n]*opens that file\.")]
    private static partial Regex NoConfiguration();

    [GeneratedRegex("""ImportOptions\.Bind\("(.+?)", values\)""")]
    private static partial Regex Value();

    [GeneratedRegex("""ImportOptions\.BindShape\("(.+?)", shape\)""")]
    private static partial Regex Sizes();
}
