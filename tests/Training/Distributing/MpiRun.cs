using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>Processes that mpirun or srun starts: <see cref="DistributionWorker"/> on several ranks, or onnxf.</summary>
internal static partial class MpiRun
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>Runs the worker on a number of ranks, to its end.</summary>
    /// <param name="ranks">How many.</param>
    /// <param name="arguments">What the worker does.</param>
    /// <param name="heard">Is given each line; true starts a clock.</param>
    /// <returns>The exit code, all that was written, and the time since the clock was started.</returns>
    public static (int Code, string Output, TimeSpan Since) Run(int ranks, string[] arguments, Func<string, bool>? heard = null)
    {
        string[] all =
        [
            "-n", ranks.ToString(CultureInfo.InvariantCulture), Dotnet, typeof(MpiRun).Assembly.Location, DistributionWorker.Command, .. arguments,
        ];
        return Run("mpirun", all, "", heard);
    }

    /// <summary>Runs a launcher with the arguments given, to its end.</summary>
    /// <param name="launcher">mpirun or srun.</param>
    /// <param name="arguments">Its arguments; the word <c>onnxf</c> stands for the command line that the tests belong to.</param>
    /// <param name="folder">The folder to run in; empty for this one.</param>
    /// <param name="heard">Is given each line; true starts a clock.</param>
    /// <returns>The exit code, all that was written, and the time since the clock was started.</returns>
    public static (int Code, string Output, TimeSpan Since) Run(string launcher, string[] arguments, string folder, Func<string, bool>? heard = null)
    {
        var clock = new Stopwatch();
        var output = new StringBuilder();
        using var process = Start(launcher, arguments, folder);
        var reading = new[] { process.StandardOutput, process.StandardError }.Select(reader => Task.Run(() => Read(reader))).ToArray();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{launcher} {string.Join(' ', arguments)} did not end within {s_patience.TotalMinutes} minutes:\n{output}");
        }

        var since = clock.Elapsed;
        Task.WaitAll(reading);
        return (process.ExitCode, output.ToString(), since);

        void Read(StreamReader reader)
        {
            while (reader.ReadLine() is { } line)
            {
                // mpirun gives its processes a terminal, so .NET sets its mode.
                var text = TerminalMode().Replace(line.TrimEnd('\r'), "");
                lock (output) output.AppendLine(text);
                if (heard?.Invoke(text) == true) clock.Start();
            }
        }
    }

    private static string Dotnet => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    private static Process Start(string launcher, string[] arguments, string folder)
    {
        string[] all = [.. arguments.SelectMany(word => word == "onnxf" ? [Dotnet, Path.Combine(AppContext.BaseDirectory, "onnxf.dll")] : new[] { word })];
        var start = new ProcessStartInfo(launcher, launcher == "mpirun" ? ["--allow-run-as-root", "--oversubscribe", .. all] : all)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new AssertInconclusiveException(launcher == "mpirun"
                ? "Open MPI is not installed; install it (Debian: apt-get install openmpi-bin) to run this test."
                : $"{launcher} is not installed; install Slurm (Debian: apt-get install slurm-wlm libpmix-dev) to run this test.");
        }
    }

    [GeneratedRegex(@"\x1b\[\?1h\x1b=")]
    private static partial Regex TerminalMode();
}
