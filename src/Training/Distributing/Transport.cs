namespace OnnxFunctional.Training.Distributing;

/// <summary>The numbers that a library adds.</summary>
internal enum NumberType
{
    Float,
    Double,
    Int64,
}

/// <summary>
/// What moves bytes between the processes of a training. All calls come from one thread, in the same order on every rank, and return when they are done.
/// Memory must not move: it is pinned or native.
/// </summary>
internal abstract class Transport
{
    private int _abortCode;
    private long _bytesSent;
    private bool _isAwaited;

    /// <summary>The number of this process, from 0.</summary>
    public abstract int Rank { get; }

    /// <summary>The number of processes.</summary>
    public abstract int Size { get; }

    /// <summary>The name of what moves the bytes.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// The bytes that this rank has given to be sent; of what the library adds, <c>2 (size - 1) / size</c> of the numbers, the least that is possible.
    /// </summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Whether the program has nothing else to do than to wait for this transport, which may then take the core.</summary>
    public bool IsAwaited
    {
        get => Volatile.Read(ref _isAwaited);
        set => Volatile.Write(ref _isAwaited, value);
    }

    /// <summary>The code that another thread wants all processes to end with; 0: none does.</summary>
    protected int AbortCode => Volatile.Read(ref _abortCode);

    /// <summary>Sends to a partner and receives from it at the same time; both sides name each other.</summary>
    public abstract void Exchange(ReadOnlySpan<byte> sent, Span<byte> received, int partner);

    public abstract void Send(ReadOnlySpan<byte> data, int target);

    public abstract void Receive(Span<byte> data, int source);

    /// <summary>Copies what one rank has to all.</summary>
    public abstract void Broadcast(Span<byte> data, int root);

    /// <summary>Replaces the numbers by their sums over all ranks, in an order that the library chooses.</summary>
    public abstract void AllReduce(Span<byte> numbers, NumberType type);

    /// <summary>Copies what every rank has, as many bytes each, to all: <c>all[rank] = own</c>.</summary>
    public abstract void AllGather(ReadOnlySpan<byte> own, Span<byte> all);

    /// <summary>Waits for all ranks.</summary>
    public abstract void Barrier();

    /// <summary>Leaves, after all ranks have come here.</summary>
    public abstract void Close();

    /// <summary>Ends the processes of all ranks, this one included.</summary>
    public abstract void Abort(int code);

    /// <summary>Asks the thread that communicates to end all processes, also in the middle of a call. May be called from any thread.</summary>
    public void RequestAbort(int code) => Volatile.Write(ref _abortCode, code);

    /// <summary>Does what <see cref="RequestAbort"/> asked for.</summary>
    public void AbortIfRequested()
    {
        if (AbortCode is not 0 and var code) Abort(code);
    }

    protected void CountSent(long bytes) => Interlocked.Add(ref _bytesSent, bytes);
}
