using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>The activations of recurrent cells, with Keras' formulas and defaults.</summary>
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

/// <summary>An activation and its derivative, computed together.</summary>
internal interface IRecurrentOperator
{
    static abstract V Invoke<V>(V x, out V derivative) where V : struct, IVector<V>;
}

/// <summary>Applies an activation to slots of gate values, for cells with activations other than tanh and sigmoid.</summary>
/// <remarks>
/// The derivative is kept, not the argument: that is exact for functions that cannot be inverted, and the backward pass need not know the function.
/// </remarks>
internal static unsafe partial class RecurrentActivations
{
    /// <summary><c>values[i] = f(sums[i]); derivatives[i] = f'(sums[i])</c></summary>
    // sums, values, derivatives: [rows, vectors * lanes] with their row strides; derivatives may be null
    public static void Apply<V>(
        RecurrentActivation activation, float* sums, nint sumsRow, int rows, int vectors,
        float* values, nint valuesRow, float* derivatives, nint derivativesRow)
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
    private static void Loop<V, TOperator>(
        float* sums, nint sumsRow, int rows, int vectors, float* values, nint valuesRow, float* derivatives, nint derivativesRow)
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
}
