using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Distributing.Mpi;

/// <summary>
/// MPI of this process: started when it is first asked for, and left when the process ends, so that no other rank waits for one that is gone.
/// </summary>
internal sealed class MpiSession
{
    private static readonly Lazy<MpiSession> s_open = new(() => new());

    // Told to end, ranks look who is gone; a rank that ends before the others have looked would be taken for the cause.
    private static readonly TimeSpan s_lingering = TimeSpan.FromMilliseconds(400);

    private readonly PosixSignalRegistration? _registration;
    private readonly Peers _peers;
    private int _hasSpoken;

    private MpiSession()
    {
        MpiTransport? transport = null;
        Communicator = new Communicator(() => transport = new MpiTransport());
        _peers = transport!.Peers;
        AppDomain.CurrentDomain.UnhandledException += Fail;
        AppDomain.CurrentDomain.ProcessExit += Leave;
        if (Communicator.Size > 1) _registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Terminate);
    }

    public Communicator Communicator { get; }

    /// <summary>The session of the process.</summary>
    /// <exception cref="DistributionException">There is no MPI, or it fails.</exception>
    public static MpiSession Open() => s_open.Value;

    private void Fail(object sender, UnhandledExceptionEventArgs error)
    {
        // Where ranks end at the same time, those who wait for them fail too; the reason was told, and the process is about to end.
        if (!IsFirstToSpeak()) Thread.Sleep(Timeout.Infinite);
        var reason = error.ExceptionObject is DistributionException exception ? exception.Message : $"Rank {Communicator.Rank} failed: {error.ExceptionObject}";
        Communicator.Abort(1, reason + " All processes end.");
    }

    private void Leave(object? sender, EventArgs arguments)
    {
        if (Volatile.Read(ref _hasSpoken) != 0) return;
        var code = Communicator.HasFailed && Environment.ExitCode == 0 ? 1 : Environment.ExitCode;
        if (code == 0) Communicator.Dispose();
        else if (IsFirstToSpeak()) Communicator.Abort(code, $"Rank {Communicator.Rank} ends with code {code}, so all processes end.");
    }

    /// <summary>What mpirun sends to all ranks when one has ended: says which.</summary>
    private void Terminate(PosixSignalContext context)
    {
        if (IsFirstToSpeak())
        {
            Console.Error.WriteLine(
                _peers.Ended() is { } ended
                    ? $"Rank {Communicator.Rank} ends, because {ended} has ended without a word; it was killed, or crashed."
                    : $"Rank {Communicator.Rank} ends, because it was told to (SIGTERM); if another rank has failed, its message is above.");
            Console.Error.Flush();
        }

        Thread.Sleep(s_lingering);
    }

    /// <summary>Whether nothing was said yet of why the process ends. One sentence is enough.</summary>
    private bool IsFirstToSpeak() => Interlocked.Exchange(ref _hasSpoken, 1) == 0;
}
