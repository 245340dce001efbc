using System.Numerics.Tensors;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Engine;

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

    private sealed class GatherKernel(KernelRequest request, Gather op) : Kernel
    {
        private readonly ValueBuffer _table = request.Input(0);
        private readonly ValueBuffer _indices = request.Input(1);
        private readonly ValueBuffer _result = request.Output();
        private readonly (int Outer, int Size, int Inner) _split = Split(request.Input(0).Shape, op.Axis);
        private readonly int _bytes = request.Input(0).Spec.Type.Size();

        public override void Run(in RunContext context)
        {
            var (outer, size, inner) = _split;
            var row = inner * _bytes;
            var source = _table.Bytes;
            var target = _result.Bytes;
            for (var i = 0; i < outer; i++)
            {
                for (var j = 0; j < _indices.Length; j++)
                    source.Slice(((i * size) + Checked(IndexAt(_indices, j), size, "Gather")) * row, row).CopyTo(target[(((i * _indices.Length) + j) * row)..]);
            }
        }
    }

    /// <summary>Adds rows where they were taken from, in the order of the indices.</summary>
    private sealed class GatherGradientKernel(KernelRequest request, GatherGradient op) : Kernel
    {
        private readonly ValueBuffer _gradient = request.Input(0);
        private readonly ValueBuffer _indices = request.Input(1);
        private readonly ValueBuffer _result = request.Output();
        private readonly (int Outer, int Size, int Inner) _split = Split(request.Output().Shape, op.Axis);

        public override void Run(in RunContext context)
        {
            var (outer, size, inner) = _split;
            var source = _gradient.Floats;
            var target = _result.Floats;
            target.Clear();
            for (var i = 0; i < outer; i++)
            {
                for (var j = 0; j < _indices.Length; j++)
                {
                    var row = target.Slice(((i * size) + Checked(IndexAt(_indices, j), size, "Gather")) * inner, inner);
                    TensorPrimitives.Add(row, source.Slice(((i * _indices.Length) + j) * inner, inner), row);
                }
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

        public override void Run(in RunContext context)
        {
            var (outer, size, inner) = _split;
            var source = _input.Floats;
            var target = _result.Longs;
            for (var i = 0; i < outer; i++)
            {
                for (var j = 0; j < inner; j++)
                {
                    var best = 0;
                    var value = source[(i * size * inner) + j];
                    for (var k = 1; k < size; k++)
                    {
                        var other = source[(((i * size) + k) * inner) + j];
                        if (largest ? other > value : other < value) (best, value) = (k, other);
                    }

                    target[(i * inner) + j] = best;
                }
            }
        }
    }

    /// <summary>The largest elements of each row, the earlier of equal ones first.</summary>
    private sealed class TopKKernel(KernelRequest request, int k) : Kernel
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly ValueBuffer? _values = request.Outputs[0];
        private readonly ValueBuffer? _positions = request.Outputs[1];
        private readonly int[] _order = new int[request.Input(0).Shape.Dims[^1]];
        private readonly float[] _row = new float[request.Input(0).Shape.Dims[^1]];

        public override void Run(in RunContext context)
        {
            var width = _row.Length;
            for (var row = 0; row < _input.Length / Math.Max(1, width); row++)
            {
                _input.Floats.Slice(row * width, width).CopyTo(_row);
                for (var i = 0; i < width; i++) _order[i] = i;
                for (var i = 0; i < k; i++)
                {
                    var best = i;
                    for (var j = i + 1; j < width; j++)
                    {
                        if (_row[_order[j]] > _row[_order[best]] || (_row[_order[j]] == _row[_order[best]] && _order[j] < _order[best])) best = j;
                    }

                    (_order[i], _order[best]) = (_order[best], _order[i]);
                    if (_values is not null) _values.Floats[(row * k) + i] = _row[_order[i]];
                    if (_positions is not null) _positions.Longs[(row * k) + i] = _order[i];
                }
            }
        }
    }

    private sealed class CumSumKernel(KernelRequest request, CumSum op) : Kernel
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly ValueBuffer _result = request.Output();
        private readonly (int Outer, int Size, int Inner) _split = Split(request.Input(0).Shape, op.Axis);

        public override void Run(in RunContext context)
        {
            var (outer, size, inner) = _split;
            var source = _input.Floats;
            var target = _result.Floats;
            for (var i = 0; i < outer; i++)
            {
                for (var j = 0; j < inner; j++)
                {
                    var sum = 0f;
                    for (var step = 0; step < size; step++)
                    {
                        var place = (((i * size) + (op.Reverse ? size - 1 - step : step)) * inner) + j;
                        var value = source[place];
                        target[place] = op.Exclusive ? sum : sum + value;
                        sum += value;
                    }
                }
            }
        }
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
