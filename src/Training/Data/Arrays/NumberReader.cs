using System.Numerics;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Data;

/// <summary>Reads consecutive numbers of a file, whatever type it stores.</summary>
/// <typeparam name="T">The type they become.</typeparam>
internal abstract class NumberReader<T>
    where T : struct, INumberBase<T>
{
    /// <summary>Reads the next numbers.</summary>
    /// <param name="stream">The file, at the first of them.</param>
    /// <param name="target">Where they go; as many are read as fit.</param>
    /// <exception cref="DataException">One is beyond the range of the type.</exception>
    public abstract void Read(Stream stream, Span<T> target);

    /// <summary>A reader of an array.</summary>
    /// <param name="type">The type in the file: f4, i8, bf2 ...</param>
    /// <param name="isReversed">Whether the bytes of numbers lie in the order that is not this machine's.</param>
    /// <param name="name">The name of the array, for messages.</param>
    public static NumberReader<T> Of(string type, bool isReversed, string name) => type switch
    {
        "f2" => new Reader<Half>(isReversed, name),
        "bf2" => new BFloat16Reader(name),
        "f4" => new Reader<float>(isReversed, name),
        "f8" => new Reader<double>(isReversed, name),
        "i1" => new Reader<sbyte>(isReversed, name),
        "i2" => new Reader<short>(isReversed, name),
        "i4" => new Reader<int>(isReversed, name),
        "i8" => new Reader<long>(isReversed, name),
        "u2" => new Reader<ushort>(isReversed, name),
        "u4" => new Reader<uint>(isReversed, name),
        "u8" => new Reader<ulong>(isReversed, name),

        // u1 and b1: a bool is stored as the byte 0 or 1.
        _ => new Reader<byte>(isReversed, name),
    };

    private sealed class Reader<TStored>(bool isReversed, string name) : NumberReader<T>
        where TStored : unmanaged, INumberBase<TStored>
    {
        // Bytes that are reversed or converted are still in the cache.
        private const int Chunk = 1 << 15;
        private const int MostAtOnce = 1 << 26;

        private TStored[] _chunk = [];
        private long _next;

        public override void Read(Stream stream, Span<T> target)
        {
            var isSame = typeof(T) == typeof(TStored);
            var most = isSame && !isReversed ? MostAtOnce : Chunk;
            if (!isSame && _chunk.Length < Math.Min(most, target.Length)) _chunk = new TStored[Math.Min(most, target.Length)];
            while (!target.IsEmpty)
            {
                var count = Math.Min(most, target.Length);
                var stored = isSame ? MemoryMarshal.Cast<T, TStored>(target[..count]) : _chunk.AsSpan(0, count);
                stream.ReadExactly(MemoryMarshal.AsBytes(stored));
                if (isReversed) CheckedNumbers.Reverse(stored);
                if (!isSame) CheckedNumbers.Convert<TStored, T>(stored, target[..count], _next, name);
                _next += count;
                target = target[count..];
            }
        }
    }

    /// <summary>The upper halves of float32, a type that .NET lacks.</summary>
    private sealed class BFloat16Reader(string name) : NumberReader<T>
    {
        private readonly ushort[] _words = new ushort[1 << 14];
        private readonly float[] _floats = new float[1 << 14];
        private long _next;

        public override void Read(Stream stream, Span<T> target)
        {
            while (!target.IsEmpty)
            {
                var count = Math.Min(_words.Length, target.Length);
                stream.ReadExactly(MemoryMarshal.AsBytes(_words.AsSpan(0, count)));
                for (var i = 0; i < count; i++) _floats[i] = BitConverter.UInt32BitsToSingle((uint)_words[i] << 16);
                CheckedNumbers.Convert<float, T>(_floats.AsSpan(0, count), target[..count], _next, name);
                _next += count;
                target = target[count..];
            }
        }
    }
}
