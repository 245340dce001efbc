using System.Diagnostics;
using System.Text;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Distributing.Mpi;

/// <summary>Moves bytes by MPI. Calls are started and then tested, so that waiting for another rank neither takes a core nor is without end.</summary>
internal sealed class MpiTransport : Transport
{
    private const int DataTag = 1;
    private const int EndTag = 2;

    // MPI_MAX_LIBRARY_VERSION_STRING is 8192 at most, and the longest.
    private const int LongestText = 8192;

    private static readonly long s_untilChecked = Stopwatch.Frequency;

    private readonly MpiConstants _mpi;
    private readonly Peers? _peers;
    private nint _first;
    private nint _second;
    private bool _isClosing;

    /// <summary>Starts MPI and meets the other ranks.</summary>
    /// <exception cref="DistributionException">There is no MPI, or it fails.</exception>
    public MpiTransport()
    {
        _mpi = MpiLibrary.Load();
        Check(MpiCalls.Initialized(out var isInitialized), "MPI_Initialized");
        if (isInitialized != 0) throw new DistributionException("MPI was started by another part of this program; expected Distribution.Mpi to start it.");
        Check(MpiCalls.InitThread(0, 0, _mpi.ThreadFunneled, out _), "MPI_Init_thread");
        Check(MpiCalls.CommSetErrhandler(_mpi.World, _mpi.ErrorsReturn), "MPI_Comm_set_errhandler");
        Check(MpiCalls.CommRank(_mpi.World, out var rank), "MPI_Comm_rank");
        Check(MpiCalls.CommSize(_mpi.World, out var size), "MPI_Comm_size");
        (Rank, Size, Name) = (rank, size, Version());
        MpiLauncher.CheckSize(size, Name);
        _peers = Peers.Meet(this);
    }

    public override int Rank { get; }

    public override int Size { get; }

    public override string Name { get; }

    /// <summary>The other ranks of this machine.</summary>
    public Peers Peers => _peers!;

    public override void Exchange(ReadOnlySpan<byte> sent, Span<byte> received, int partner)
    {
        Check(MpiCalls.Irecv(Address(received), received.Length, _mpi.Byte, partner, DataTag, _mpi.World, out _first), "MPI_Irecv", partner);
        Check(MpiCalls.Isend(Address(sent), sent.Length, _mpi.Byte, partner, DataTag, _mpi.World, out _second), "MPI_Isend", partner);
        CountSent(sent.Length);
        Wait(ref _first, "exchange", partner);
        Wait(ref _second, "exchange", partner);
    }

    public override void Send(ReadOnlySpan<byte> data, int target) => Send(data, target, DataTag);

    public override void Receive(Span<byte> data, int source) => Receive(data, source, DataTag);

    public override void Broadcast(Span<byte> data, int root)
    {
        Check(MpiCalls.Ibcast(Address(data), data.Length, _mpi.Byte, root, _mpi.World, out _first), "MPI_Ibcast");
        if (Rank == root) CountSent(data.Length);
        Wait(ref _first, "broadcast");
    }

    public override void AllReduce(Span<byte> numbers, NumberType type)
    {
        var (handle, size) = type switch
        {
            NumberType.Float => (_mpi.Float, sizeof(float)),
            NumberType.Double => (_mpi.Double, sizeof(double)),
            _ => (_mpi.Int64, sizeof(long)),
        };
        // The form that is started is 2 to 6 times slower in Open MPI 4.1 from 4 KB on. Once all ranks are here, the other does not wait long.
        Barrier();
        Check(MpiCalls.Allreduce(_mpi.InPlace, Address(numbers), numbers.Length / size, handle, _mpi.Sum, _mpi.World), "MPI_Allreduce");
        CountSent(2L * numbers.Length * (Size - 1) / Size);
    }

