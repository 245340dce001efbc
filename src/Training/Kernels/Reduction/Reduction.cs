using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>How several values become one.</summary>
internal enum ReduceKind
{
    Sum,
    Mean,
    SumSquare,
    L1,
    L2,
    Max,
    Min,
    Product,
    LogSumExp,
}

/// <summary>A reduction over any axes. It is created once for a shape and runs any number of times without allocating.</summary>
/// <remarks>
/// Adjacent axes are merged. Then each group of reduced axes is one stage over <c>[outer, reduced, inner]</c>, the last group first.
/// A stage too large for one thread is cut by outer slices, by columns, or, if there are too few of both, into chunks of the reduced axis,
/// which a further stage combines. Cuts depend on the shape alone.
/// </remarks>
internal sealed class Reduction : IParallelWork
{
    // About 20 microseconds of reading.
    private const int ElementsPerPart = 1 << 16;
    private const int ColumnsPerPart = 64;

    private readonly Stage[] _stages;
    private readonly float _scale;
    private readonly bool _root;
    private ReadOnlyMemory<float> _source;
    private Memory<float> _destination;
    private Stage _stage;

    private Reduction(Stage[] stages, float scale, bool root) => (_stages, _scale, _root, _stage) = (stages, scale, root, stages[0]);

    /// <summary>The scratch memory that <see cref="Run"/> needs, in floats.</summary>
    public int ScratchLength { get; private init; }

    /// <summary>Creates a reduction.</summary>
    /// <param name="kind">What is computed.</param>
    /// <param name="shape">The shape of the source.</param>
    /// <param name="axes">The reduced axes, counted from 0; empty for all.</param>
    public static Reduction Create(ReduceKind kind, ReadOnlySpan<int> shape, ReadOnlySpan<int> axes)
    {
        var groups = Groups(shape, axes);
        var count = 1L;
        foreach (var (size, reduced) in groups)
        {
            if (reduced) count *= size;
        }

        var stages = new List<Stage>();
        var next = kind;
        for (var i = groups.Count - 1; i >= 0; i--)
        {
            if (!groups[i].Reduced) continue;
            AddStages(stages, ref next, Product(groups, 0, i), groups[i].Size, Product(groups, i + 1, groups.Count));
            groups.RemoveAt(i);
        }

        if (stages.Count == 0) AddStages(stages, ref next, 1, 1, Product(groups, 0, groups.Count));
        var scratch = 0L;
        for (var i = 0; i < stages.Count - 1; i++)
        {
            stages[i] = stages[i] with { Offset = (int)scratch };
            scratch += stages[i].Results;
        }

        return new Reduction([.. stages], kind == ReduceKind.Mean ? (float)(1.0 / count) : 1f, kind == ReduceKind.L2) { ScratchLength = checked((int)scratch) };
    }

    /// <summary>Reduces the source.</summary>
    public void Run(WorkerPool pool, ReadOnlyMemory<float> source, Memory<float> destination, Memory<float> scratch)
    {
        for (var i = 0; i < _stages.Length; i++)
        {
            _stage = _stages[i];
            var isLast = i == _stages.Length - 1;
            _source = i == 0 ? source : _destination;
            _destination = isLast ? destination : scratch.Slice(_stage.Offset, _stage.Results);
            pool.Run(this, _stage.Parts);
        }

        if (_scale != 1f) ElementwiseLoops.Apply(default(MultiplyOperator), destination.Span, [_scale], destination.Span);
        if (_root) ElementwiseLoops.Apply(default(SqrtOperator), destination.Span, destination.Span);
        (_source, _destination) = (default, default);
    }

    /// <inheritdoc/>
    public void Execute(int part)
    {
        var stage = _stage;
        var source = _source.Span;
        var destination = _destination.Span;
        var slice = stage.Reduced * stage.Inner;
        if (stage.Chunks * stage.Blocks == 1)
        {
            var first = part * stage.SlicesPerPart;
            var end = Math.Min(first + stage.SlicesPerPart, stage.Outer);
            if (stage.Inner == 1)
            {
                Rows(stage.Kind, source[(first * slice)..(end * slice)], stage.Reduced, destination[first..end]);
                return;
            }

            for (var o = first; o < end; o++)
                Columns(stage.Kind, source.Slice(o * slice, slice), stage.Reduced, stage.Inner, destination.Slice(o * stage.Inner, stage.Inner));
            return;
        }

        var (rest, block) = Math.DivRem(part, stage.Blocks);
        var (outer, chunk) = Math.DivRem(rest, stage.Chunks);
        var begin = chunk * stage.ChunkLength;
        var rows = Math.Min(stage.ChunkLength, stage.Reduced - begin);
        var column = block * stage.BlockLength;
        var columns = Math.Min(stage.BlockLength, stage.Inner - column);
        var from = source[((outer * slice) + (begin * stage.Inner) + column)..];
        var to = destination.Slice((((outer * stage.Chunks) + chunk) * stage.Inner) + column, columns);
        if (stage.Inner == 1) Rows(stage.Kind, from[..rows], rows, to);
        else Columns(stage.Kind, from, rows, stage.Inner, to);
    }

