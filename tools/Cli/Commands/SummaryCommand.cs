using System.CommandLine;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Shows the contents of an ONNX file.</summary>
internal static class SummaryCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "An ONNX file." };
        var command = new Command("summary", "Print inputs, outputs, operators and parameters of an ONNX file.") { file };
        command.SetAction(parsed => CommandLine.Run(_ =>
        {
            var summary = OnnxFile.Summarize(parsed.GetRequiredValue(file));
            Console.Out.WriteLine(summary);
            return 0;
        }));
        return command;
    }
}
