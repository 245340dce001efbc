using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>The transforms of the Winograd form F(4x4, 3x3): 36 products where 16 pixels times 9 weights would take 144.</summary>
/// <remarks>
/// Tile and kernel are transformed to the values of polynomials at 0, a, -a, b, -b and infinity (matrices B and G), and the products are transformed back (A).
/// With a = 5/8 and b = 3/2 the matrices are better conditioned than with the usual 1 and 2. Each transform runs down the columns into a small buffer, then
/// along the rows; vectors hold channels.
/// </remarks>
internal static unsafe class WinogradTransform
{
    /// <summary>The number of places of a transformed tile.</summary>
    public const int Places = 36;

    /// <summary>The output pixels of a tile along one axis.</summary>
    public const int TileSize = 4;

    /// <summary>The input pixels of a tile along one axis.</summary>
    public const int PatchSize = 6;

    private const float A = 0.625f;
    private const float B = 1.5f;
    private const float A2 = A * A;
    private const float B2 = B * B;
    private const float WeightZero = 1f / (A2 * B2);
    private const float WeightA = 1f / (2f * A2 * (A2 - B2));
    private const float WeightB = 1f / (2f * B2 * (B2 - A2));

    /// <summary>Transforms a patch of the input: <c>B' patch B</c>.</summary>
    // source [6, 6, channels], to [36, channels]; pitches in floats
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Patch<V>(float* source, nint rowPitch, nint columnPitch, float* to, nint placePitch, int channels) where V : struct, IVector<V>
    {
        var buffer = stackalloc float[Places * V.Count + 16];
        buffer = AlignUp(buffer);
        for (var c = 0; c < channels; c += V.Count)
        {
            for (var x = 0; x < 6; x++) FromSix<V>(source + c + x * columnPitch, rowPitch, buffer + x * V.Count, 6 * V.Count);
            for (var y = 0; y < 6; y++) FromSix<V>(buffer + 6 * y * V.Count, V.Count, to + c + 6 * y * placePitch, placePitch);
        }
    }

