using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Distributing;

/// <summary>
/// Moves data between the processes of a training, behind the computation: operations are started, run in turn on a thread, and are waited for.
/// </summary>
/// <remarks>All ranks must start the same operations in the same order. One thread of the program at a time may call it.</remarks>
internal sealed class Communicator : IDisposable
{
    // Long enough for the library to end all processes, or the other thread to notice.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private readonly object _gate = new();
    private readonly Thread? _thread;
    private readonly Transport _transport = null!;
    private readonly ControlOperation _control = new();
    private Operation? _first;
    private Operation? _last;
    private ExceptionDispatchInfo? _failure;
    private bool _closing;
    private long _busyTicks;
    private long _waitedTicks;

    /// <summary>A communicator of one process; its operations run where they are started.</summary>
    public Communicator() => _transport = new SingleProcess();

    /// <summary>Connects on the thread that will make all calls, because a library may want that.</summary>
    /// <param name="connect">Makes the connection.</param>
    public Communicator(Func<Transport> connect)
    {
        var connection = new Connection(connect);
        _thread = new Thread(() => Work(connection)) { IsBackground = true, Name = "onnxf communication" };
        _thread.Start();
        _transport = connection.Await();
    }

    /// <summary>The number of this process, from 0.</summary>
    public int Rank => _transport.Rank;

    /// <summary>The number of processes.</summary>
    public int Size => _transport.Size;

    /// <summary>What moves the data.</summary>
    public string Name => _transport.Name;

    /// <summary>Whether an operation has failed, after which no other can succeed.</summary>
    public bool HasFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>The bytes that this rank has sent.</summary>
    public long BytesSent => _transport.BytesSent;

