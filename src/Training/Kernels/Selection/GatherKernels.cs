using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The kernels of operators that select elements by index.</summary>
internal static class GatherKernels
{
    private const double NanosecondsPerRow = 8;
    private const double NanosecondsPerByte = 0.1;
    private const double NanosecondsPerSum = 0.2;

    public static Kernel Gather(KernelRequest request, Gather op)
    {
        var split = AxisSplit.Of(request.Input(0).Shape, op.Axis);
        return new GatherKernel(request, split, split.Inner * request.Input(0).Spec.Type.Size(), op.Strict);
    }

    public static Kernel GatherGradient(KernelRequest request, GatherGradient op) =>
        new GatherGradientKernel(request, AxisSplit.Of(request.Output().Shape, op.Axis));

    public static Kernel GatherElements(KernelRequest request, GatherElements op) =>
        new ElementsKernel(request.Node, request.Input(1), op.Axis, request.Input(0), request.Output(), scatter: false);

    public static Kernel GatherElementsGradient(KernelRequest request, GatherElementsGradient op) =>
        new ElementsKernel(request.Node, request.Input(1), op.Axis, request.Output(), request.Input(0), scatter: true);

    public static Kernel OneHot(KernelRequest request, OneHot op) => new OneHotKernel(request, op);

    private static long IndexAt(ValueBuffer indices, int i) => indices.Spec.Type == DType.Int64 ? indices.Longs[i] : indices.Ints[i];

    /// <summary>The row that an index names; negative ones count from the end.</summary>
    /// <exception cref="ModelException">There is no such row.</exception>
    public static int RowAt(Node node, ValueBuffer indices, int i, int rows)
    {
        var index = IndexAt(indices, i);
        if (index < -rows || index >= rows) throw OutOfRange(node, index, rows);
        return (int)(index < 0 ? index + rows : index);
    }

    private static ModelException OutOfRange(Node node, long index, int size) => new(
        $"Index {index} in {node.Outputs[0].Origin} is out of range; expected 0 to {size - 1}. Check the ids in the data, or make the layer larger: "
        + "Embedding's inputDim, CategoryEncoding's numTokens, IntegerLookup's vocabulary or numOovIndices.");

    // table [outer, count, inner], indices [n], result [outer, n, inner]; an item is one index for one outer slice
    private sealed class GatherKernel(KernelRequest request, AxisSplit split, int rowBytes, bool strict)
        : CutKernel(Cut.By(split.Outer * request.Input(1).Length, NanosecondsPerRow + (rowBytes * NanosecondsPerByte)))
    {
        private readonly Node _node = request.Node;
        private readonly ValueBuffer _table = request.Input(0);
        private readonly ValueBuffer _indices = request.Input(1);
        private readonly ValueBuffer _result = request.Output();

        protected override void Compute(int first, int end)
        {
            // A part may cover pieces of several slices.
            for (var item = first; item < end;)
            {
                var (slice, start) = Math.DivRem(item, _indices.Length);
                var count = Math.Min(end - item, _indices.Length - start);
                var table = _table.Bytes.Slice(slice * split.Count * rowBytes, split.Count * rowBytes);
                var target = _result.Bytes.Slice(item * rowBytes, count * rowBytes);
                var wrong = _indices.Spec.Type == DType.Int64
                    ? IndexLoops.GatherRows<long>(table, rowBytes, _indices.Longs.Slice(start, count), strict, target)
                    : IndexLoops.GatherRows<int>(table, rowBytes, _indices.Ints.Slice(start, count), strict, target);
                if (wrong >= 0) throw OutOfRange(_node, IndexAt(_indices, start + wrong), split.Count);
                item += count;
            }
        }
    }

    /// <summary>
    /// Adds rows to those they were taken from, in the order of the indices. A part is a range of the table's rows, so no two parts write the same row.
    /// </summary>
    private sealed class GatherGradientKernel(KernelRequest request, AxisSplit split) : CutKernel(CutRows(request, split))
    {
        private readonly Node _node = request.Node;
        private readonly ValueBuffer _gradient = request.Input(0);
        private readonly ValueBuffer _indices = request.Input(1);
        private readonly ValueBuffer _result = request.Output();

        protected override void Compute(int first, int end)
        {
            var length = _indices.Length * split.Inner;
            for (var slice = 0; slice < split.Outer; slice++)
            {
                var source = _gradient.Floats.Slice(slice * length, length);
                var target = _result.Floats.Slice(((slice * split.Count) + first) * split.Inner, (end - first) * split.Inner);
                var wrong = _indices.Spec.Type == DType.Int64
                    ? IndexLoops.ScatterAddRows<long>(source, _indices.Longs, split.Count, first, target, split.Inner)
                    : IndexLoops.ScatterAddRows<int>(source, _indices.Ints, split.Count, first, target, split.Inner);
                if (wrong >= 0) throw OutOfRange(_node, IndexAt(_indices, wrong), split.Count);
            }
        }

        private static Cut CutRows(KernelRequest request, AxisSplit split)
        {
            var elements = (double)(request.Input(0).Length + request.Output().Length);
            return Cut.By(split.Count, elements / Math.Max(1, split.Count) * NanosecondsPerSum);
        }
    }

    /// <summary>Gathers single elements along an axis, or adds them to those they were taken from.</summary>
    private sealed class ElementsKernel(Node node, ValueBuffer indices, int axis, ValueBuffer data, ValueBuffer chosen, bool scatter) : Kernel
    {
        private readonly int _axis = ShapeRules.Axis(axis, data.Shape.Rank, "GatherElements");
        private readonly int[] _dataStrides = StridedCopy.Dense(data.Shape.Dims);
        private readonly int[] _indexStrides = StridedCopy.Dense(indices.Shape.Dims);

        public override void Run(in RunContext context)
        {
            if (scatter) data.Bytes.Clear();
            for (var i = 0; i < indices.Length; i++)
            {
                var place = 0;
                for (var d = 0; d < _dataStrides.Length; d++)
                {
                    var position = d == _axis ? Position(i) : i / _indexStrides[d] % indices.Shape.Dims[d];
                    place += position * _dataStrides[d];
                }

                if (scatter) data.Floats[place] += chosen.Floats[i];
                else if (data.Spec.Type.Size() == 8) chosen.Longs[i] = data.Longs[place];
                else if (data.Spec.Type.Size() == 1) chosen.Bools[i] = data.Bools[place];
                else chosen.Ints[i] = data.Ints[place];
            }
        }

        private int Position(int i) => RowAt(node, indices, i, data.Shape.Dims[_axis]);
    }

    private sealed class OneHotKernel(KernelRequest request, OneHot op) : Kernel
    {
        private readonly ValueBuffer _indices = request.Input(0);
        private readonly ValueBuffer _result = request.Output();

        public override void Run(in RunContext context)
        {
            var target = _result.Floats;
            target.Clear();
            for (var i = 0; i < _indices.Length; i++)
            {
                var index = IndexAt(_indices, i);
                if ((ulong)index < (ulong)op.Depth) target[(i * op.Depth) + (int)index] = 1;
                else if (op.Strict) throw OutOfRange(request.Node, index, op.Depth);
            }
        }
    }
}
