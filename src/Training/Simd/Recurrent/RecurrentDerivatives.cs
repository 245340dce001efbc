using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>The source of the derivatives of a cell's activations in the backward pass, as a constant to the JIT.</summary>
internal unsafe interface IRecurrentDerivatives
{
    /// <summary>Whether the forward pass kept them.</summary>
    static abstract bool Kept { get; }

    /// <summary>The derivative of the activation (tanh by default) where its value is <paramref name="value"/>.</summary>
    static abstract V OfActivation<V>(V value, float* kept) where V : struct, IVector<V>;

    /// <summary>The derivative of the gates' activation (sigmoid by default) where its value is <paramref name="value"/>.</summary>
    static abstract V OfGate<V>(V value, float* kept) where V : struct, IVector<V>;

    /// <summary>Clears the padding lanes of a gradient, which some activations make infinite.</summary>
    static abstract V Clean<V>(V gradient, V lanes) where V : struct, IVector<V>;
}

/// <summary>For tanh and sigmoid: computed from their values.</summary>
internal readonly unsafe struct DerivativesFromValues : IRecurrentDerivatives
{
    public static bool Kept => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfActivation<V>(V value, float* kept) where V : struct, IVector<V> => V.MultiplyAdd(-value, value, V.Create(1f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfGate<V>(V value, float* kept) where V : struct, IVector<V> => value * (V.Create(1f) - value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Clean<V>(V gradient, V lanes) where V : struct, IVector<V> => gradient;
}

/// <summary>For any other activation: kept by the forward pass.</summary>
internal readonly unsafe struct DerivativesKept : IRecurrentDerivatives
{
    public static bool Kept => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfActivation<V>(V value, float* kept) where V : struct, IVector<V> => V.Load(kept);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfGate<V>(V value, float* kept) where V : struct, IVector<V> => V.Load(kept);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Clean<V>(V gradient, V lanes) where V : struct, IVector<V> => gradient & lanes;
}
