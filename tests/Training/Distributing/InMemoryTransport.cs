using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>Ranks that are threads of this process: each message is a copy in a queue between two ranks.</summary>
internal sealed class InMemoryTransport(InMemoryTransport.Network network, int rank) : Transport
{
    // Far more than a loaded machine needs; a rank that waits for what never comes fails.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public override int Rank => rank;

    public override int Size => network.Size;

    public override string Name => "threads";

    /// <summary>Runs a program on several ranks at the same time; the first error of a rank is thrown.</summary>
    public static void Run(int size, Action<Communicator> program)
    {
        var network = new Network(size);
        var errors = new Exception?[size];
        var threads = Enumerable.Range(0, size).Select(rank => new Thread(() => errors[rank] = Caught(network, rank, program))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (errors.OfType<Exception>().FirstOrDefault() is { } error) throw new AssertFailedException(error.Message, error);
    }

    public override void Exchange(ReadOnlySpan<byte> sent, Span<byte> received, int partner)
    {
        Send(sent, partner);
        Receive(received, partner);
    }

    public override void Send(ReadOnlySpan<byte> data, int target)
    {
        CountSent(data.Length);
        network.Queue(rank, target).Add(data.ToArray());
    }

    public override void Receive(Span<byte> data, int source)
    {
        if (!network.Queue(source, rank).TryTake(out var message, s_patience)) throw new TimeoutException($"{rank} waits for {source}.");
        Assert.HasCount(data.Length, message, $"from {source} to {rank}");
        message.CopyTo(data);
    }

    public override void Broadcast(Span<byte> data, int root)
    {
        for (var other = 0; other < Size && rank == root; other++)
        {
            if (other != root) Send(data, other);
        }

        if (rank != root) Receive(data, root);
    }

    public override void AllReduce(Span<byte> numbers, NumberType type)
    {
        var all = new byte[numbers.Length * Size];
        AllGather(numbers, all);
        numbers.Clear();
        for (var other = 0; other < Size; other++)
        {
            var part = all.AsSpan(other * numbers.Length, numbers.Length);
            if (type == NumberType.Float) Add<float>(numbers, part);
            else if (type == NumberType.Double) Add<double>(numbers, part);
            else Add<long>(numbers, part);
        }
    }

    public override void AllGather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        for (var root = 0; root < Size; root++)
        {
            var part = all.Slice(root * own.Length, own.Length);
            if (root == rank) own.CopyTo(part);
            Broadcast(part, root);
        }
    }

    public override void Barrier() => AllGather([1], new byte[Size]);

    public override void Close() => Barrier();

    public override void Abort(int code) => throw new AssertFailedException($"Rank {rank} aborts with {code}.");

    private static void Add<T>(Span<byte> sum, Span<byte> other) where T : unmanaged, System.Numerics.INumber<T>
    {
        var (target, source) = (MemoryMarshal.Cast<byte, T>(sum).ToArray(), MemoryMarshal.Cast<byte, T>(other).ToArray());
        for (var i = 0; i < target.Length; i++) target[i] += source[i];
        MemoryMarshal.AsBytes<T>(target).CopyTo(sum);
    }

    private static Exception? Caught(Network network, int rank, Action<Communicator> program)
    {
        try
        {
            using var communicator = new Communicator(() => new InMemoryTransport(network, rank));
            program(communicator);
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    /// <summary>The queues between ranks.</summary>
    internal sealed class Network(int size)
    {
        private readonly ConcurrentDictionary<(int, int), BlockingCollection<byte[]>> _queues = [];

        public int Size => size;

        public BlockingCollection<byte[]> Queue(int source, int target) => _queues.GetOrAdd((source, target), _ => []);
    }
}
