using System.Diagnostics;
using System.Globalization;

namespace OnnxFunctional.Benchmarks;

/// <summary>The parent's end of a <see cref="Worker"/> process.</summary>
internal sealed class Side : IDisposable
{
    // Threads of either side spin for a while after their work; the other side must not run at the same time.
    private const int MillisecondsOfRest = 40;

    private readonly Process _process;

    private Side(Process process)
    {
        _process = process;
        var words = (process.StandardOutput.ReadLine() ?? "failed the process ended: " + process.StandardError.ReadToEnd().ReplaceLineEndings(" ")).Split(' ');
        if (words[0] != "ready")
        {
            Failure = string.Join(' ', words[1..]);
            return;
        }

        Operations = double.Parse(words[1], CultureInfo.InvariantCulture);
        ArenaBytes = long.Parse(words[2], CultureInfo.InvariantCulture);
        ValuesBytes = long.Parse(words[3], CultureInfo.InvariantCulture);
    }

    /// <summary>Why the worker cannot run, if it cannot.</summary>
    public string? Failure { get; }

    /// <summary>Floating-point operations per step.</summary>
    public double Operations { get; }

    public long ArenaBytes { get; }

    public long ValuesBytes { get; }

    /// <summary>Starts a worker.</summary>
    /// <param name="side">What it runs; see <see cref="Worker"/>.</param>
    /// <param name="name">The case.</param>
    /// <param name="mode">train or predict.</param>
    /// <param name="threads">Its threads.</param>
    /// <param name="batch">The number of samples, for sides that take one.</param>
    /// <param name="prefix">A command that starts the worker, such as taskset with its arguments; default: none.</param>
    public static Side Start(string side, string name, string mode, int threads, int batch = 0, params IReadOnlyList<string> prefix)
    {
        string[] command =
        [
            .. prefix, Environment.ProcessPath!, "--worker", side, name, mode,
            threads.ToString(CultureInfo.InvariantCulture), batch.ToString(CultureInfo.InvariantCulture),
        ];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new Side(Process.Start(start)!);
    }

    /// <summary>Waits until sides that were measured before use no core.</summary>
    public static void Rest() => Thread.Sleep(MillisecondsOfRest);

    /// <summary>Milliseconds for a number of steps.</summary>
    public double Time(int steps)
    {
        Rest();
        Begin(steps);
        return End();
    }

    /// <summary>Begins a number of steps and does not wait for them.</summary>
    public void Begin(int steps) => _process.StandardInput.WriteLine("run " + steps.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits for the steps of <see cref="Begin"/>.</summary>
    /// <returns>Their milliseconds.</returns>
    public double End() => double.Parse(Answer(), CultureInfo.InvariantCulture);

    /// <summary>Asks a worker something else.</summary>
    /// <returns>Its answer, a line.</returns>
    public string Ask(string question)
    {
        _process.StandardInput.WriteLine(question);
        return Answer();
    }

    /// <summary>Peak working set so far, and bytes allocated per step.</summary>
    public (long Bytes, long Allocated) Memory()
    {
        var words = Ask("memory").Split(' ');
        return (long.Parse(words[0], CultureInfo.InvariantCulture), long.Parse(words[1], CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.StandardInput.Close();
        if (!_process.WaitForExit(5000)) _process.Kill();
        _process.Dispose();
    }

    private string Answer() =>
        _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The measuring process ended: " + _process.StandardError.ReadToEnd());
}
