using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>Converts floats stored in 16 bits to float32 and back.</summary>
/// <remarks>
/// .NET does not expose the hardware's conversions. With integer instructions they take 0.1 to 0.2 ns per element, about as much as the memory traffic they
/// save.
/// </remarks>
internal static unsafe class WordLoops
{
    private const MethodImplOptions Optimized = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;

    /// <summary><c>destination[i] = (float)source[i]</c>, exact.</summary>
    /// <param name="source">[n] words.</param>
    /// <param name="destination">[n]</param>
    public static void Widen<TFormat>(ReadOnlySpan<ushort> source, Span<float> destination) where TFormat : struct, IWordFormat
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, source.Length);
        fixed (ushort* from = source)
        fixed (float* to = destination)
        {
            VectorDispatch.Run(new WidenLoop<TFormat>(from, to, source.Length));
        }
    }

    /// <summary><c>destination[i] = (word)source[i]</c>, rounded to the nearest, halves to even.</summary>
    /// <param name="source">[n]</param>
    /// <param name="destination">[n] words.</param>
    public static void Narrow<TFormat>(ReadOnlySpan<float> source, Span<ushort> destination) where TFormat : struct, IWordFormat
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, source.Length);
        fixed (float* from = source)
        fixed (ushort* to = destination)
        {
            VectorDispatch.Run(new NarrowLoop<TFormat>(from, to, source.Length));
        }
    }

    [MethodImpl(Optimized)]
    public static void Widen<V, TFormat>(ushort* source, float* destination, nint count) where V : struct, IVector<V> where TFormat : struct, IWordFormat
    {
        nint i = 0;
        for (; i <= count - V.Count; i += V.Count) V.Store(TFormat.Widen(V.LoadWords(source + i)), destination + i);
        if (i == count) return;
        var rest = stackalloc ushort[V.Count];
        new Span<ushort>(source + i, (int)(count - i)).CopyTo(new Span<ushort>(rest, V.Count));
        V.Store(TFormat.Widen(V.LoadWords(rest)), destination + i, (int)(count - i));
    }

    /// <param name="source">[count], or one vector of equal floats if the step is 0.</param>
    /// <param name="step">1 or 0.</param>
    /// <param name="destination">[count] words.</param>
    /// <param name="count">Elements.</param>
    [MethodImpl(Optimized)]
    public static void Narrow<V, TFormat>(float* source, nint step, ushort* destination, nint count)
        where V : struct, IVector<V> where TFormat : struct, IWordFormat
    {
        nint i = 0;
        for (; i <= count - V.Count; i += V.Count) V.StoreWords(TFormat.Narrow(V.Load(source + (i * step))), destination + i);
        if (i == count) return;
        var rest = stackalloc ushort[V.Count];
        V.StoreWords(TFormat.Narrow(V.Load(source + (i * step), (int)(count - i))), rest);
        new Span<ushort>(rest, (int)(count - i)).CopyTo(new Span<ushort>(destination + i, (int)(count - i)));
    }

    private readonly struct WidenLoop<TFormat>(ushort* source, float* destination, nint count) : IVectorLoop where TFormat : struct, IWordFormat
    {
        public void Run<V>() where V : struct, IVector<V> => Widen<V, TFormat>(source, destination, count);
    }

    private readonly struct NarrowLoop<TFormat>(float* source, ushort* destination, nint count) : IVectorLoop where TFormat : struct, IWordFormat
    {
        public void Run<V>() where V : struct, IVector<V> => Narrow<V, TFormat>(source, 1, destination, count);
    }
}
