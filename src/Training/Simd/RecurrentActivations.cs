using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>The activations a recurrent cell may use, by Keras' formulas and defaults.</summary>
internal enum RecurrentActivation
{
    Tanh,
    Sigmoid,
    Linear,
    Relu,
    Relu6,
    LeakyRelu,
    Elu,
    Selu,
    Celu,
    HardSigmoid,
    HardSilu,
    HardTanh,
    Silu,
    Gelu,
    GeluTanh,
    Mish,
    Softplus,
    Softsign,
    Exponential,
    LogSigmoid,
    SparsePlus,
    SparseSigmoid,
    SquarePlus,
    TanhShrink,
    HardShrink,
    SoftShrink,
}

/// <summary>An activation together with its derivative, which a recurrent cell computes in one go while the argument is at hand.</summary>
internal interface IRecurrentOperator
{
    static abstract V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>;
}

/// <summary>Applies an activation to slots of gate values, for cells that do not use tanh and sigmoid alone.</summary>
/// <remarks>The derivative is kept, not the argument: it is exact for functions that cannot be inverted, and the backward pass need not know the function.</remarks>
internal static unsafe class RecurrentActivations
{
    /// <summary><c>values[i] = f(sums[i]); derivatives[i] = f'(sums[i])</c></summary>
    // [rows, vectors * lanes] by sumsRow, [rows, vectors * lanes] by valuesRow, alike or null
    public static void Apply<V>(RecurrentActivation activation, float* sums, nint sumsRow, int rows, int vectors, float* values, nint valuesRow, float* derivatives, nint derivativesRow)
        where V : struct, IVector<V>
    {
        switch (activation)
        {
            case RecurrentActivation.Tanh:
                Loop<V, Tanh>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Sigmoid:
                Loop<V, Sigmoid>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Linear:
                Loop<V, Linear>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Relu:
                Loop<V, Relu>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Relu6:
                Loop<V, Relu6>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.LeakyRelu:
                Loop<V, LeakyRelu>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Elu:
                Loop<V, Elu>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Selu:
                Loop<V, Selu>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Celu:
                Loop<V, Celu>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.HardSigmoid:
                Loop<V, HardSigmoid>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.HardSilu:
                Loop<V, HardSilu>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.HardTanh:
                Loop<V, HardTanh>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Silu:
                Loop<V, Silu>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Gelu:
                Loop<V, Gelu>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.GeluTanh:
                Loop<V, GeluTanh>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Mish:
                Loop<V, Mish>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Softplus:
                Loop<V, Softplus>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Softsign:
                Loop<V, Softsign>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.Exponential:
                Loop<V, Exponential>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.LogSigmoid:
                Loop<V, LogSigmoid>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.SparsePlus:
                Loop<V, SparsePlus>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.SparseSigmoid:
                Loop<V, SparseSigmoid>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.SquarePlus:
                Loop<V, SquarePlus>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.TanhShrink:
                Loop<V, TanhShrink>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.HardShrink:
                Loop<V, HardShrink>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            case RecurrentActivation.SoftShrink:
                Loop<V, SoftShrink>(sums, sumsRow, rows, vectors, values, valuesRow, derivatives, derivativesRow);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(activation));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<V, TOperator>(float* sums, nint sumsRow, int rows, int vectors, float* values, nint valuesRow, float* derivatives, nint derivativesRow)
        where V : struct, IVector<V>
        where TOperator : struct, IRecurrentOperator
    {
        for (var row = 0; row < rows; row++)
        {
            for (var vector = 0; vector < vectors; vector++)
            {
                var at = vector * V.Count;
                V.Store(TOperator.Invoke(V.Load(sums + (row * sumsRow) + at), out var derivative), values + (row * valuesRow) + at);
                if (derivatives != null) V.Store(derivative, derivatives + (row * derivativesRow) + at);
            }
        }
    }

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
            // The normal distribution and its density.
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
