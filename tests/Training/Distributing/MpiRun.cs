using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>Processes that mpirun starts: <see cref="DistributionWorker"/> on several ranks.</summary>
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
        var clock = new Stopwatch();
        var output = new StringBuilder();
        using var process = Start(ranks, arguments);
        var reading = new[] { process.StandardOutput, process.StandardError }.Select(reader => Task.Run(() => Read(reader))).ToArray();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"mpirun {string.Join(' ', arguments)} did not end within {s_patience.TotalMinutes} minutes:\n{output}");
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

    private static Process Start(int ranks, string[] arguments)
    {
        var dotnet = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        string[] all =
        [
            "--allow-run-as-root", "--oversubscribe", "-n", ranks.ToString(CultureInfo.InvariantCulture),
            dotnet, typeof(MpiRun).Assembly.Location, DistributionWorker.Command, .. arguments,
        ];
        try
        {
            return Process.Start(new ProcessStartInfo("mpirun", all) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception)
        {
            throw new AssertInconclusiveException("Open MPI is not installed; install it (Debian: apt-get install openmpi-bin) to run this test.");
        }
    }

    [GeneratedRegex(@"\x1b\[\?1h\x1b=")]
    private static partial Regex TerminalMode();
}
