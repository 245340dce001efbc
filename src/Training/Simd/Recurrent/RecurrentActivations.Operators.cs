using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

// Each function with its derivative. At a kink the derivative is that of the flat side, as in libtorch.
internal static unsafe partial class RecurrentActivations
{
    private readonly struct Tanh : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var y = VectorMath.Tanh(x);
            derivative = V.MultiplyAdd(-y, y, V.Create(1f));
            return y;
        }
    }

    private readonly struct Sigmoid : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var y = VectorMath.Sigmoid(x);
            derivative = y * (V.Create(1f) - y);
            return y;
        }
    }

    private readonly struct Linear : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = V.Create(1f);
            return x;
        }
    }

    private readonly struct Relu : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = V.LessThan(V.Zero, x) & V.Create(1f);
            return V.Max(x, V.Zero);
        }
    }

    private readonly struct Relu6 : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = V.LessThan(V.Zero, x) & V.LessThan(x, V.Create(6f)) & V.Create(1f);
            return V.Min(V.Max(x, V.Zero), V.Create(6f));
        }
    }

    private readonly struct LeakyRelu : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = V.Select(V.LessThan(V.Zero, x), V.Create(1f), V.Create(0.2f));
            return x * derivative;
        }
    }

    private readonly struct Elu : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var negative = VectorMath.Expm1(V.Min(x, V.Zero));
            derivative = negative + V.Create(1f);
            return V.Select(V.LessThan(V.Zero, x), x, negative);
        }
    }

    private readonly struct Selu : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var y = Elu.Invoke(x, out derivative);
            var factor = V.Select(V.LessThan(V.Zero, x), V.Create(1.05070098f), V.Create(1.05070098f * 1.67326324f));
            derivative *= factor;
            return y * factor;
        }
    }

    private readonly struct Celu : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            return Elu.Invoke(x, out derivative);
        }
    }

    private readonly struct HardSigmoid : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = V.LessThan(V.Abs(x), V.Create(3f)) & V.Create(1f / 6f);
            return V.Min(V.Max(x + V.Create(3f), V.Zero), V.Create(6f)) * V.Create(1f / 6f);
        }
    }

    private readonly struct HardSilu : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var gate = HardSigmoid.Invoke(x, out var slope);
            derivative = V.MultiplyAdd(x, slope, gate);
            return x * gate;
        }
    }

    private readonly struct HardTanh : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = V.LessThan(V.Abs(x), V.Create(1f)) & V.Create(1f);
            return V.Min(V.Max(x, V.Create(-1f)), V.Create(1f));
        }
    }

    private readonly struct Silu : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var gate = VectorMath.Sigmoid(x);
            derivative = V.MultiplyAdd(x * gate, V.Create(1f) - gate, gate);
            return x * gate;
        }
    }

    private readonly struct Gelu : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            // The normal distribution function and its density.
            var below = V.MultiplyAdd(VectorMath.Erf(x * V.Create(0.707106781f)), V.Create(0.5f), V.Create(0.5f));
            derivative = V.MultiplyAdd(x, VectorMath.Exp(x * x * V.Create(-0.5f)) * V.Create(0.398942280f), below);
            return VectorMath.Gelu(x);
        }
    }

    private readonly struct GeluTanh : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var square = x * x;
            var gate = VectorMath.Sigmoid(x * V.MultiplyAdd(square, V.Create(0.0713548163f), V.Create(1.59576912f)));
            var slope = V.MultiplyAdd(square, V.Create(3f * 0.0713548163f), V.Create(1.59576912f));
            derivative = V.MultiplyAdd(x * gate * (V.Create(1f) - gate), slope, gate);
            return x * gate;
        }
    }

    private readonly struct Mish : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var inner = VectorMath.Tanh(VectorMath.Softplus(x));
            derivative = V.MultiplyAdd(x * VectorMath.Sigmoid(x), V.MultiplyAdd(-inner, inner, V.Create(1f)), inner);
            return x * inner;
        }
    }

    private readonly struct Softplus : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = VectorMath.Sigmoid(x);
            return VectorMath.Softplus(x);
        }
    }

    private readonly struct Softsign : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var reciprocal = V.Create(1f) / (V.Create(1f) + V.Abs(x));
            derivative = reciprocal * reciprocal;
            return x * reciprocal;
        }
    }

    private readonly struct Exponential : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = VectorMath.Exp(x);
            return derivative;
        }
    }

    private readonly struct LogSigmoid : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = VectorMath.Sigmoid(-x);
            return -VectorMath.Softplus(-x);
        }
    }

    private readonly struct SparsePlus : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = V.Min(V.Max(V.MultiplyAdd(x, V.Create(0.5f), V.Create(0.5f)), V.Zero), V.Create(1f));
            return V.Select(V.LessThan(x, V.Create(1f)), derivative * derivative, x);
        }
    }

    private readonly struct SparseSigmoid : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = V.LessThan(V.Abs(x), V.Create(1f)) & V.Create(0.5f);
            return V.Min(V.Max(V.MultiplyAdd(x, V.Create(0.5f), V.Create(0.5f)), V.Zero), V.Create(1f));
        }
    }

    private readonly struct SquarePlus : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var root = V.Sqrt(V.MultiplyAdd(x, x, V.Create(4f)));
            derivative = V.MultiplyAdd(x / root, V.Create(0.5f), V.Create(0.5f));
            return (x + root) * V.Create(0.5f);
        }
    }

    private readonly struct TanhShrink : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            var y = VectorMath.Tanh(x);
            derivative = y * y;
            return x - y;
        }
    }

    private readonly struct HardShrink : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = V.LessThan(V.Create(0.5f), V.Abs(x)) & V.Create(1f);
            return x & V.LessThan(V.Create(0.5f), V.Abs(x));
        }
    }

    private readonly struct SoftShrink : IRecurrentOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>
        {
            derivative = V.LessThan(V.Create(0.5f), V.Abs(x)) & V.Create(1f);
            return x - V.Min(V.Max(x, V.Create(-0.5f)), V.Create(0.5f));
        }
    }
}
