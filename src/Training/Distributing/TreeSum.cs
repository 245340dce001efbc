using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Distributing;

/// <summary>Adds shards along the tree of a <see cref="TreePlan"/>: the same bits for any number of ranks.</summary>
/// <remarks>
/// A gradient goes in pieces, which bounds the memory for what is received. In a butterfly, partners exchange whole pieces while these are
/// small. Of larger ones each adds half and halves again with the next partner, and the parts are exchanged back at the end: every element is added along the
/// same tree, and a rank sends twice the piece however many ranks there are, where whole pieces would be sent once per level.
/// </remarks>
internal sealed class TreeSum : GradientSum
{
    /// <summary>Pieces of at least so many floats are halved. For two ranks of one machine it makes no difference from 16 to 256 KB.</summary>
    public const int SmallestHalved = 1 << 14;

    // 4 MB of two ranks take 0.95 ms in one piece, 1.25 in four: ranks wait for each other at every piece.
    private const int MostFloats = 1 << 20;

    private readonly GradientCompression _compression;
    private readonly TreePlan _plan;
    private readonly Memory<float>[] _slots;
    private readonly Memory<float> _received;
    private readonly Memory<float> _words;
    private readonly int _rank;
    private readonly int _size;
    private readonly int _piece;

    /// <inheritdoc cref="GradientSum.Create"/>
    /// <param name="communicator">The ranks.</param>
    /// <param name="floats">The length of the gradient.</param>
    /// <param name="shards">How many shards a batch has.</param>
    /// <param name="compression">In which type they are sent.</param>
    /// <param name="piece">The floats that are communicated at a time.</param>
    public TreeSum(Communicator communicator, int floats, int shards, GradientCompression compression, int piece = MostFloats)
        : base(communicator, floats, shards)
    {
        (_compression, _rank, _size, _piece) = (compression, communicator.Rank, communicator.Size, Math.Min(floats, piece));
        _plan = new(_rank, _size, shards);
        _slots = new Memory<float>[_plan.Slots];
        for (var slot = 0; slot < _slots.Length; slot++) _slots[slot] = AlignedMemory.Allocate(floats);
        _received = AlignedMemory.Allocate(_size > 1 ? _piece : 0);

        // Two pieces of words take as many floats as one has.
        _words = AlignedMemory.Allocate(_size > 1 && IsCompressed ? _piece : 0);
    }

    public override Memory<float> Sum => _slots[0];

    private bool IsCompressed => _compression != GradientCompression.None;

    public override void Run(Transport transport)
    {
        if (_size == 1) return;
        for (var offset = 0; offset < Floats; offset += _piece)
        {
            var count = Math.Min(_piece, Floats - offset);
            if (!_plan.IsButterfly) Climb(transport, offset, count);
            else if (IsCompressed || count < SmallestHalved) Double(transport, Sum.Span.Slice(offset, count));
            else Halve(transport, Sum.Span.Slice(offset, count), 1);
        }
    }

    protected override Memory<float> Place(int shard) => _slots[_plan.SlotOf(shard)];

    protected override void Fold(int shard)
    {
        var steps = _plan.Inside(shard);
        for (var step = 0; step < steps.Count; step++) Add(_slots[steps[step].Slot].Span, _slots[steps[step].Other].Span);
    }

    private void Add(Span<float> sum, ReadOnlySpan<float> other)
    {
        if (IsCompressed) Words.AddRounded(sum, other, _compression);
        else TensorPrimitives.Add(sum, other, sum);
    }

    /// <summary>Recursive doubling: with each partner, all ranks of twice as many have the sum of their shards.</summary>
    private void Double(Transport transport, Span<float> piece)
    {
        var own = OwnWords(piece.Length);
        var others = OtherWords(piece.Length);
        var received = _received.Span[..piece.Length];
        for (var distance = 1; distance < _size; distance *= 2)
        {
            var partner = _rank ^ distance;
            if (IsCompressed)
            {
                Words.Narrow(piece, own, _compression);
                transport.Exchange(MemoryMarshal.AsBytes(own), MemoryMarshal.AsBytes(others), partner);
                Words.Add(own, others, piece, _compression);
            }
            else
            {
                transport.Exchange(MemoryMarshal.AsBytes(piece), MemoryMarshal.AsBytes(received), partner);
                TensorPrimitives.Add(piece, received, piece);
            }
        }
    }

    /// <summary>Recursive halving and doubling: adds one half with this partner, leaves it to the next ones, and exchanges the halves.</summary>
    private void Halve(Transport transport, Span<float> piece, int distance)
    {
        if (distance == _size) return;
        var partner = _rank ^ distance;
        var half = piece.Length / 2;
        var isLower = _rank < partner;
        var own = isLower ? piece[..half] : piece[half..];
        var other = isLower ? piece[half..] : piece[..half];
        var received = _received.Span[..own.Length];
        transport.Exchange(MemoryMarshal.AsBytes(other), MemoryMarshal.AsBytes(received), partner);
        TensorPrimitives.Add(own, received, own);
        Halve(transport, own, 2 * distance);
        transport.Exchange(MemoryMarshal.AsBytes(own), MemoryMarshal.AsBytes(other), partner);
    }

    /// <summary>Up the tree to rank 0, and from there to all.</summary>
    private void Climb(Transport transport, int offset, int count)
    {
        var own = OwnWords(count);
        var others = OtherWords(count);
        var received = _received.Span[..count];
        for (var step = 0; step < _plan.Across.Count; step++)
        {
            var (action, slot, other) = _plan.Across[step];
            var sum = _slots[slot].Span.Slice(offset, count);
            switch (action)
            {
                case TreeAction.Add:
                    Add(sum, _slots[other].Span.Slice(offset, count));
                    break;
                case TreeAction.Send when IsCompressed:
                    Words.Narrow(sum, own, _compression);
                    transport.Send(MemoryMarshal.AsBytes(own), other);
                    break;
                case TreeAction.Send:
                    transport.Send(MemoryMarshal.AsBytes(sum), other);
                    break;
                case TreeAction.Receive when IsCompressed:
                    transport.Receive(MemoryMarshal.AsBytes(others), other);
                    Words.Narrow(sum, own, _compression);
                    Words.Add(own, others, sum, _compression);
                    break;
                default:
                    transport.Receive(MemoryMarshal.AsBytes(received), other);
                    TensorPrimitives.Add(sum, received, sum);
                    break;
            }
        }

        transport.Broadcast(MemoryMarshal.AsBytes(Sum.Span.Slice(offset, count)), 0);
    }

    private Span<ushort> OwnWords(int count) => IsCompressed ? MemoryMarshal.Cast<float, ushort>(_words.Span)[..count] : [];

    private Span<ushort> OtherWords(int count) => IsCompressed ? MemoryMarshal.Cast<float, ushort>(_words.Span).Slice(count, count) : [];
}
