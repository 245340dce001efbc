using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using OnnxFunctional.Cli.Commands;
using OnnxFunctional.Cli.Results;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli;

/// <summary>
/// The commands of onnxf, and what their exit codes mean: 0 done, 1 an error while running, 2 wrong usage, 130 stopped by Ctrl+C. Errors are sentences on
/// standard error.
/// </summary>
internal static class CommandLine
{
    private const int RunTimeError = 1;
    private const int UsageError = 2;

    public static async Task<int> Run(string[] args)
    {
        var root = new RootCommand("Compose, train and export neural networks: every exported ONNX file is verified against the engine.")
        {
            QuickstartCommand.Create(),
            NewCommand.Create(),
            TrainCommand.Create(),
            EvaluateCommand.Create(),
            PredictCommand.Create(),
            ConvertCommand.Create(),
            PruneCommand.Create(),
            QuantizeCommand.Create(),
            CompressCommand.Create(),
            BenchCommand.Create(),
            VerifyCommand.Create(),
            SummaryCommand.Create(),
            PlotCommand.Create(),
            ReportCommand.Create(),
        };

        Examples.AddTo(root);

        // A file may be called @data; nothing is read from it.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if ((parsed.Action is null or ParseErrorAction || parsed.Action == parsed.CommandResult.Command.Action)
            && UsageErrors.Of(parsed) is { Count: > 0 } errors)
        {
            foreach (var error in errors) Console.Error.WriteLine(error);
            var command = parsed.CommandResult.Command;
            Console.Error.WriteLine($"See onnxf {(command is RootCommand ? "" : command.Name + " ")}--help.");
            return UsageError;
        }

        return await parsed
            .InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null })
            .ConfigureAwait(false);
    }

    /// <summary>Gives a command its work, whose errors become sentences; adds the option --json.</summary>
    /// <param name="command">The command.</param>
    /// <param name="work">Does the work and returns the exit code.</param>
    public static Command Runs(this Command command, Func<ParseResult, Report, Interruption, int> work)
    {
        var json = Typed.Flag("--json", "Writes the result as one JSON object.");
        command.Add(json);
        command.SetAction(parsed => Run(interruption => work(parsed, new Report(parsed.GetValue(json)), interruption)));
        return command;
    }

    private static int Run(Func<Interruption, int> work)
    {
        using var interruption = new Interruption();
        try
        {
            return work(interruption);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped.");
            return interruption.ExitCode;
        }
        catch (Exception error) when (error is ModelException or ExportException or DataException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(CommandWords.Of(error.Message));
        }
        catch (OutOfMemoryException)
        {
            var allowed = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e6;
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"There is not enough memory: the process may use {allowed:#,0.#} MB in all. Raise the limit of the container or of DOTNET_GCHeapHardLimit."));
        }
        catch (ArgumentException error)
        {
            // The name of the library's parameter, which .NET adds, says nothing to the user of a command.
            var end = error.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
            Console.Error.WriteLine(end < 0 ? error.Message : error.Message[..end]);
        }
        catch (Exception fault)
        {
            Console.Error.WriteLine($"This is a fault of onnxf. Please report it with the command and what follows.{Environment.NewLine}{fault}");
        }

        return RunTimeError;
    }
}
