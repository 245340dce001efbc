using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Copies a block of elements between two arrangements: <c>target[t + sum i_k tk] = source[s + sum i_k sk]</c>. Transposing, slicing, joining, padding, repeating are all this.</summary>
/// <remarks>
/// Axes that follow one another on both sides become one, so that what lies together is copied together; a stride of 0 repeats. Three axes are moved at a time: the one that is
/// contiguous in the target, the one that is contiguous in the source where that is another, and the next in the target's order; the rest is counted through. Parts are cut
/// through all of them.
/// </remarks>
internal sealed class StridedCopy : IParallelWork
{
    private const double NanosecondsAByte = 0.1;

    // Rows that make one item, from several planes or from a piece of one, so that one large transposition is cut as well.
    private const int RowsAnItem = 64;

    private readonly StridedMoves.Axis[] _outer;
    private readonly StridedMoves.Block _block;
    private readonly int _sourceOffset;
    private readonly int _targetOffset;
    private readonly int _size;
    private readonly int _planesAnItem;
    private readonly int _planeItems;
    private readonly int _rowItems;
    private readonly Cut _cut;
    private ValueBuffer? _source;
    private ValueBuffer? _target;

    /// <param name="dims">The block.</param>
    /// <param name="sourceOffset">Its first element in the source.</param>
    /// <param name="sourceStrides">Elements from one to the next along each axis of the source.</param>
    /// <param name="targetOffset">Its first element in the target.</param>
    /// <param name="targetStrides">The same of the target; never 0 where the axis is longer than 1.</param>
    /// <param name="elementSize">Bytes of an element: 1, 2, 4 or 8.</param>
    public StridedCopy(ReadOnlySpan<int> dims, int sourceOffset, ReadOnlySpan<int> sourceStrides, int targetOffset, ReadOnlySpan<int> targetStrides, int elementSize)
    {
        var axes = new List<StridedMoves.Axis>();
        var count = 1;
        for (var i = 0; i < dims.Length; i++)
        {
            count = checked(count * dims[i]);
            if (dims[i] == 1) continue;
            var axis = new StridedMoves.Axis(dims[i], sourceStrides[i], targetStrides[i]);
            if (axes.Count > 0 && axes[^1].Source == axis.Source * axis.Count && axes[^1].Target == axis.Target * axis.Count) axes[^1] = axis with { Count = axes[^1].Count * axis.Count };
            else axes.Add(axis);
        }

        while (axes.Count < 3) axes.Insert(0, new(1, 0, 0));
        MoveToEnd(axes, axes.FindIndex(axis => axis.Target == 1));
        var columns = axes[^1];
        axes.RemoveAt(axes.Count - 1);
        if (columns.Source != 1) MoveToEnd(axes, axes.FindIndex(axis => axis.Source == 1));
        _block = new(axes[^2], axes[^1], columns);
        _outer = [.. axes.Take(axes.Count - 2)];
        (_sourceOffset, _targetOffset, _size) = (sourceOffset, targetOffset, elementSize);

        var (planes, rows) = (_block.Planes.Count, _block.Rows.Count);
        _planesAnItem = Math.Max(1, RowsAnItem / Math.Max(1, rows));
        _planeItems = (planes + _planesAnItem - 1) / _planesAnItem;
        _rowItems = (rows + RowsAnItem - 1) / RowsAnItem;
        var items = count == 0 ? 0 : _outer.Aggregate(1, (product, axis) => product * axis.Count) * _planeItems * _rowItems;
        _cut = Cut.By(items, items == 0 ? 0 : (double)count * elementSize * NanosecondsAByte / items);
    }

    /// <summary>Elements from one to the next along each axis of a dense array.</summary>
    public static int[] Dense(ReadOnlySpan<int> dims)
    {
        var strides = new int[dims.Length];
        var stride = 1;
        for (var i = dims.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= dims[i];
        }

        return strides;
    }

    public void Run(WorkerPool pool, ValueBuffer source, ValueBuffer target)
    {
        (_source, _target) = (source, target);
        pool.Run(this, _cut.Parts);
    }

    void IParallelWork.Execute(int part)
    {
        var (first, end) = _cut.Range(part);
        for (var item = first; item < end; item++)
        {
            var (rest, rowItem) = Math.DivRem(item, _rowItems);
            (rest, var planeItem) = Math.DivRem(rest, _planeItems);
            var (plane, row) = (planeItem * _planesAnItem, rowItem * RowsAnItem);
            var source = _sourceOffset + (plane * _block.Planes.Source) + (row * _block.Rows.Source);
            var target = _targetOffset + (plane * _block.Planes.Target) + (row * _block.Rows.Target);
            for (var axis = _outer.Length - 1; axis >= 0 && rest > 0; axis--)
            {
                (rest, var index) = Math.DivRem(rest, _outer[axis].Count);
                source += index * _outer[axis].Source;
                target += index * _outer[axis].Target;
            }

            var planes = _block.Planes with { Count = Math.Min(_planesAnItem, _block.Planes.Count - plane) };
            var rows = _block.Rows with { Count = Math.Min(RowsAnItem, _block.Rows.Count - row) };
            StridedMoves.Move(_source!.Bytes, source, _target!.Bytes, target, _size, new(planes, rows, _block.Columns));
        }
    }

    private static void MoveToEnd(List<StridedMoves.Axis> axes, int index)
    {
        if (index < 0) return;
        var axis = axes[index];
        axes.RemoveAt(index);
        axes.Add(axis);
    }
}