    /// <summary>The time in which data moved, or was waited for, on the thread that communicates.</summary>
    public TimeSpan Communicated => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _busyTicks));

    /// <summary>The time in which the program waited for that.</summary>
    public TimeSpan Waited => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _waitedTicks));

    /// <summary>Begins an operation, or queues it behind those that were started before.</summary>
    public void Start(Operation operation)
    {
        operation.Begin();
        if (_thread is null)
        {
            operation.Run(_transport);
            operation.End(null);
            return;
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            operation.Following = null;
            if (_last is null) _first = operation;
            else _last.Following = operation;
            _last = operation;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits for the end of an operation.</summary>
    /// <exception cref="DistributionException">The library reported an error, or another rank has ended.</exception>
    public void Wait(Operation operation)
    {
        var start = Stopwatch.GetTimestamp();
        _transport.IsAwaited = true;
        operation.Await();
        _transport.IsAwaited = false;
        Interlocked.Add(ref _waitedTicks, Stopwatch.GetTimestamp() - start);
    }

    /// <summary>Copies what one rank has to all.</summary>
    public void Broadcast(Span<byte> data, int root = 0)
    {
        while (data.Length > 0 && Size > 1)
        {
            var piece = data[..Math.Min(data.Length, ControlOperation.Capacity)];
            if (Rank == root) piece.CopyTo(_control.Stage(ControlKind.Broadcast, piece.Length, root));
            else _ = _control.Stage(ControlKind.Broadcast, piece.Length, root);
            Complete();
            if (Rank != root) _control.Result.CopyTo(piece);
            data = data[piece.Length..];
        }
    }

    /// <summary>Replaces numbers by their sums over all ranks, in an order that the library chooses.</summary>
    public void AllReduce(Span<float> numbers) => AllReduce(MemoryMarshal.AsBytes(numbers), NumberType.Float);

    /// <inheritdoc cref="AllReduce(Span{float})"/>
    public void AllReduce(Span<double> numbers) => AllReduce(MemoryMarshal.AsBytes(numbers), NumberType.Double);

    /// <inheritdoc cref="AllReduce(Span{float})"/>
    public void AllReduce(Span<long> numbers) => AllReduce(MemoryMarshal.AsBytes(numbers), NumberType.Int64);

    /// <summary>What every rank has, on all ranks, in the order of ranks; lengths may differ.</summary>
    public byte[][] AllGather(ReadOnlySpan<byte> own)
    {
        if (Size == 1) return [own.ToArray()];
        var lengths = new long[Size];
        lengths[Rank] = own.Length;
        AllReduce(lengths);
        var parts = Array.ConvertAll(lengths, length => new byte[length]);
        own.CopyTo(parts[Rank]);

        // In pieces of what the staging memory holds of all ranks.
        var most = Math.Max(1, ControlOperation.Capacity / Size);
        for (var offset = 0L; offset < lengths.Max(); offset += most)
        {
            var length = (int)Math.Min(most, lengths.Max() - offset);
            var sent = _control.Stage(ControlKind.AllGather, length, Size);
            Part(parts[Rank], offset, length).CopyTo(sent);
            Complete();
            for (var rank = 0; rank < Size; rank++)
            {
                var part = Part(parts[rank], offset, length);
                _control.Result.Slice(rank * length, part.Length).CopyTo(part);
            }
        }

        return parts;

        static Span<byte> Part(byte[] whole, long offset, int length) =>
            offset >= whole.Length ? [] : whole.AsSpan((int)offset, (int)Math.Min(length, whole.Length - offset));
    }

    /// <summary>Waits for all ranks.</summary>
    public void Barrier()
    {
        if (Size == 1) return;
        _ = _control.Stage(ControlKind.Barrier, 0, 0);
        Complete();
    }

    /// <summary>Writes why to the error stream and ends the processes of all ranks.</summary>
    /// <param name="code">The exit code, not 0.</param>
    /// <param name="sentence">Why.</param>
    [DoesNotReturn]
    public void Abort(int code, string sentence)
    {
        Console.Error.WriteLine(sentence);
        Console.Error.Flush();
        if (_thread is null || Thread.CurrentThread == _thread) _transport.Abort(code);
        _transport.RequestAbort(code);
        lock (_gate) Monitor.Pulse(_gate);
        _thread?.Join(s_patience);
        Environment.FailFast(sentence);
    }

    /// <summary>Waits until all ranks come here, and leaves.</summary>
    public void Dispose()
    {
        if (_thread is null || !_thread.IsAlive) return;
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void AllReduce(Span<byte> numbers, NumberType type)
    {
        while (numbers.Length > 0 && Size > 1)
        {
            var piece = numbers[..Math.Min(numbers.Length, ControlOperation.Capacity)];
            piece.CopyTo(_control.Stage(ControlKind.AllReduce, piece.Length, (int)type));
            Complete();
            _control.Result.CopyTo(piece);
            numbers = numbers[piece.Length..];
        }
    }

    private void Complete()
    {
        Start(_control);
        Wait(_control);
    }

    private void Work(Connection connection)
    {
        if (connection.Connect() is not { } transport) return;
        while (Take(transport) is { } operation)
        {
            var start = Stopwatch.GetTimestamp();
            if (_failure is null) Run(operation, transport);
            Interlocked.Add(ref _busyTicks, Stopwatch.GetTimestamp() - start);

            // After an error nobody knows what the other ranks did, so all that follows ends the same way.
            operation.End(_failure);
        }

        if (_failure is null) transport.Close();
    }

    private void Run(Operation operation, Transport transport)
    {
        try
        {
            operation.Run(transport);
        }
        catch (Exception exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }
    }

    private Operation? Take(Transport transport)
    {
        lock (_gate)
        {
            while (_first is null && !_closing)
            {
                transport.AbortIfRequested();
                Monitor.Wait(_gate);
            }

            transport.AbortIfRequested();
            var operation = _first;
            _first = operation?.Following;
            if (_first is null) _last = null;
            return operation;
        }
    }

    /// <summary>A transport that another thread makes.</summary>
    private sealed class Connection(Func<Transport> connect)
    {
        private readonly ManualResetEventSlim _made = new();
        private Transport? _transport;
        private ExceptionDispatchInfo? _failure;

        public Transport? Connect()
        {
            try
            {
                _transport = connect();
            }
            catch (Exception exception)
            {
                _failure = ExceptionDispatchInfo.Capture(exception);
            }

            _made.Set();
            return _transport;
        }

        public Transport Await()
        {
            _made.Wait();
            _failure?.Throw();
            return _transport!;
        }
    }
}
