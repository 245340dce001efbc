using System.Runtime.InteropServices;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>What a conversion does with each element.</summary>
internal enum ConversionKind
{
    /// <summary>From 16 bits to 32.</summary>
    Widen,

    /// <summary>From 32 bits to 16.</summary>
    Narrow,

    /// <summary>Copies 32 bits unchanged.</summary>
    Copy,
}

/// <summary>Copies elements between 16 and 32 bits, cut into parts by their number.</summary>
/// <param name="kind">What is done with each element.</param>
/// <param name="format">The type of the elements in 16 bits.</param>
internal sealed class Conversion(ConversionKind kind, DType format) : IParallelWork
{
    private const int BlockLength = 4096;
    private const double NanosecondsPerElement = 0.2;

    private Memory<float> _source;
    private Memory<float> _target;
    private int _sourceStart;
    private int _targetStart;
    private int _length;
    private int _runLength;
    private int _stride;
    private Cut _runs;

    /// <summary>Converts a run of elements.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="source">The memory of the source.</param>
    /// <param name="sourceStart">The index of the first element in the source.</param>
    /// <param name="target">The memory of the result.</param>
    /// <param name="targetStart">The index of the first element in the result.</param>
    /// <param name="length">The number of elements.</param>
    public void Run(WorkerPool pool, Memory<float> source, int sourceStart, Memory<float> target, int targetStart, int length)
    {
        (_targetStart, _length, _runLength, _stride) = (targetStart, length, BlockLength, BlockLength);
        Run(pool, source, sourceStart, target);
    }

    /// <summary>Converts columns of a matrix into a matrix of their own.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="source">[rows, stride]</param>
    /// <param name="column">The first column.</param>
    /// <param name="stride">The number of columns of the source.</param>
    /// <param name="target">[rows, columns]</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns to convert.</param>
    public void RunColumns(WorkerPool pool, Memory<float> source, int column, int stride, Memory<float> target, int rows, int columns)
    {
        (_targetStart, _length, _runLength, _stride) = (0, rows * columns, columns, stride);
        Run(pool, source, column, target);
    }

    private void Run(WorkerPool pool, Memory<float> source, int sourceStart, Memory<float> target)
    {
        (_source, _sourceStart, _target) = (source, sourceStart, target);
        _runs = Cut.By((_length + _runLength - 1) / _runLength, _runLength * NanosecondsPerElement);
        pool.Run(this, _runs.Parts);
    }

    void IParallelWork.Execute(int part)
    {
        var (first, end) = _runs.Range(part);
        for (var run = first; run < end; run++)
        {
            var done = run * _runLength;
            var count = Math.Min(_runLength, _length - done);
            var (from, to) = (_sourceStart + (run * _stride), _targetStart + done);
            if (kind == ConversionKind.Copy) _source.Span.Slice(from, count).CopyTo(_target.Span[to..]);
            else if (format == DType.Float16) Convert<HalfFormat>(from, to, count);
            else Convert<BFloat16Format>(from, to, count);
        }
    }

    private void Convert<TFormat>(int from, int to, int count) where TFormat : struct, IWordFormat
    {
        if (kind == ConversionKind.Widen) WordLoops.Widen<TFormat>(Words(_source).Slice(from, count), _target.Span.Slice(to, count));
        else WordLoops.Narrow<TFormat>(_source.Span.Slice(from, count), Words(_target).Slice(to, count));
    }

    private static Span<ushort> Words(Memory<float> memory) => MemoryMarshal.Cast<float, ushort>(memory.Span);
}
