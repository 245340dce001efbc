using System.CommandLine;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Converts models between Keras' files and ONNX, and ONNX files of any origin into verified ones, without Python.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("SOURCE") { Description = "A model: a .keras file, or an ONNX file of any origin." };
        var target = ModelFileTarget.Argument("The file to write: .onnx, which is verified, .keras, or .json for Keras' architecture without weights.");
        var (export, import) = (new ExportArguments(withSizes: true), new ImportArguments());
        var command = new Command(
            "convert",
            "Turn a .keras or .h5 file into a verified ONNX file, an ONNX file of this library into a .keras file, or any ONNX file into one of another opset.")
        {
            source,
            target,
        };
        export.AddTo(command);
        import.AddTo(command);
        return command.Runs((parsed, report, _) =>
        {
            var (from, to) = (parsed.GetRequiredValue(source), parsed.GetRequiredValue(target));
            OnnxFile.CheckWritable(to);
            var description = ModelSource.DescriptionOf(from);
            if (Path.GetFullPath(from) == Path.GetFullPath(to))
                throw new ModelException($"Source and target are both '{from}'. Give the target another name.");
            var model = ModelSource.Open(from, import.Options(parsed, from));
            ModelFileTarget.Write(model, to, description, export.Options(parsed, description), report, ModelSource.MetadataOf(from));
            return 0;
        });
    }
}
