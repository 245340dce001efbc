using System.Runtime.InteropServices;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Distributing;

internal enum ControlKind
{
    Broadcast,
    AllReduce,
    AllGather,
    Barrier,
}

/// <summary>What is done seldom and waited for at once. Data goes through memory of its own, because that of the caller may move.</summary>
internal sealed class ControlOperation : Operation
{
    /// <summary>The most bytes at a time.</summary>
    public const int Capacity = 1 << 20;

    // There once it is needed: one process needs none.
    private Memory<float> _memory;
    private ControlKind _kind;
    private int _bytes;
    private int _argument;

    /// <summary>What the operation brought.</summary>
    public ReadOnlySpan<byte> Result => _kind == ControlKind.AllGather ? Received[..(_bytes * _argument)] : Sent;

    private Span<byte> Sent => Bytes[.._bytes];

    private Span<byte> Received => Bytes[Capacity..];

    private Span<byte> Bytes => MemoryMarshal.AsBytes(_memory.Span);

    /// <summary>Makes ready what follows, and returns where its data goes.</summary>
    /// <param name="kind">What is done.</param>
    /// <param name="bytes">The size of what this rank gives or gets.</param>
    /// <param name="argument">Of a broadcast the root, of an all-reduce the type, of an all-gather the number of ranks.</param>
    public Span<byte> Stage(ControlKind kind, int bytes, int argument)
    {
        if (_memory.IsEmpty) _memory = AlignedMemory.Allocate(2 * Capacity / sizeof(float));
        (_kind, _bytes, _argument) = (kind, bytes, argument);
        return Sent;
    }

    public override void Run(Transport transport)
    {
        switch (_kind)
        {
            case ControlKind.Broadcast: transport.Broadcast(Sent, _argument); break;
            case ControlKind.AllReduce: transport.AllReduce(Sent, (NumberType)_argument); break;
            case ControlKind.AllGather: transport.AllGather(Sent, Received[..(_bytes * _argument)]); break;
            default: transport.Barrier(); break;
        }
    }
}
