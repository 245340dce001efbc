using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace OnnxFunctional.Layers;

/// <summary>The hashes with which Keras distributes words: FarmHash's Fingerprint64, and SipHash-2-4 with a key, both of the UTF-8 bytes.</summary>
/// <remarks>https://github.com/google/farmhash and https://www.aumasson.jp/siphash/siphash.pdf</remarks>
internal static class TextHash
{
    private const ulong K0 = 0xc3a5c85c97cb3127, K1 = 0xb492b66fbe98f273, K2 = 0x9ae16a3b2f90404f;

    private const int Block = 64;

    /// <summary>FarmHash's Fingerprint64.</summary>
    public static ulong Fingerprint(string text) => Fingerprint(Encoding.UTF8.GetBytes(text));

    /// <summary>FarmHash's Fingerprint64.</summary>
    public static ulong Fingerprint(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        0 => K2,
        < 4 => UpTo3(bytes),
        < 8 => UpTo7(bytes),
        <= 16 => UpTo16(bytes),
        <= 32 => UpTo32(bytes),
        <= 64 => UpTo64(bytes),
        _ => Long(bytes),
    };

    /// <summary>SipHash-2-4 with a key of two numbers.</summary>
    public static ulong Keyed(string text, ulong first, ulong second)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var state = new Sip(first, second);
        var whole = bytes.Length / 8 * 8;
        for (var i = 0; i < whole; i += 8) state.Add(Word(bytes, i));
        var last = (ulong)bytes.Length << 56;
        for (var i = whole; i < bytes.Length; i++) last |= (ulong)bytes[i] << (8 * (i - whole));
        state.Add(last);
        return state.Finish();
    }

    private static ulong UpTo3(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            var (first, middle, last) = (bytes[0], bytes[bytes.Length >> 1], bytes[^1]);
            var y = (uint)first + ((uint)middle << 8);
            var z = (uint)bytes.Length + ((uint)last << 2);
            return Shifted((y * K2) ^ (z * K0)) * K2;
        }
    }

    private static ulong UpTo7(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            var length = (ulong)bytes.Length;
            ulong first = BinaryPrimitives.ReadUInt32LittleEndian(bytes), last = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]);
            return Mixed(length + (first << 3), last, Factor(length));
        }
    }

    private static ulong UpTo16(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            var mul = Factor((ulong)bytes.Length);
            var a = Word(bytes, 0) + K2;
            var b = Word(bytes, bytes.Length - 8);
            return Mixed((Right(b, 37) * mul) + a, (Right(a, 25) + b) * mul, mul);
        }
    }

    private static ulong UpTo32(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            var mul = Factor((ulong)bytes.Length);
            var a = Word(bytes, 0) * K1;
            var b = Word(bytes, 8);
            var c = Word(bytes, bytes.Length - 8) * mul;
            var d = Word(bytes, bytes.Length - 16) * K2;
            return Mixed(Right(a + b, 43) + Right(c, 30) + d, a + Right(b + K2, 18) + c, mul);
        }
    }

    private static ulong UpTo64(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            var mul = Factor((ulong)bytes.Length);
            var a = Word(bytes, 0) * K2;
            var b = Word(bytes, 8);
            var c = Word(bytes, bytes.Length - 8) * mul;
            var d = Word(bytes, bytes.Length - 16) * K2;
            var y = Right(a + b, 43) + Right(c, 30) + d;
            var z = Mixed(y, a + Right(b + K2, 18) + c, mul);
            var e = Word(bytes, 16) * mul;
            var f = Word(bytes, 24);
            var g = (y + Word(bytes, bytes.Length - 32)) * mul;
            var h = (z + Word(bytes, bytes.Length - 24)) * mul;
            return Mixed(Right(e + f, 43) + Right(g, 30) + h, e + Right(f + a, 18) + g, mul);
        }
    }

    private static ulong Long(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            const ulong seed = 81;
            var y = (seed * K1) + 113;
            var z = Shifted((y * K2) + 113) * K2;
            (ulong First, ulong Second) v = (0, 0), w = (0, 0);
            var x = (seed * K2) + Word(bytes, 0);
            var end = (bytes.Length - 1) / Block * Block;
            for (var at = 0; at < end; at += Block)
            {
                x = Right(x + y + v.First + Word(bytes, at + 8), 37) * K1;
                y = Right(y + v.Second + Word(bytes, at + 48), 42) * K1;
                x ^= w.Second;
                y += v.First + Word(bytes, at + 40);
                z = Right(z + w.First, 33) * K1;
                v = Weak(bytes, at, v.Second * K1, x + w.First);
                w = Weak(bytes, at + 32, z + w.Second, y + Word(bytes, at + 16));
                (z, x) = (x, z);
            }

            // The last 64 bytes, which may overlap those before.
            var mul = K1 + ((z & 0xff) << 1);
            var last = bytes.Length - Block;
            w.First += (ulong)((bytes.Length - 1) & (Block - 1));
            v.First += w.First;
            w.First += v.First;
            x = Right(x + y + v.First + Word(bytes, last + 8), 37) * mul;
            y = Right(y + v.Second + Word(bytes, last + 48), 42) * mul;
            x ^= w.Second * 9;
            y += (v.First * 9) + Word(bytes, last + 40);
            z = Right(z + w.First, 33) * mul;
            v = Weak(bytes, last, v.Second * mul, x + w.First);
            w = Weak(bytes, last + 32, z + w.Second, y + Word(bytes, last + 16));
            (z, x) = (x, z);
            return Mixed(Mixed(v.First, w.First, mul) + (Shifted(y) * K0) + z, Mixed(v.Second, w.Second, mul) + x, mul);
        }
    }

    private static (ulong First, ulong Second) Weak(ReadOnlySpan<byte> bytes, int at, ulong a, ulong b)
    {
        unchecked
        {
            var last = Word(bytes, at + 24);
            a += Word(bytes, at);
            b = Right(b + a + last, 21);
            var start = a;
            a += Word(bytes, at + 8) + Word(bytes, at + 16);
            return (a + last, b + Right(a, 44) + start);
        }
    }

    private static ulong Mixed(ulong u, ulong v, ulong mul)
    {
        unchecked
        {
            var a = Shifted((u ^ v) * mul);
            return Shifted((v ^ a) * mul) * mul;
        }
    }

    private static ulong Factor(ulong length) => unchecked(K2 + (length * 2));

    private static ulong Shifted(ulong value) => value ^ (value >> 47);

    private static ulong Right(ulong value, int bits) => BitOperations.RotateRight(value, bits);

    private static ulong Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private struct Sip(ulong first, ulong second)
    {
        private ulong _a = first ^ 0x736f6d6570736575;
        private ulong _b = second ^ 0x646f72616e646f6d;
        private ulong _c = first ^ 0x6c7967656e657261;
        private ulong _d = second ^ 0x7465646279746573;

        public void Add(ulong word)
        {
            _d ^= word;
            Round();
            Round();
            _a ^= word;
        }

        public ulong Finish()
        {
            _c ^= 0xff;
            for (var i = 0; i < 4; i++) Round();
            return _a ^ _b ^ _c ^ _d;
        }

        private void Round()
        {
            unchecked
            {
                _a += _b;
                _b = BitOperations.RotateLeft(_b, 13) ^ _a;
                _a = BitOperations.RotateLeft(_a, 32);
                _c += _d;
                _d = BitOperations.RotateLeft(_d, 16) ^ _c;
                _a += _d;
                _d = BitOperations.RotateLeft(_d, 21) ^ _a;
                _c += _b;
                _b = BitOperations.RotateLeft(_b, 17) ^ _c;
                _c = BitOperations.RotateLeft(_c, 32);
            }
        }
    }
}
