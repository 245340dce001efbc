using System.Numerics;
using System.Runtime.InteropServices;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Elementwise operators on integers that float32 would round, in their own type: results wrap around, as in ONNX Runtime and NumPy.</summary>
internal static class IntegerKernels
{
    private interface IOperation<T, TResult>
    {
        static abstract TResult Of(T a, T b);
    }

    /// <exception cref="ModelException">The operator has no form for integers.</exception>
    public static Kernel Create(KernelRequest request)
    {
        var type = request.Input(request.Op is Where ? 1 : 0).Spec.Type;
        return request.Op switch
        {
            Where => type == DType.Int64 ? new Choice<long>(request) : new Choice<int>(request),
            Cast { To: DType.Int8 or DType.UInt8 } => type == DType.Int64
                ? new Binary<long, byte, LowestByte<long>>(request)
                : new Binary<int, byte, LowestByte<int>>(request),
            Cast { To: DType.Int64 } => new Binary<int, long, Widen>(request),
            Cast { To: DType.Int32 } => new Binary<long, int, Narrow>(request),
            _ => type == DType.Int64 ? Arithmetic<long>(request) : type == DType.Int32 ? Arithmetic<int>(request) : throw Missing(request),
        };
    }

    private static Kernel Arithmetic<T>(KernelRequest request) where T : unmanaged, IBinaryInteger<T> => request.Op switch
    {
        Add => new Binary<T, T, Sum<T>>(request),
        Sub => new Binary<T, T, Difference<T>>(request),
        Mul => new Binary<T, T, Product<T>>(request),
        Div => new Binary<T, T, Quotient<T>>(request),
        Mod => new Binary<T, T, Remainder<T>>(request),
        Pow => new Binary<T, T, Power<T>>(request),
        Max => new Binary<T, T, Larger<T>>(request),
        Min => new Binary<T, T, Smaller<T>>(request),
        BitwiseAnd => new Binary<T, T, BitsOfBoth<T>>(request),
        BitwiseOr => new Binary<T, T, BitsOfAny<T>>(request),
        BitwiseXor => new Binary<T, T, BitsOfOne<T>>(request),
        Equal => new Binary<T, bool, Same<T>>(request),
        Greater => new Binary<T, bool, Above<T>>(request),
        GreaterOrEqual => new Binary<T, bool, AtLeast<T>>(request),
        Less => new Binary<T, bool, Below<T>>(request),
        LessOrEqual => new Binary<T, bool, AtMost<T>>(request),
        _ => throw Missing(request),
    };

    private static ModelException Missing(KernelRequest request) => new(
        $"the engine has no kernel for {request.Op.Name} of {string.Join(" and ", request.Inputs.Select(input => input.Spec))}. Use Ops.Cast.");

    private static Span<T> Elements<T>(ValueBuffer buffer) where T : unmanaged => MemoryMarshal.Cast<byte, T>(buffer.Bytes);

    /// <summary>One operand for each element of a result: by rows of the last axis, along which it moves by a step of 1 or 0.</summary>
    private sealed class Operand
    {
        private readonly int[] _dims;
        private readonly int[] _strides;

        public Operand(ValueBuffer buffer, Shape result)
        {
            Buffer = buffer;
            _dims = result.Dims.ToArray();
            _strides = new int[_dims.Length];
            var own = buffer.Shape.Dims;
            for (int i = 1, stride = 1; i <= own.Length; stride *= own[^i++]) _strides[^i] = own[^i] == 1 ? 0 : stride;
        }

        public ValueBuffer Buffer { get; }

        public int Step => _strides.Length == 0 ? 0 : _strides[^1];

        public int StartOf(int row)
        {
            var start = 0;
            for (var d = _dims.Length - 2; d >= 0; d--)
            {
                start += row % _dims[d] * _strides[d];
                row /= _dims[d];
            }

            return start;
        }
    }

    private abstract class RowKernel(KernelRequest request) : CutKernel(Rows(request.Output().Shape))
    {
        private const double NanosecondsPerElement = 1;

        private readonly Operand[] _operands = [.. request.Inputs.Select(input => new Operand(input, request.Output().Shape))];
        private readonly int _columns = request.Output().Shape.Rank == 0 ? 1 : request.Output().Shape.Dims[^1];

        protected Node Node { get; } = request.Node;

        protected ValueBuffer Result { get; } = request.Output();

        protected Operand At(int input) => _operands[input];

        protected sealed override void Compute(int first, int end)
        {
            for (var row = first; row < end; row++) Row(row, row * _columns, _columns);
        }

        protected abstract void Row(int row, int start, int count);

        private static Cut Rows(Shape result)
        {
            var columns = result.Rank == 0 ? 1 : result.Dims[^1];
            return Cut.By(columns == 0 ? 0 : (int)(result.ElementCount / columns), columns * NanosecondsPerElement);
        }
    }

