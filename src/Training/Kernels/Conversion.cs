using System.Runtime.InteropServices;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>What a conversion does to each element.</summary>
internal enum ConversionKind
{
    /// <summary>From 16 bits to 32.</summary>
    Widen,

    /// <summary>From 32 bits to 16.</summary>
    Narrow,
}

/// <summary>Copies elements between memory in 16 and in 32 bits, cut into parts by their number.</summary>
internal sealed class Conversion(ConversionKind kind, DType format) : IParallelWork
{
    private const int BlockLength = 4096;
    private const double NanosecondsAnElement = 0.2;

    private Memory<float> _source;
    private Memory<float> _target;
    private int _sourceStart;
    private int _targetStart;
    private int _count;
    private Cut _cut;

    /// <summary>Converts a run of elements.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="source">Memory of the source.</param>
    /// <param name="sourceStart">The first element taken, counted in elements of the source's type.</param>
    /// <param name="target">Memory of the result.</param>
    /// <param name="targetStart">Where it goes, counted in elements of the result's type.</param>
    /// <param name="count">Elements.</param>
    public void Run(WorkerPool pool, Memory<float> source, int sourceStart, Memory<float> target, int targetStart, int count)
    {
        (_source, _sourceStart, _target, _targetStart, _count) = (source, sourceStart, target, targetStart, count);
        _cut = Cut.By((count + BlockLength - 1) / BlockLength, BlockLength * NanosecondsAnElement);
        pool.Run(this, _cut.Parts);
    }

    void IParallelWork.Execute(int part)
    {
        var (block, last) = _cut.Range(part);
        var (first, end) = (block * BlockLength, Math.Min(last * BlockLength, _count));
        if (format == DType.Float16) Convert<HalfFormat>(first, end - first);
        else Convert<BFloat16Format>(first, end - first);
    }

    private void Convert<TFormat>(int first, int count) where TFormat : struct, IWordFormat
    {
        if (kind == ConversionKind.Widen) WordLoops.Widen<TFormat>(Words(_source).Slice(_sourceStart + first, count), _target.Span.Slice(_targetStart + first, count));
        else WordLoops.Narrow<TFormat>(_source.Span.Slice(_sourceStart + first, count), Words(_target).Slice(_targetStart + first, count));
    }

    private static Span<ushort> Words(Memory<float> memory) => MemoryMarshal.Cast<float, ushort>(memory.Span);
}