    public override void AllGather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        var (source, target) = (Address(own), Address(all));
        Check(MpiCalls.Iallgather(source, own.Length, _mpi.Byte, target, own.Length, _mpi.Byte, _mpi.World, out _first), "MPI_Iallgather");
        CountSent(own.Length);
        Wait(ref _first, "all-gather");
    }

    public override void Barrier()
    {
        Check(MpiCalls.Ibarrier(_mpi.World, out _first), "MPI_Ibarrier");
        Wait(ref _first, "barrier");
    }

    public override void Close()
    {
        // Those who still wait for this rank learn from a message that it has left. Then all wait here, politely: MPI_Finalize may take the core.
        _isClosing = true;
        for (var rank = 0; rank < Size; rank++)
        {
            if (rank != Rank) Send([], rank, EndTag);
        }

        Barrier();
        for (var rank = 0; rank < Size; rank++)
        {
            if (rank != Rank) Receive([], rank, EndTag);
        }

        Check(MpiCalls.Finish(), "MPI_Finalize");
    }

    public override void Abort(int code)
    {
        Check(MpiCalls.Abort(_mpi.World, code), "MPI_Abort");
        Environment.Exit(code);
    }

    private static nint Address(ReadOnlySpan<byte> data) => AlignedMemory.AddressOf(data);

    private static string Version()
    {
        var text = new byte[LongestText];
        _ = MpiCalls.GetLibraryVersion(ref text[0], out var length);
        var version = Encoding.UTF8.GetString(text, 0, Math.Clamp(length, 0, text.Length));

        // "Open MPI v4.1.4, package: ..." and "MPICH Version:\t4.0.2\nMPICH Release date: ...".
        return version.Split(',', '\n')[0].Replace("Version:", "", StringComparison.Ordinal).Replace("\t", " ", StringComparison.Ordinal).Trim(' ', '\0');
    }

    private void Send(ReadOnlySpan<byte> data, int target, int tag)
    {
        Check(MpiCalls.Isend(Address(data), data.Length, _mpi.Byte, target, tag, _mpi.World, out _first), "MPI_Isend", target);
        CountSent(data.Length);
        Wait(ref _first, "send", target);
    }

    private void Receive(Span<byte> data, int source, int tag)
    {
        Check(MpiCalls.Irecv(Address(data), data.Length, _mpi.Byte, source, tag, _mpi.World, out _first), "MPI_Irecv", source);
        Wait(ref _first, "receive", source);
    }

    private void Wait(ref nint request, string operation, int partner = -1)
    {
        var start = Stopwatch.GetTimestamp();
        var check = start + s_untilChecked;
        while (true)
        {
            Check(MpiCalls.Test(ref request, out var isDone, _mpi.IgnoredStatus), operation, partner);
            if (isDone != 0) return;
            var now = Stopwatch.GetTimestamp();
            Patience.Pass(now - start, IsAwaited);
            AbortIfRequested();
            if (now < check) continue;
            check = now + s_untilChecked;
            CheckOthers(operation);
        }
    }

    /// <summary>Refuses to wait for what will not come.</summary>
    private void CheckOthers(string operation)
    {
        if (_peers?.Ended() is { } ended)
            throw new DistributionException($"Rank {Rank} cannot go on ({operation}), because {ended} has ended without a word; it was killed, or crashed.");
        for (var rank = 0; rank < Size && !_isClosing; rank++)
        {
            Check(MpiCalls.Iprobe(rank, EndTag, _mpi.World, out var hasLeft, _mpi.IgnoredStatus), "MPI_Iprobe", rank);
            if (hasLeft == 0) continue;
            throw new DistributionException(
                $"Rank {Rank} cannot go on ({operation}), because rank {rank} has ended its program. "
                + "All ranks must make the same calls, such as Fit and Evaluate.");
        }
    }

    private void Check(int error, string operation, int partner = -1)
    {
        if (error == 0) return;
        var text = new byte[LongestText];
        _ = MpiCalls.ErrorString(error, ref text[0], out var length);
        var reason = Encoding.UTF8.GetString(text, 0, Math.Clamp(length, 0, text.Length)).Trim('\0', ' ', '\n');
        var other = partner < 0 ? "" : $" with rank {partner}";
        throw new DistributionException($"MPI failed on rank {Rank} in {operation}{other}: {reason} (error {error}).");
    }
}
