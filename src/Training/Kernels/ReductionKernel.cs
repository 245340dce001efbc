using System.Numerics.Tensors;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Sums, means, extremes and norms along any axes.</summary>
/// <remarks>
/// The input is seen as [outer, reduced, inner]; axes that do not allow that are moved first. With inner = 1 each row is reduced by itself; otherwise rows of inner
/// elements are added up. A long reduction with few results is cut into pieces of fixed length whose results are combined in their order.
/// </remarks>
internal sealed class ReductionKernel : Kernel, IParallelWork
{
    private const int FloatsPerPart = 1 << 15;
    private const int MostParts = 32;

    private readonly ReduceOp _op;
    private readonly ValueBuffer _input;
    private readonly ValueBuffer _output;
    private readonly ValueBuffer? _moved;
    private readonly StridedCopy? _move;
    private readonly Storage _partial;
    private readonly int _outer;
    private readonly int _reduced;
    private readonly int _inner;
    private readonly int _pieces;
    private readonly int _parts;

    private ReductionKernel(KernelRequest request, ReduceOp op)
    {
        (_op, _input, _output) = (op, request.Input(0), request.Output());
        var shape = _input.Shape;
        var axes = ShapeRules.Axes(op.Axes, shape.Rank, op.Name);
        var (first, last) = axes.Length == 0 ? (0, -1) : (axes[0], axes[^1]);
        var contiguous = last - first + 1 == axes.Length;
        (_outer, _reduced, _inner) = (1, 1, 1);
        if (!contiguous)
        {
            // Everything kept in front, everything reduced behind.
            int[] order = [.. Enumerable.Range(0, shape.Rank).Where(i => !axes.Contains(i)), .. axes];
            var strides = StridedCopy.Dense(shape.Dims);
            int[] dims = [.. order.Select(i => shape.Dim(i))];
            _moved = new ValueBuffer(new TensorSpec(Shape.Of(dims), DType.Float32), request.Scratch(_input.Length));
            _move = new StridedCopy(dims, 0, [.. order.Select(i => strides[i])], 0, StridedCopy.Dense(dims), sizeof(float));
            foreach (var axis in axes) _reduced *= shape.Dims[axis];
            _outer = _reduced == 0 ? _output.Length : _input.Length / _reduced;
        }
        else
        {
            for (var i = 0; i < shape.Rank; i++)
            {
                if (i < first) _outer *= shape.Dims[i];
                else if (i <= last) _reduced *= shape.Dims[i];
                else _inner *= shape.Dims[i];
            }
        }

        // Pieces only where the results alone do not make enough parts.
        var wanted = (int)Math.Clamp((long)_outer * _reduced * _inner / FloatsPerPart, 1, MostParts);
        _pieces = _outer >= wanted || _inner * 2L > FloatsPerPart ? 1 : Math.Clamp(wanted / Math.Max(1, _outer), 1, Math.Max(1, _reduced / 16));
        _parts = Math.Min(_outer * _pieces, Math.Max(wanted, _pieces));
        _partial = request.Scratch(_pieces > 1 ? (long)_outer * _pieces * _inner : 0);
    }

    public static Kernel Create(KernelRequest request, ReduceOp op) => new ReductionKernel(request, op);

    public override void Run(in RunContext context)
    {
        _move?.Run(context.Pool, _input, _moved!);
        if (_outer == 0) return;
        context.Pool.Run(this, _parts);
        if (_pieces > 1)
        {
            for (var i = 0; i < _outer; i++) Reduce(_partial.Memory.Span.Slice(i * _pieces * _inner, _pieces * _inner), _pieces, _output.Floats.Slice(i * _inner, _inner), second: true);
        }

        Finish(_output.Floats);
    }

    void IParallelWork.Execute(int part)
    {
        var units = _outer * _pieces;
        var source = (_moved ?? _input).Floats;
        for (var unit = (int)((long)units * part / _parts); unit < (int)((long)units * (part + 1) / _parts); unit++)
        {
            var (outer, piece) = (unit / _pieces, unit % _pieces);
            var (begin, end) = ((int)((long)_reduced * piece / _pieces), (int)((long)_reduced * (piece + 1) / _pieces));
            var target = _pieces > 1 ? _partial.Memory.Span.Slice(unit * _inner, _inner) : _output.Floats.Slice(outer * _inner, _inner);
            Reduce(source.Slice(((outer * _reduced) + begin) * _inner, (end - begin) * _inner), end - begin, target, second: false);
        }
    }

    /// <summary>Brings rows to one; the second time over, what was squared is only added.</summary>
    // source [rows, inner], target [inner]
    private void Reduce(ReadOnlySpan<float> source, int rows, Span<float> target, bool second)
    {
        if (_inner == 1)
        {
            target[0] = Row(source, second);
            return;
        }

        switch (_op)
        {
            case ReduceMax or ReduceMin:
                if (rows == 0) target.Fill(_op is ReduceMax ? float.NegativeInfinity : float.PositiveInfinity);
                else source[.._inner].CopyTo(target);
                for (var i = 1; i < rows; i++)
                {
                    if (_op is ReduceMax) TensorPrimitives.Max(target, source.Slice(i * _inner, _inner), target);
                    else TensorPrimitives.Min(target, source.Slice(i * _inner, _inner), target);
                }

                break;
            case ReduceProd:
                target.Fill(1);
                for (var i = 0; i < rows; i++) TensorPrimitives.Multiply(target, source.Slice(i * _inner, _inner), target);
                break;
            default:
                target.Clear();
                for (var i = 0; i < rows; i++)
                {
                    var row = source.Slice(i * _inner, _inner);
                    if (second || _op is ReduceSum or ReduceMean) TensorPrimitives.Add(target, row, target);
                    else if (_op is ReduceL1) AddMagnitudes(row, target);
                    else TensorPrimitives.MultiplyAdd(row, row, target, target);
                }

                break;
        }
    }

    private float Row(ReadOnlySpan<float> row, bool second)
    {
        if (row.Length == 0) return _op switch { ReduceProd => 1, ReduceMax => float.NegativeInfinity, ReduceMin => float.PositiveInfinity, _ => 0 };
        return _op switch
        {
            ReduceMax => TensorPrimitives.Max(row),
            ReduceMin => TensorPrimitives.Min(row),
            ReduceProd => TensorPrimitives.Product(row),
            ReduceL1 when !second => TensorPrimitives.SumOfMagnitudes(row),
            ReduceL2 or ReduceSumSquare when !second => TensorPrimitives.SumOfSquares(row),
            _ => TensorPrimitives.Sum(row),
        };
    }

    private void Finish(Span<float> results)
    {
        switch (_op)
        {
            case ReduceMean:
                TensorPrimitives.Divide(results, _reduced, results);
                break;
            case ReduceL2:
                TensorPrimitives.Sqrt(results, results);
                break;
        }
    }

    private static void AddMagnitudes(ReadOnlySpan<float> row, Span<float> target)
    {
        for (var i = 0; i < row.Length; i++) target[i] += MathF.Abs(row[i]);
    }
}
