using System.CommandLine;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Verifies a file again: compares the engine and ONNX Runtime on the same inputs, layer by layer.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "An ONNX file that this library wrote." };
        var command = new Command("verify", "Rebuild the model from the file and compare the engine with ONNX Runtime for every layer.") { file };
        command.SetAction(parsed => CommandLine.Run(_ =>
        {
            var report = OnnxFile.Verify(parsed.GetRequiredValue(file));
            Console.Out.WriteLine(report.ToString());
            return report.Passed ? 0 : 1;
        }));
        return command;
    }
}