    /// <summary>Transforms products to output pixels, <c>relu(A' products A + bias + addend)</c>, and stores the first rows and columns of them.</summary>
    // source [36, channels], to [rows, columns, channels]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pixels<V>(
        float* source, nint placePitch, float* bias, float* to, nint rowPitch, nint columnPitch, int rows, int columns, int channels,
        nint addend, bool hasAddend, bool relu)
        where V : struct, IVector<V>
    {
        var buffer = stackalloc float[(6 + 1) * 4 * V.Count + 16];
        buffer = AlignUp(buffer);
        var pixels = buffer + 6 * 4 * V.Count;
        for (var c = 0; c < channels; c += V.Count)
        {
            for (var x = 0; x < 6; x++) ToFour<V>(source + c + x * placePitch, 6 * placePitch, buffer + x * V.Count, 6 * V.Count);
            var shift = V.Load(bias + c);
            for (var y = 0; y < rows; y++)
            {
                ToFour<V>(buffer + 6 * y * V.Count, V.Count, pixels, V.Count);
                var pixel = to + c + y * rowPitch;
                for (var x = 0; x < columns; x++, pixel += columnPitch)
                {
                    var value = V.Load(pixels + x * V.Count) + shift;
                    if (hasAddend) value += V.Load(pixel + addend);
                    if (relu) value = V.MaxNative(V.Zero, value);
                    V.Store(value, pixel);
                }
            }
        }
    }

    /// <summary>Transforms a tile of the output's gradient, <c>A tile A'</c>; adds its pixels to <paramref name="sums"/> unless that is null.</summary>
    // source [4, 4, channels], to [36, channels], sums [channels]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient<V>(float* source, nint rowPitch, nint columnPitch, float* to, nint placePitch, float* sums, int channels)
        where V : struct, IVector<V>
    {
        var buffer = stackalloc float[6 * 4 * V.Count + 16];
        buffer = AlignUp(buffer);
        for (var c = 0; c < channels; c += V.Count)
        {
            for (var x = 0; x < 4; x++) FromFour<V>(source + c + x * columnPitch, rowPitch, buffer + x * V.Count, 4 * V.Count);
            for (var y = 0; y < 6; y++) FromFour<V>(buffer + 4 * y * V.Count, V.Count, to + c + 6 * y * placePitch, placePitch);
            if (sums is null) continue;
            V even = V.Zero, odd = V.Zero;
            for (var y = 0; y < 4; y++)
            {
                var from = source + c + y * rowPitch;
                even += V.Load(from) + V.Load(from + columnPitch);
                odd += V.Load(from + 2 * columnPitch) + V.Load(from + 3 * columnPitch);
            }

            V.Store(V.Load(sums + c) + (even + odd), sums + c);
        }
    }

    /// <summary>Transforms the nine weights of a vector of channels: <c>G kernel G'</c>.</summary>
    // source [3, 3] vectors, tapPitch apart, to [36] vectors, placePitch apart
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights<V>(float* source, nint tapPitch, float* to, nint placePitch) where V : struct, IVector<V>
    {
        var buffer = stackalloc float[6 * 3 * V.Count];
        for (var x = 0; x < 3; x++) FromThree<V>(source + x * tapPitch, 3 * tapPitch, buffer + x * V.Count, 3 * V.Count);
        for (var y = 0; y < 6; y++) FromThree<V>(buffer + 3 * y * V.Count, V.Count, to + 6 * y * placePitch, placePitch);
    }

    /// <summary>Transforms sums of products to the kernel's gradient: <c>G' sums G</c>.</summary>
    // source [36] vectors, placePitch apart, to [3, 3] vectors, tapPitch apart
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WeightGradient<V>(float* source, nint placePitch, float* to, nint tapPitch) where V : struct, IVector<V>
    {
        var buffer = stackalloc float[6 * 3 * V.Count];
        for (var x = 0; x < 6; x++) ToThree<V>(source + x * placePitch, 6 * placePitch, buffer + x * V.Count, 6 * V.Count);
        for (var y = 0; y < 3; y++) ToThree<V>(buffer + 6 * y * V.Count, V.Count, to + 3 * y * tapPitch, tapPitch);
    }

    // | a2b2   0      -(a2+b2)  0         1  0 |
    // | 0     -+ab2   -b2       +-a       1  0 |
    // | 0     -+a2b   -a2       +-b       1  0 |
    // | 0      a2b2    0       -(a2+b2)   0  1 |
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FromSix<V>(float* from, nint step, float* to, nint toStep) where V : struct, IVector<V>
    {
        var d0 = V.Load(from);
        var d1 = V.Load(from + step);
        var d2 = V.Load(from + 2 * step);
        var d3 = V.Load(from + 3 * step);
        var d4 = V.Load(from + 4 * step);
        var d5 = V.Load(from + 5 * step);
        var evenA = V.MultiplyAdd(V.Create(-B2), d2, d4);
        var oddA = V.MultiplyAdd(V.Create(-B2), d1, d3);
        var evenB = V.MultiplyAdd(V.Create(-A2), d2, d4);
        var oddB = V.MultiplyAdd(V.Create(-A2), d1, d3);
        V.Store(V.MultiplyAdd(V.Create(A2 * B2), d0, V.MultiplyAdd(V.Create(-(A2 + B2)), d2, d4)), to);
        StorePair(A, oddA, evenA, to + toStep, toStep);
        StorePair(B, oddB, evenB, to + 3 * toStep, toStep);
        V.Store(V.MultiplyAdd(V.Create(A2 * B2), d1, V.MultiplyAdd(V.Create(-(A2 + B2)), d3, d5)), to + 5 * toStep);
    }

    // | 1  1   1   1   1   0 |
    // | 0  a  -a   b  -b   0 |
    // | 0  a2  a2  b2  b2  0 |
    // | 0  a3 -a3  b3 -b3  1 |
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ToFour<V>(float* from, nint step, float* to, nint toStep) where V : struct, IVector<V>
    {
        var m1 = V.Load(from + step);
        var m2 = V.Load(from + 2 * step);
        var m3 = V.Load(from + 3 * step);
        var m4 = V.Load(from + 4 * step);
        var evenA = m1 + m2;
        var oddA = m1 - m2;
        var evenB = m3 + m4;
        var oddB = m3 - m4;
        V.Store(V.Load(from) + (evenA + evenB), to);
        V.Store(V.MultiplyAdd(V.Create(A), oddA, V.Create(B) * oddB), to + toStep);
        V.Store(V.MultiplyAdd(V.Create(A2), evenA, V.Create(B2) * evenB), to + 2 * toStep);
        V.Store(V.MultiplyAdd(V.Create(A2 * A), oddA, V.MultiplyAdd(V.Create(B2 * B), oddB, V.Load(from + 5 * step))), to + 3 * toStep);
    }

    // The transpose of ToFour.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FromFour<V>(float* from, nint step, float* to, nint toStep) where V : struct, IVector<V>
    {
        var y0 = V.Load(from);
        var y1 = V.Load(from + step);
        var y2 = V.Load(from + 2 * step);
        var y3 = V.Load(from + 3 * step);
        var evenA = V.MultiplyAdd(V.Create(A2), y2, y0);
        var oddA = V.MultiplyAdd(V.Create(A2), y3, y1);
        var evenB = V.MultiplyAdd(V.Create(B2), y2, y0);
        var oddB = V.MultiplyAdd(V.Create(B2), y3, y1);
        V.Store(y0, to);
        StorePair(A, oddA, evenA, to + toStep, toStep);
        StorePair(B, oddB, evenB, to + 3 * toStep, toStep);
        V.Store(y3, to + 5 * toStep);
    }

    // | 1/n0   0       0     |
    // | 1/na  +-a/na   a2/na |
    // | 1/nb  +-b/nb   b2/nb |
    // | 0      0       1     |
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FromThree<V>(float* from, nint step, float* to, nint toStep) where V : struct, IVector<V>
    {
        var g0 = V.Load(from);
        var g1 = V.Load(from + step);
        var g2 = V.Load(from + 2 * step);
        var evenA = V.Create(WeightA) * V.MultiplyAdd(V.Create(A2), g2, g0);
        var evenB = V.Create(WeightB) * V.MultiplyAdd(V.Create(B2), g2, g0);
        V.Store(V.Create(WeightZero) * g0, to);
        StorePair(A * WeightA, g1, evenA, to + toStep, toStep);
        StorePair(B * WeightB, g1, evenB, to + 3 * toStep, toStep);
        V.Store(g2, to + 5 * toStep);
    }

    // The transpose of FromThree.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ToThree<V>(float* from, nint step, float* to, nint toStep) where V : struct, IVector<V>
    {
        var m1 = V.Load(from + step);
        var m2 = V.Load(from + 2 * step);
        var m3 = V.Load(from + 3 * step);
        var m4 = V.Load(from + 4 * step);
        var evenA = V.Create(WeightA) * (m1 + m2);
        var oddA = V.Create(A * WeightA) * (m1 - m2);
        var evenB = V.Create(WeightB) * (m3 + m4);
        V.Store(V.MultiplyAdd(V.Create(WeightZero), V.Load(from), evenA + evenB), to);
        V.Store(V.MultiplyAdd(V.Create(B * WeightB), m3 - m4, oddA), to + toStep);
        V.Store(V.MultiplyAdd(V.Create(A2), evenA, V.MultiplyAdd(V.Create(B2), evenB, V.Load(from + 5 * step))), to + 2 * toStep);
    }

    // Stores the values at a point and at its negative.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair<V>(float point, V odd, V even, float* to, nint toStep) where V : struct, IVector<V>
    {
        V.Store(V.MultiplyAdd(V.Create(point), odd, even), to);
        V.Store(V.MultiplyAdd(V.Create(-point), odd, even), to + toStep);
    }

    // Vectors that span two cache lines take twice as long.
    private static float* AlignUp(float* pointer) => (float*)(((nint)pointer + 63) & ~63);
}
