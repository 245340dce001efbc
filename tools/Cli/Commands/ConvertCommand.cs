using System.CommandLine;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Converts models between Keras' files and ONNX, without Python.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("SOURCE") { Description = "A model that Keras 3 or this library saved: .keras, or .onnx of this library." };
        var target = ModelFileTarget.Argument("The file to write: .onnx, which is verified, .keras, or .json for Keras' architecture without weights.");
        var opset = CommonOptions.Opset();
        var command = new Command("convert", "Turn a .keras file into a verified ONNX file, or an ONNX file of this library into a .keras file.")
        {
            source,
            target,
            opset,
        };
        return command.Runs((parsed, report, _) =>
        {
            var (from, to) = (parsed.GetRequiredValue(source), parsed.GetRequiredValue(target));
            OnnxFile.CheckWritable(to);
            var description = ModelSource.DescriptionOf(from);
            if (Path.GetFullPath(from) == Path.GetFullPath(to))
                throw new ModelException($"Source and target are both '{from}'. Give the target another name.");
            ModelFileTarget.Write(Model.Load(from), to, description, parsed.GetValue(opset), report);
            return 0;
        });
    }
}
