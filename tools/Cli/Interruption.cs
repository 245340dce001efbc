using System.Runtime.InteropServices;

namespace OnnxFunctional.Cli;

/// <summary>What Ctrl+C, SIGTERM and the end of the terminal do to a command.</summary>
/// <remarks>
/// Work that has something to keep (a training and its checkpoint) is asked to stop at the first signal; a second one ends the process. All other work ends at
/// the first: files are written beside their targets, and what is unfinished is deleted when the process ends.
/// </remarks>
internal sealed class Interruption : IDisposable
{
    private const int SignalExitCode = 128;

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    // Asked while the terminal is there: one that is gone no longer counts as a terminal.
    private readonly (bool Output, bool Error) _writesToTerminal = (!Console.IsOutputRedirected, !Console.IsErrorRedirected);
    private volatile bool _graceful;

    public Interruption()
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Handle(context, 2)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Handle(context, 15)),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Handle(context, 1)),
        ];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The exit code that shells expect of a process that the received signal ended.</summary>
    public int ExitCode { get; private set; } = SignalExitCode + 2;

    /// <summary>Whether a signal is obeyed without a word, because another process says it.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Runs work that watches <see cref="Token"/>.</summary>
    public T Gracefully<T>(Func<CancellationToken, T> work)
    {
        _graceful = true;
        try
        {
            return work(Token);
        }
        finally
        {
            _graceful = false;
        }
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _source.Dispose();
    }

    private void Handle(PosixSignalContext context, int number)
    {
        context.Cancel = true;
        ExitCode = SignalExitCode + number;
        if (context.Signal == PosixSignal.SIGHUP) ForgetTerminal();
        if (_graceful && !_source.IsCancellationRequested)
        {
            Say("Stopping after this step. A second signal stops at once.");
            _source.Cancel();
            return;
        }

        Say("Stopped.");
        Environment.Exit(ExitCode);
    }

    private void Say(string text)
    {
        if (!IsSilent) Console.Error.WriteLine(text);
    }

    /// <summary>Writing to a terminal that is gone fails.</summary>
    private void ForgetTerminal()
    {
        if (_writesToTerminal.Output) Console.SetOut(TextWriter.Null);
        if (_writesToTerminal.Error) Console.SetError(TextWriter.Null);
    }
}
