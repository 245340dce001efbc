using System.Buffers.Binary;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Data;

/// <summary>Numbers of a file as the type that is asked for. A number that does not fit is refused; fractions of real numbers may be rounded.</summary>
internal static class CheckedNumbers
{
    /// <summary>Whether a type holds no fractions.</summary>
    public static bool IsInteger<T>()
        where T : struct, INumberBase<T> => T.CreateTruncating(0.5) == T.Zero;

    /// <summary>Converts numbers.</summary>
    /// <param name="from">The numbers.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="first">The place of the first, for messages.</param>
    /// <param name="name">The name of the array, for messages.</param>
    /// <exception cref="DataException">A number is beyond the range of the type; the message names it.</exception>
    public static void Convert<TStored, T>(ReadOnlySpan<TStored> from, Span<T> to, long first, string name)
        where TStored : unmanaged, INumberBase<TStored>
        where T : struct, INumberBase<T>
    {
        if (typeof(TStored) == typeof(T)) from.CopyTo(MemoryMarshal.Cast<T, TStored>(to));
        else if (!TryConvert(from, to)) ConvertEach(from, to, first, name);
    }

    /// <summary>Reverses the bytes of every number.</summary>
    public static void Reverse<T>(Span<T> numbers)
        where T : unmanaged
    {
        switch (Unsafe.SizeOf<T>())
        {
            case 2:
                var words = MemoryMarshal.Cast<T, ushort>(numbers);
                BinaryPrimitives.ReverseEndianness(words, words);
                break;
            case 4:
                var singles = MemoryMarshal.Cast<T, uint>(numbers);
                BinaryPrimitives.ReverseEndianness(singles, singles);
                break;
            case 8:
                var longs = MemoryMarshal.Cast<T, ulong>(numbers);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }

    /// <summary>Converts all at once; false if one of them may not fit.</summary>
    private static bool TryConvert<TStored, T>(ReadOnlySpan<TStored> from, Span<T> to)
        where TStored : unmanaged, INumberBase<TStored>
        where T : struct, INumberBase<T>
    {
        if (typeof(T) == typeof(float) || typeof(T) == typeof(double))
        {
            // Numbers beyond the range have become infinite; so have those that were.
            TensorPrimitives.ConvertTruncating(from, to);
            return IsInteger<TStored>() || TensorPrimitives.IsFiniteAll<T>(to);
        }

        if (!typeof(T).IsPrimitive || !IsInteger<TStored>()) return false;
        foreach (var number in from)
        {
            // A round trip shows what does not fit; signs too, where both types are of one size.
            var converted = T.CreateTruncating(number);
            if (TStored.CreateTruncating(converted) != number || T.IsNegative(converted) != TStored.IsNegative(number)) return false;
        }

        TensorPrimitives.ConvertTruncating(from, to);
        return true;
    }

    private static void ConvertEach<TStored, T>(ReadOnlySpan<TStored> from, Span<T> to, long first, string name)
        where TStored : unmanaged, INumberBase<TStored>
        where T : struct, INumberBase<T>
    {
        for (var i = 0; i < from.Length; i++)
        {
            try
            {
                to[i] = T.CreateChecked(from[i]);
            }
            catch (OverflowException overflow)
            {
                throw new DataException(
                    $"{name} holds {from[i]} at flat index {first + i}, which {typeof(T).Name} cannot hold. Read it as float or long.", overflow);
            }

            // Floating-point types become infinite instead of overflowing.
            if (T.IsInfinity(to[i]) && TStored.IsFinite(from[i]))
                throw new DataException($"{name} holds {from[i]} at flat index {first + i}, beyond the range of {typeof(T).Name}. Read it as double.");
        }
    }
}
