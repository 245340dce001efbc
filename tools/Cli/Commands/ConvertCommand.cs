using System.CommandLine;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Converts a Keras file to a verified ONNX file, without Python.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("SOURCE") { Description = "A model that Keras 3 or this library saved (.keras)." };
        var target = new Argument<string>("TARGET") { Description = "The ONNX file to write." };
        var opset = new Option<int>("--opset")
        {
            Description = $"The version of ONNX's operators, {ExportOptions.OldestOpset} to {ExportOptions.NewestOpset}.",
            DefaultValueFactory = _ => ExportOptions.NewestOpset,
        };
        var command = new Command("convert", "Turn a .keras file into an ONNX file and compare the engine with ONNX Runtime for every layer.")
        {
            source,
            target,
            opset,
        };
        command.SetAction(parsed => CommandLine.Run(_ =>
        {
            var (from, to) = (parsed.GetRequiredValue(source), parsed.GetRequiredValue(target));
            OnnxFile.CheckWritable(to);
            if (!File.Exists(from))
                throw new ModelException($"There is no file '{from}'. Give a .keras file; the current folder is '{Environment.CurrentDirectory}'.");
            if (Path.GetFullPath(from) == Path.GetFullPath(to))
                throw new ModelException($"Source and target are both '{from}'. Give the ONNX file another name.");
            var report = Model.Load(from).ExportOnnx(to, new ExportOptions { Opset = parsed.GetValue(opset) });
            Console.Out.WriteLine(report.ToString());
            Console.Out.WriteLine($"Wrote {to}");
            return 0;
        }));
        return command;
    }
}
