using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// The inverse cosine transform of 8 x 8 coefficients in whole numbers, as libjpeg's default has it, bit for bit: Loeffler, Ligtenberg and Moschytz, with
/// constants of 13 bits, two more bits between columns and rows.
/// </summary>
internal static class JpegTransform
{
    private const int ConstantBits = 13;
    private const int BetweenBits = 2;

    /// <summary>Coefficients to samples.</summary>
    /// <param name="block">The coefficients times their steps, in the order of rows; overwritten unless <paramref name="last"/> is 0.</param>
    /// <param name="last">The number of the last coefficient that is not zero.</param>
    /// <param name="target">The samples.</param>
    /// <param name="stride">The samples from row to row.</param>
    public static void Run(Span<int> block, int last, Span<byte> target, int stride)
    {
        if (last == 0)
        {
            var value = (byte)Math.Clamp(((block[0] + 4) >> 3) + 128, 0, 255);
            for (var row = 0; row < 8; row++) target.Slice(row * stride, 8).Fill(value);
            return;
        }

        Along(block, ConstantBits - BetweenBits);
        Transpose(block);
        Along(block, ConstantBits + BetweenBits + 3);
        Transpose(block);
        for (var row = 0; row < 8; row++)
        {
            var values = Vector256.Create((ReadOnlySpan<int>)block[(row * 8)..]) + Vector256.Create(128);
            values = Vector256.Min(Vector256.Max(values, Vector256<int>.Zero), Vector256.Create(255));
            var words = Vector128.Narrow(values.GetLower(), values.GetUpper()).AsUInt16();
            BinaryPrimitives.WriteUInt64LittleEndian(target[(row * stride)..], Vector128.Narrow(words, words).AsUInt64().ToScalar());
        }
    }

    /// <summary>One dimension of the transform, for eight columns at once.</summary>
    private static void Along(Span<int> block, int shift)
    {
        var (in0, in1, in2, in3) = (Row(block, 0), Row(block, 1), Row(block, 2), Row(block, 3));
        var (in4, in5, in6, in7) = (Row(block, 4), Row(block, 5), Row(block, 6), Row(block, 7));

        // Even rows.
        var z = (in2 + in6) * 4433;
        var e2 = z - (in6 * 15137);
        var e3 = z + (in2 * 6270);
        var e0 = (in0 + in4) << ConstantBits;
        var e1 = (in0 - in4) << ConstantBits;
        var half = Vector256.Create(1 << (shift - 1));
        var (a0, a3, a1, a2) = (e0 + e3 + half, e0 - e3 + half, e1 + e2 + half, e1 - e2 + half);

        // Odd rows.
        var (z1, z2, z3, z4) = (in7 + in1, in5 + in3, in7 + in3, in5 + in1);
        var z5 = (z3 + z4) * 9633;
        z1 *= -7373;
        z2 *= -20995;
        z3 = (z3 * -16069) + z5;
        z4 = (z4 * -3196) + z5;
        var b0 = (in7 * 2446) + z1 + z3;
        var b1 = (in5 * 16819) + z2 + z4;
        var b2 = (in3 * 25172) + z2 + z3;
        var b3 = (in1 * 12299) + z1 + z4;

        ((a0 + b3) >> shift).CopyTo(block);
        ((a1 + b2) >> shift).CopyTo(block[8..]);
        ((a2 + b1) >> shift).CopyTo(block[16..]);
        ((a3 + b0) >> shift).CopyTo(block[24..]);
        ((a3 - b0) >> shift).CopyTo(block[32..]);
        ((a2 - b1) >> shift).CopyTo(block[40..]);
        ((a1 - b2) >> shift).CopyTo(block[48..]);
        ((a0 - b3) >> shift).CopyTo(block[56..]);
    }

    private static Vector256<int> Row(ReadOnlySpan<int> block, int row) => Vector256.Create(block[(row * 8)..]);

    private static void Transpose(Span<int> block)
    {
        if (!Avx2.IsSupported)
        {
            for (var y = 1; y < 8; y++)
            {
                for (var x = 0; x < y; x++) (block[(y * 8) + x], block[(x * 8) + y]) = (block[(x * 8) + y], block[(y * 8) + x]);
            }

            return;
        }

        Half(block, 0, out var a0, out var a1, out var a2, out var a3);
        Half(block, 32, out var b0, out var b1, out var b2, out var b3);
        Avx2.Permute2x128(a0, b0, 0x20).CopyTo(block);
        Avx2.Permute2x128(a1, b1, 0x20).CopyTo(block[8..]);
        Avx2.Permute2x128(a2, b2, 0x20).CopyTo(block[16..]);
        Avx2.Permute2x128(a3, b3, 0x20).CopyTo(block[24..]);
        Avx2.Permute2x128(a0, b0, 0x31).CopyTo(block[32..]);
        Avx2.Permute2x128(a1, b1, 0x31).CopyTo(block[40..]);
        Avx2.Permute2x128(a2, b2, 0x31).CopyTo(block[48..]);
        Avx2.Permute2x128(a3, b3, 0x31).CopyTo(block[56..]);
    }

    /// <summary>Four rows to their columns, four in each half of a vector.</summary>
    private static void Half(
        ReadOnlySpan<int> block, int at, out Vector256<int> c0, out Vector256<int> c1, out Vector256<int> c2, out Vector256<int> c3)
    {
        var (r0, r1) = (Vector256.Create(block[at..]), Vector256.Create(block[(at + 8)..]));
        var (r2, r3) = (Vector256.Create(block[(at + 16)..]), Vector256.Create(block[(at + 24)..]));
        var (low01, high01) = (Avx2.UnpackLow(r0, r1).AsInt64(), Avx2.UnpackHigh(r0, r1).AsInt64());
        var (low23, high23) = (Avx2.UnpackLow(r2, r3).AsInt64(), Avx2.UnpackHigh(r2, r3).AsInt64());
        c0 = Avx2.UnpackLow(low01, low23).AsInt32();
        c1 = Avx2.UnpackHigh(low01, low23).AsInt32();
        c2 = Avx2.UnpackLow(high01, high23).AsInt32();
        c3 = Avx2.UnpackHigh(high01, high23).AsInt32();
    }
}
