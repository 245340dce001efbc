using System.Runtime.InteropServices;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Operators that choose elements by whole numbers, or find which to choose.</summary>
internal static class SelectionKernels
{
    public static Kernel Gather(KernelRequest request, Gather op) => new GatherKernel(request, op);

    public static Kernel GatherGradient(KernelRequest request, GatherGradient op) => new GatherGradientKernel(request, op);

    public static Kernel GatherElements(KernelRequest request, GatherElements op) => new ElementsKernel(request, op.Axis, request.Input(0), request.Output(), scatter: false);

    public static Kernel GatherElementsGradient(KernelRequest request, GatherElementsGradient op) => new ElementsKernel(request, op.Axis, request.Output(), request.Input(0), scatter: true);

    public static Kernel OneHot(KernelRequest request, OneHot op) => new OneHotKernel(request.Input(0), request.Output(), op.Depth);

    public static Kernel Arg(KernelRequest request, int axis, bool largest) => new ArgKernel(request, axis, largest);

    public static Kernel TopK(KernelRequest request, TopK op) => new TopKKernel(request, op.K);

    public static Kernel CumSum(KernelRequest request, CumSum op) => new CumSumKernel(request, op);

    public static Kernel Logical(KernelRequest request, ReduceOp op) => new LogicalKernel(request, op);

    private static long IndexAt(ValueBuffer indices, int i) => indices.Spec.Type == DType.Int64 ? indices.Longs[i] : indices.Ints[i];

    private static int Checked(long index, int size, string what) =>
        index >= -size && index < size
            ? (int)(index < 0 ? index + size : index)
            : throw new ModelException($"{what}: index {index} is outside a table of {size} rows; expected 0 to {size - 1}. Check the ids in the data, or make the table larger (Embedding's inputDim).");

    private static (int Outer, int Size, int Inner) Split(Shape shape, int axis)
    {
        axis = ShapeRules.Axis(axis, shape.Rank, "axis");
        var (outer, inner) = (1, 1);
        for (var i = 0; i < axis; i++) outer *= shape.Dims[i];
        for (var i = axis + 1; i < shape.Rank; i++) inner *= shape.Dims[i];
        return (outer, shape.Dims[axis], inner);
    }

    private static ModelException Outside(ValueBuffer indices, int at, int size) =>
        new($"Gather: index {IndexAt(indices, at)} is outside a table of {size} rows; expected 0 to {size - 1}. Check the ids in the data, or make the table larger (Embedding's inputDim).");

    private sealed class GatherKernel : Kernel, IParallelWork
    {
        private const double NanosecondsAByte = 0.1;
        private const double NanosecondsARow = 8;

        private readonly ValueBuffer _table;
        private readonly ValueBuffer _indices;
        private readonly ValueBuffer _result;
        private readonly int _size;
        private readonly int _rowBytes;
        private readonly Cut _cut;

        public GatherKernel(KernelRequest request, Gather op)
        {
            (_table, _indices, _result) = (request.Input(0), request.Input(1), request.Output());
            (var outer, _size, var inner) = Split(_table.Shape, op.Axis);
            _rowBytes = inner * _table.Spec.Type.Size();
            _cut = Cut.By(outer * _indices.Length, NanosecondsARow + (_rowBytes * NanosecondsAByte));
        }

        public override void Run(in RunContext context) => context.Pool.Run(this, _cut.Parts);

        public void Execute(int part)
        {
            // An item is one index for one outer slice; a part may cover pieces of several slices.
            var (item, end) = _cut.Range(part);
            while (item < end)
            {
                var (slice, first) = Math.DivRem(item, _indices.Length);
                var count = Math.Min(end - item, _indices.Length - first);
                var table = _table.Bytes.Slice(slice * _size * _rowBytes, _size * _rowBytes);
                var target = _result.Bytes.Slice(item * _rowBytes, count * _rowBytes);
                var wrong = _indices.Spec.Type == DType.Int64
                    ? IndexLoops.GatherRows<long>(table, _rowBytes, _indices.Longs.Slice(first, count), target)
                    : IndexLoops.GatherRows<int>(table, _rowBytes, _indices.Ints.Slice(first, count), target);
                if (wrong >= 0) throw Outside(_indices, first + wrong, _size);
                item += count;
            }
        }
    }

    /// <summary>Adds rows where they were taken from, in the order of the indices: a part is a range of the table's rows, so no two parts write the same.</summary>
    private sealed class GatherGradientKernel : Kernel, IParallelWork
    {
        private const double NanosecondsAnElement = 0.2;

        private readonly ValueBuffer _gradient;
        private readonly ValueBuffer _indices;
        private readonly ValueBuffer _result;
        private readonly int _outer;
        private readonly int _size;
        private readonly int _inner;
        private readonly Cut _cut;

        public GatherGradientKernel(KernelRequest request, GatherGradient op)
        {
            (_gradient, _indices, _result) = (request.Input(0), request.Input(1), request.Output());
            (_outer, _size, _inner) = Split(_result.Shape, op.Axis);
            _cut = Cut.By(_size, (double)(_gradient.Length + _result.Length) / Math.Max(1, _size) * NanosecondsAnElement);
        }

        public override void Run(in RunContext context) => context.Pool.Run(this, _cut.Parts);

