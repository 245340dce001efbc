using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Data;

/// <summary>Reads the bits of a piece of a JPEG's scan: what lies between two markers, without the zeros that are stuffed after bytes of ones.</summary>
/// <param name="data">The bytes, and <see cref="Padding"/> zeros.</param>
/// <param name="length">The number of bytes.</param>
internal ref struct JpegBits(ReadOnlySpan<byte> data, int length)
{
    /// <summary>The zeros behind the data: more than a block can read, so that it is enough to look for the end once per block.</summary>
    public const int Padding = 512;

    private readonly ReadOnlySpan<byte> _data = data;
    private ulong _window;
    private int _count;
    private int _at;

    /// <summary>A number of so many bits, whose upper half of values is positive: T.81, table F.1.</summary>
    public static int Signed(int bits, int size) => bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;

    /// <summary>Makes at least 32 bits available.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fill()
    {
        if (_count > 32) return;
        _window |= (ulong)BinaryPrimitives.ReadUInt32BigEndian(_data[_at..]) << (32 - _count);
        _at += 4;
        _count += 32;
    }

    /// <summary>The next bits, without moving on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Peek(int bits) => (int)(_window >> (64 - bits));

    /// <summary>Moves on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(int bits)
    {
        _window <<= bits;
        _count -= bits;
    }

    /// <summary>The next bits, of which there is at least one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Take(int bits)
    {
        var value = Peek(bits);
        Skip(bits);
        return value;
    }

    /// <summary>The next bit.</summary>
    public int One()
    {
        Fill();
        return Take(1);
    }

    /// <summary>The next symbol.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Symbol(JpegHuffman table)
    {
        Fill();
        var entry = table.Short[Peek(JpegHuffman.Lookup)];
        if (entry == 0) return LongSymbol(table);
        Skip(entry & 0xFF);
        return entry >> 8;
    }

    /// <summary>Checks that no more bits were read than there are.</summary>
    /// <exception cref="InvalidDataException">There are too few.</exception>
    public readonly void CheckEnd()
    {
        if (((long)_at * 8) - _count > (long)length * 8) throw new InvalidDataException("its pixels end too early");
    }

    /// <summary>Checks that all bytes were read.</summary>
    /// <exception cref="InvalidDataException">There are more, or too few.</exception>
    public readonly void CheckAllRead()
    {
        CheckEnd();
        if (((long)length * 8) - (((long)_at * 8) - _count) >= 8) throw new InvalidDataException("its pixels hold more than its size declares");
    }

    private int LongSymbol(JpegHuffman table)
    {
        var symbol = table.Long(Peek(16), out var used);
        Skip(used);
        return symbol;
    }
}
