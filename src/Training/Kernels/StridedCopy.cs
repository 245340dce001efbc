using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Copies a block of elements between two arrangements: <c>target[t + sum i_k tk] = source[s + sum i_k sk]</c>. Transposing, slicing, joining, padding, repeating are all this.</summary>
/// <remarks>
/// Axes that follow one another on both sides become one, so that what lies together is copied together; a stride of 0 repeats. Two axes are moved at a time: the one that is
/// contiguous in the target, and the one that is contiguous in the source where that is another; the rest is counted through. Parts are cut through both.
/// </remarks>
internal sealed class StridedCopy : IParallelWork
{
    private const double NanosecondsAByte = 0.1;

    // Rows of the moved plane that make one item, so that one large transposition is cut as well.
    private const int RowsAnItem = 64;

    private readonly int[] _dims;
    private readonly int[] _sourceStrides;
    private readonly int[] _targetStrides;
    private readonly int _sourceOffset;
    private readonly int _targetOffset;
    private readonly int _size;
    private readonly int _blocks;
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
        var axes = new List<Axis>();
        var count = 1;
        for (var i = 0; i < dims.Length; i++)
        {
            count = checked(count * dims[i]);
            if (dims[i] == 1) continue;
            var axis = new Axis(dims[i], sourceStrides[i], targetStrides[i]);
            if (axes.Count > 0 && axes[^1].Source == axis.Source * axis.Count && axes[^1].Target == axis.Target * axis.Count) axes[^1] = axis with { Count = axes[^1].Count * axis.Count };
            else axes.Add(axis);
        }

        // The moved plane: columns contiguous in the target, rows contiguous in the source if the columns are not.
        while (axes.Count < 2) axes.Insert(0, new Axis(1, 0, 0));
        MoveToEnd(axes, axes.FindIndex(axis => axis.Target == 1));
        if (axes[^1].Source != 1 && axes.FindIndex(axis => axis.Source == 1) is >= 0 and var row)
        {
            var columns = axes[^1];
            axes.RemoveAt(axes.Count - 1);
            MoveToEnd(axes, row);
            axes.Add(columns);
        }

        _dims = [.. axes.Select(axis => axis.Count)];
        _sourceStrides = [.. axes.Select(axis => axis.Source)];
        _targetStrides = [.. axes.Select(axis => axis.Target)];
        (_sourceOffset, _targetOffset, _size) = (sourceOffset, targetOffset, elementSize);
        _blocks = (_dims[^2] + RowsAnItem - 1) / RowsAnItem;
        var planes = count == 0 ? 0 : count / _dims[^1] / _dims[^2];
        _cut = Cut.By(planes * _blocks, planes == 0 ? 0 : (double)count * elementSize * NanosecondsAByte / (planes * _blocks));
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
            var (rest, block) = Math.DivRem(item, _blocks);
            var row = block * RowsAnItem;
            var source = _sourceOffset + (row * _sourceStrides[^2]);
            var target = _targetOffset + (row * _targetStrides[^2]);
            for (var axis = _dims.Length - 3; axis >= 0 && rest > 0; axis--)
            {
                (rest, var index) = Math.DivRem(rest, _dims[axis]);
                source += index * _sourceStrides[axis];
                target += index * _targetStrides[axis];
            }

            var rows = Math.Min(RowsAnItem, _dims[^2] - row);
            StridedMoves.Move(
                _source!.Bytes, source, _target!.Bytes, target, _size, new(rows, _dims[^1], _sourceStrides[^2], _sourceStrides[^1], _targetStrides[^2], _targetStrides[^1]));
        }
    }

    private static void MoveToEnd(List<Axis> axes, int index)
    {
        if (index < 0) return;
        var axis = axes[index];
        axes.RemoveAt(index);
        axes.Add(axis);
    }

    private readonly record struct Axis(int Count, int Source, int Target);
}