    private sealed class Binary<T, TResult, TOperation>(KernelRequest request) : RowKernel(request)
        where T : unmanaged
        where TResult : unmanaged
        where TOperation : struct, IOperation<T, TResult>
    {
        protected override void Row(int row, int start, int count)
        {
            // A conversion has one operand.
            var (left, right) = (At(0), Node.Inputs.Count > 1 ? At(1) : At(0));
            var a = Elements<T>(left.Buffer)[left.StartOf(row)..];
            var b = Elements<T>(right.Buffer)[right.StartOf(row)..];
            var y = Elements<TResult>(Result).Slice(start, count);
            try
            {
                for (var i = 0; i < count; i++) y[i] = TOperation.Of(a[i * left.Step], b[i * right.Step]);
            }
            catch (DivideByZeroException zero)
            {
                throw new ModelException(
                    $"{Node.Outputs[0].Origin} divides an integer by zero, as ONNX Runtime refuses to do in the exported file too. "
                    + "Keep zeros out of the divisor with Ops.Where, or divide floating-point numbers, which gives infinity.",
                    zero);
            }
        }
    }

    private sealed class Choice<T>(KernelRequest request) : RowKernel(request) where T : unmanaged
    {
        protected override void Row(int row, int start, int count)
        {
            var (condition, then, otherwise) = (At(0), At(1), At(2));
            var choices = condition.Buffer.Bools[condition.StartOf(row)..];
            var a = Elements<T>(then.Buffer)[then.StartOf(row)..];
            var b = Elements<T>(otherwise.Buffer)[otherwise.StartOf(row)..];
            var y = Elements<T>(Result).Slice(start, count);
            for (var i = 0; i < count; i++) y[i] = choices[i * condition.Step] ? a[i * then.Step] : b[i * otherwise.Step];
        }
    }

    private readonly struct Widen : IOperation<int, long>
    {
        public static long Of(int a, int b) => a;
    }

    private readonly struct Narrow : IOperation<long, int>
    {
        public static int Of(long a, long b) => unchecked((int)a);
    }

    private readonly struct LowestByte<T> : IOperation<T, byte> where T : IBinaryInteger<T>
    {
        public static byte Of(T a, T b) => byte.CreateTruncating(a);
    }

    private readonly struct Sum<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b) => unchecked(a + b);
    }

    private readonly struct Difference<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b) => unchecked(a - b);
    }

    private readonly struct Product<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b) => unchecked(a * b);
    }

    // The smallest number divided by -1 does not fit: processors trap, and the result wraps around here.
    private readonly struct Quotient<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b) => b == -T.One ? unchecked(T.Zero - a) : a / b;
    }

    private readonly struct Remainder<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b)
        {
            if (b == -T.One) return T.Zero;
            var rest = a % b;
            return !T.IsZero(rest) && T.IsNegative(rest) != T.IsNegative(b) ? rest + b : rest;
        }
    }

    private readonly struct Power<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b)
        {
            if (T.IsNegative(b))
            {
                if (T.IsZero(a)) throw new DivideByZeroException();
                return a == T.One ? a : a != -T.One ? T.Zero : T.IsEvenInteger(b) ? T.One : a;
            }

            var result = T.One;
            for (; !T.IsZero(b); b >>= 1)
            {
                if (T.IsOddInteger(b)) result = unchecked(result * a);
                a = unchecked(a * a);
            }

            return result;
        }
    }

    private readonly struct Larger<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b) => T.Max(a, b);
    }

    private readonly struct Smaller<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b) => T.Min(a, b);
    }

    private readonly struct BitsOfBoth<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b) => a & b;
    }

    private readonly struct BitsOfAny<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b) => a | b;
    }

    private readonly struct BitsOfOne<T> : IOperation<T, T> where T : IBinaryInteger<T>
    {
        public static T Of(T a, T b) => a ^ b;
    }

    private readonly struct Same<T> : IOperation<T, bool> where T : IBinaryInteger<T>
    {
        public static bool Of(T a, T b) => a == b;
    }

    private readonly struct Above<T> : IOperation<T, bool> where T : IBinaryInteger<T>
    {
        public static bool Of(T a, T b) => a > b;
    }

    private readonly struct AtLeast<T> : IOperation<T, bool> where T : IBinaryInteger<T>
    {
        public static bool Of(T a, T b) => a >= b;
    }

    private readonly struct Below<T> : IOperation<T, bool> where T : IBinaryInteger<T>
    {
        public static bool Of(T a, T b) => a < b;
    }

    private readonly struct AtMost<T> : IOperation<T, bool> where T : IBinaryInteger<T>
    {
        public static bool Of(T a, T b) => a <= b;
    }
}
