using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>
/// Copies a block of elements between two arrangements, <c>target[t + sum i_k t_k] = source[s + sum i_k s_k]</c>: to transpose, slice, join, pad or repeat.
/// </summary>
/// <remarks>
/// Axes that are contiguous on both sides are merged, so that elements that lie together are copied together. A stride of 0 repeats.
/// Three axes are moved at a time: the one that is contiguous in the target, the one that is contiguous in the source if it is another one,
/// and the next in the order of the target. The remaining axes are looped over. Parts are cut through all axes.
/// </remarks>
internal sealed class StridedCopy : IParallelWork
{
    private const double NanosecondsPerByte = 0.1;

    // An item has that many rows, of several planes or of a piece of one, so that a single large transposition is cut as well.
    private const int RowsPerItem = 64;

    private readonly StridedMoves.Axis[] _outer;
    private readonly StridedMoves.Block _block;
    private readonly int _sourceOffset;
    private readonly int _targetOffset;
    private readonly int _size;
    private readonly int _planesPerItem;
    private readonly int _planeItems;
    private readonly int _rowItems;
    private readonly Cut _cut;
    private ValueBuffer? _source;
    private ValueBuffer? _target;

    /// <param name="dims">The dimensions of the block.</param>
    /// <param name="sourceOffset">The index of its first element in the source.</param>
    /// <param name="sourceStrides">The strides of its axes in the source, in elements.</param>
    /// <param name="targetOffset">The index of its first element in the target.</param>
    /// <param name="targetStrides">The strides of its axes in the target; not 0 if the axis is longer than 1.</param>
    /// <param name="elementSize">The size of an element in bytes: 1, 2, 4 or 8.</param>
    public StridedCopy(
        ReadOnlySpan<int> dims,
        int sourceOffset,
        ReadOnlySpan<int> sourceStrides,
        int targetOffset,
        ReadOnlySpan<int> targetStrides,
        int elementSize)
    {
        var axes = new List<StridedMoves.Axis>();
        var count = 1;
        for (var i = 0; i < dims.Length; i++)
        {
            count = checked(count * dims[i]);
            if (dims[i] == 1) continue;
            var axis = new StridedMoves.Axis(dims[i], sourceStrides[i], targetStrides[i]);
            var isContiguous = axes.Count > 0 && axes[^1].Source == axis.Source * axis.Count && axes[^1].Target == axis.Target * axis.Count;
            if (isContiguous) axes[^1] = axis with { Count = axes[^1].Count * axis.Count };
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
        _planesPerItem = Math.Max(1, RowsPerItem / Math.Max(1, rows));
        _planeItems = (planes + _planesPerItem - 1) / _planesPerItem;
        _rowItems = (rows + RowsPerItem - 1) / RowsPerItem;
        var items = count == 0 ? 0 : _outer.Aggregate(1, (product, axis) => product * axis.Count) * _planeItems * _rowItems;
        _cut = Cut.By(items, items == 0 ? 0 : (double)count * elementSize * NanosecondsPerByte / items);
    }

    /// <summary>The strides of a dense array, in elements.</summary>
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
            var (plane, row) = (planeItem * _planesPerItem, rowItem * RowsPerItem);
            var source = _sourceOffset + (plane * _block.Planes.Source) + (row * _block.Rows.Source);
            var target = _targetOffset + (plane * _block.Planes.Target) + (row * _block.Rows.Target);
            for (var axis = _outer.Length - 1; axis >= 0 && rest > 0; axis--)
            {
                (rest, var index) = Math.DivRem(rest, _outer[axis].Count);
                source += index * _outer[axis].Source;
                target += index * _outer[axis].Target;
            }

            var planes = _block.Planes with { Count = Math.Min(_planesPerItem, _block.Planes.Count - plane) };
            var rows = _block.Rows with { Count = Math.Min(RowsPerItem, _block.Rows.Count - row) };
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
