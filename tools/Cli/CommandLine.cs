using System.CommandLine;
using System.Globalization;
using OnnxFunctional.Cli.Commands;
using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli;

/// <summary>The commands of onnxf. Errors become a sentence on standard error and exit code 1.</summary>
internal static class CommandLine
{
    public static async Task<int> Run(string[] args)
    {
        var root = new RootCommand("Compose, train and export neural networks: every exported ONNX file is verified against the engine.")
        {
            QuickstartCommand.Create(),
            TrainCommand.Create(),
            ConvertCommand.Create(),
            VerifyCommand.Create(),
            SummaryCommand.Create(),
        };
        return await root.Parse(args)
            .InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null })
            .ConfigureAwait(false);
    }

    /// <summary>Runs a command's work and turns errors that users can fix into a sentence.</summary>
    public static int Run(Func<Interruption, int> work)
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
            Console.Error.WriteLine(error.Message);
            return 1;
        }
        catch (OutOfMemoryException)
        {
            var allowed = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e6;
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"There is not enough memory: the process may use {allowed:#,0.#} MB in all. Raise the limit of the container or of DOTNET_GCHeapHardLimit."));
            return 1;
        }
    }
}
