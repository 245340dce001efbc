using System.CommandLine;
using System.Globalization;
using OnnxFunctional.Cli.Commands;
using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli;

/// <summary>The commands of onnxf. Errors become a sentence on standard error and exit code 1.</summary>
internal static class CommandLine
{
    /// <summary>Exit code after Ctrl+C, as shells expect it.</summary>
    public const int Cancelled = 130;

    // Time after Ctrl+C for the current step and a checkpoint of a gigabyte.
    private static readonly TimeSpan s_timeToStop = TimeSpan.FromSeconds(60);

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
            .InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = s_timeToStop })
            .ConfigureAwait(false);
    }

    /// <summary>Runs a command's work on a pool thread, because Ctrl+C is handled only once the command has returned its task.</summary>
    public static Task<int> Start(Func<int> work) => Task.Run(() => Guard(work), CancellationToken.None);

    /// <summary>Runs a command's work and turns errors that users can fix into a sentence.</summary>
    public static int Guard(Func<int> work)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped.");
            return Cancelled;
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