        public void Execute(int part)
        {
            var (first, end) = _cut.Range(part);
            for (var slice = 0; slice < _outer; slice++)
            {
                var source = _gradient.Floats.Slice(slice * _indices.Length * _inner, _indices.Length * _inner);
                var target = _result.Floats.Slice(((slice * _size) + first) * _inner, (end - first) * _inner);
                var wrong = _indices.Spec.Type == DType.Int64
                    ? IndexLoops.ScatterAddRows<long>(source, _indices.Longs, _size, first, target, _inner)
                    : IndexLoops.ScatterAddRows<int>(source, _indices.Ints, _size, first, target, _inner);
                if (wrong >= 0) throw Outside(_indices, wrong, _size);
            }
        }
    }

    /// <summary>Element by element along an axis, in either direction.</summary>
    private sealed class ElementsKernel(KernelRequest request, int axis, ValueBuffer data, ValueBuffer chosen, bool scatter) : Kernel
    {
        private readonly ValueBuffer _indices = request.Input(1);
        private readonly int _axis = ShapeRules.Axis(axis, data.Shape.Rank, "GatherElements");
        private readonly int[] _dataStrides = StridedCopy.Dense(data.Shape.Dims);
        private readonly int[] _indexStrides = StridedCopy.Dense(request.Input(1).Shape.Dims);

        public override void Run(in RunContext context)
        {
            if (scatter) data.Bytes.Clear();
            for (var i = 0; i < _indices.Length; i++)
            {
                var place = 0;
                for (var d = 0; d < _dataStrides.Length; d++)
                {
                    var position = i / _indexStrides[d] % _indices.Shape.Dims[d];
                    place += (d == _axis ? Checked(IndexAt(_indices, i), data.Shape.Dims[_axis], "GatherElements") : position) * _dataStrides[d];
                }

                if (scatter) data.Floats[place] += chosen.Floats[i];
                else if (data.Spec.Type.Size() == 8) chosen.Longs[i] = data.Longs[place];
                else if (data.Spec.Type.Size() == 1) chosen.Bools[i] = data.Bools[place];
                else chosen.Ints[i] = data.Ints[place];
            }
        }
    }

    private sealed class OneHotKernel(ValueBuffer indices, ValueBuffer result, int depth) : Kernel
    {
        public override void Run(in RunContext context)
        {
            var target = result.Floats;
            target.Clear();
            for (var i = 0; i < indices.Length; i++)
            {
                var index = IndexAt(indices, i);
                if (index < 0) index += depth;
                if (index >= 0 && index < depth) target[(i * depth) + (int)index] = 1;
            }
        }
    }

    private sealed class ArgKernel(KernelRequest request, int axis, bool largest) : Kernel
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly ValueBuffer _result = request.Output();
        private readonly (int Outer, int Size, int Inner) _split = Split(request.Input(0).Shape, axis);

        public override void Run(in RunContext context) => ArgReduce.Run(_input.Floats, _split.Size, _split.Inner, !largest, _result.Longs);
    }

    /// <summary>The largest elements of each row, the earlier of equal ones first.</summary>
    private sealed class TopKKernel(KernelRequest request, int k) : Kernel
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly Storage _values = request.Outputs[0]?.Storage ?? request.Scratch(request.Input(0).Length);
        private readonly Storage _positions = request.Outputs[1]?.Storage ?? request.Scratch(request.Input(0).Length * 2L);
        private readonly int _width = request.Input(0).Shape.Dims[^1];

        public override void Run(in RunContext context)
        {
            var count = _width == 0 ? 0 : _input.Length / _width * k;
            RowScans.TopK(_input.Floats, _width, k, _values.Memory.Span[..count], MemoryMarshal.Cast<float, long>(_positions.Memory.Span)[..count]);
        }
    }

    private sealed class CumSumKernel(KernelRequest request, CumSum op) : Kernel
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly ValueBuffer _result = request.Output();
        private readonly (int Outer, int Size, int Inner) _split = Split(request.Input(0).Shape, op.Axis);

        public override void Run(in RunContext context) => RowScans.CumulativeSum(_input.Floats, _split.Size, _split.Inner, op.Exclusive, op.Reverse, _result.Floats);
    }

    /// <summary>Whether any or all are true.</summary>
    private sealed class LogicalKernel : Kernel
    {
        private readonly ValueBuffer _input;
        private readonly ValueBuffer _result;
        private readonly bool _any;
        private readonly int[] _targetStrides;
        private readonly int[] _dims;

        public LogicalKernel(KernelRequest request, ReduceOp op)
        {
            (_input, _result, _any) = (request.Input(0), request.Output(), op is ReduceAny);
            _dims = _input.Shape.Dims.ToArray();
            var axes = ShapeRules.Axes(op.Axes, _dims.Length, op.Name);
            _targetStrides = new int[_dims.Length];
            var stride = 1;
            for (var i = _dims.Length - 1; i >= 0; i--)
            {
                if (axes.Contains(i)) continue;
                _targetStrides[i] = stride;
                stride *= _dims[i];
            }
        }

        public override void Run(in RunContext context)
        {
            var source = _input.Bools;
            var target = _result.Bools;
            target.Fill(!_any);
            for (var i = 0; i < source.Length; i++)
            {
                var (place, rest) = (0, i);
                for (var d = _dims.Length - 1; d >= 0; d--)
                {
                    place += rest % _dims[d] * _targetStrides[d];
                    rest /= _dims[d];
                }

                if (source[i] == _any) target[place] = _any;
            }
        }
    }
}