    private static void Rows(ReduceKind kind, ReadOnlySpan<float> x, int columns, Span<float> destination)
    {
        switch (kind)
        {
            case ReduceKind.Sum: ReduceLoops.Rows<SumReduce>(x, columns, destination); break;
            case ReduceKind.SumSquare: ReduceLoops.Rows<SumSquareReduce>(x, columns, destination); break;
            case ReduceKind.L1: ReduceLoops.Rows<SumAbsReduce>(x, columns, destination); break;
            case ReduceKind.Max: ReduceLoops.Rows<MaxReduce>(x, columns, destination); break;
            case ReduceKind.Min: ReduceLoops.Rows<MinReduce>(x, columns, destination); break;
            case ReduceKind.Product: ReduceLoops.Rows<ProductReduce>(x, columns, destination); break;
            default: LogSumExpLoops.Rows(x, columns, destination); break;
        }
    }

    private static void Columns(ReduceKind kind, ReadOnlySpan<float> x, int rows, int stride, Span<float> destination)
    {
        switch (kind)
        {
            case ReduceKind.Sum: ReduceLoops.Columns<SumReduce>(x, rows, stride, destination); break;
            case ReduceKind.SumSquare: ReduceLoops.Columns<SumSquareReduce>(x, rows, stride, destination); break;
            case ReduceKind.L1: ReduceLoops.Columns<SumAbsReduce>(x, rows, stride, destination); break;
            case ReduceKind.Max: ReduceLoops.Columns<MaxReduce>(x, rows, stride, destination); break;
            case ReduceKind.Min: ReduceLoops.Columns<MinReduce>(x, rows, stride, destination); break;
            case ReduceKind.Product: ReduceLoops.Columns<ProductReduce>(x, rows, stride, destination); break;
            default: LogSumExpLoops.Columns(x, rows, stride, destination); break;
        }
    }

    // The first stage maps the elements; further stages only combine its results. Mean and L2 are sums until the end.
    private static void AddStages(List<Stage> stages, ref ReduceKind kind, int outer, int reduced, int inner)
    {
        var first = kind switch
        {
            ReduceKind.Mean => ReduceKind.Sum,
            ReduceKind.L2 => ReduceKind.SumSquare,
            _ => kind,
        };
        kind = first is ReduceKind.SumSquare or ReduceKind.L1 ? ReduceKind.Sum : first;
        var stage = Cut(first, outer, reduced, inner);
        stages.Add(stage);
        if (stage.Chunks > 1) AddStages(stages, ref kind, outer, stage.Chunks, inner);
    }

    private static Stage Cut(ReduceKind kind, int outer, int reduced, int inner)
    {
        var slice = Math.Max(1L, (long)reduced * inner);
        var whole = new Stage(kind, outer, reduced, inner)
        {
            ChunkLength = reduced,
            BlockLength = inner,
            SlicesPerPart = (int)Math.Clamp(ElementsPerPart / slice, 1, Math.Max(1, outer)),
        };
        if (slice <= ElementsPerPart || outer >= 16) return whole;
        var columns = Math.Max(ColumnsPerPart, ElementsPerPart / Math.Max(1, reduced) / ColumnsPerPart * ColumnsPerPart);
        if (inner >= 4 * columns) return whole with { BlockLength = columns };
        var rows = Math.Max(64, ElementsPerPart / inner / 64 * 64);
        return reduced >= 2 * rows ? whole with { ChunkLength = rows } : whole;
    }

    private static List<(int Size, bool Reduced)> Groups(ReadOnlySpan<int> shape, ReadOnlySpan<int> axes)
    {
        var groups = new List<(int Size, bool Reduced)>();
        for (var axis = 0; axis < shape.Length; axis++)
        {
            if (shape[axis] == 1) continue;
            var reduced = axes.Length == 0 || axes.Contains(axis);
            if (groups.Count > 0 && groups[^1].Reduced == reduced) groups[^1] = (groups[^1].Size * shape[axis], reduced);
            else groups.Add((shape[axis], reduced));
        }

        return groups;
    }

    private static int Product(List<(int Size, bool Reduced)> groups, int from, int to)
    {
        var product = 1;
        for (var i = from; i < to; i++) product = checked(product * groups[i].Size);
        return product;
    }

    private readonly record struct Stage(ReduceKind Kind, int Outer, int Reduced, int Inner)
    {
        public int ChunkLength { get; init; }
        public int BlockLength { get; init; }
        public int SlicesPerPart { get; init; }
        public int Offset { get; init; }
        public int Chunks => ChunkLength == 0 ? 1 : (Reduced + ChunkLength - 1) / ChunkLength;
        public int Blocks => BlockLength == 0 ? 1 : (Inner + BlockLength - 1) / BlockLength;
        public int Results => Outer * Chunks * Inner;
        public int Parts => Chunks * Blocks == 1 ? (Outer + SlicesPerPart - 1) / SlicesPerPart : Outer * Chunks * Blocks;
    }
}
