using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Distributing;

/// <summary>Adds the shards of a rank one after the other, and leaves the sum over ranks to the library.</summary>
internal sealed class LibrarySum : GradientSum
{
    // Between pieces a rank that is gone is noticed.
    private const int Piece = 1 << 20;

    private readonly Memory<float> _sum;
    private readonly Memory<float> _next;

    public LibrarySum(Communicator communicator, int floats, int shards)
        : base(communicator, floats, shards)
    {
        _sum = AlignedMemory.Allocate(floats);
        _next = AlignedMemory.Allocate(Own.Count > 1 ? floats : 0);
    }

    public override Memory<float> Sum => _sum;

    public override void Run(Transport transport)
    {
        for (var offset = 0; offset < Floats; offset += Piece)
        {
            var piece = _sum.Span.Slice(offset, Math.Min(Piece, Floats - offset));
            transport.AllReduce(MemoryMarshal.AsBytes(piece), NumberType.Float);
        }
    }

    protected override Memory<float> Place(int shard) => shard == 0 ? _sum : _next;

    protected override void Fold(int shard)
    {
        if (shard > 0) TensorPrimitives.Add(_sum.Span, _next.Span, _sum.Span);
    }
}
