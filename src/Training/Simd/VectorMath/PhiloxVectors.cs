using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>The random numbers of <see cref="Philox"/>, a vector at a time: the same bits for every width and machine, and for any range of elements.</summary>
internal static unsafe class PhiloxVectors
{
    private const MethodImplOptions I = MethodImplOptions.AggressiveInlining;
    private const int BlocksPerGroup = Philox.Group / 4;
    private const float Unit = 1f / 16777216f;

    /// <summary>Fills <paramref name="count"/> floats, starting with element <paramref name="first"/> of the stream.</summary>
    public static void Fill<V>(Distribution distribution, ulong seed, uint node, ulong step, long first, float* destination, nint count)
        where V : struct, IVector<V>
    {
        var words = stackalloc float[Philox.Group];
        var skip = (int)(first % Philox.Group);
        var group = (uint)(first / Philox.Group);
        for (nint done = 0; done < count; group++, skip = 0)
        {
            var take = (int)nint.Min(Philox.Group - skip, count - done);
            var target = take == Philox.Group ? destination + done : words;
            Words<V>(seed, node, step, group, target);
            for (var i = 0; i < BlocksPerGroup; i += V.Count) Transform<V>(distribution, target + i);
            if (take != Philox.Group) new Span<float>(words + skip, take).CopyTo(new Span<float>(destination + done, take));
            done += take;
        }
    }

    // The four words of 16 blocks: first the 16 first words, then the second ones, and so on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Words<V>(ulong seed, uint node, ulong step, uint group, float* words) where V : struct, IVector<V>
    {
        for (var lane = 0; lane < BlocksPerGroup; lane += V.Count)
        {
            var counter0 = V.AddBits(V.LaneBits, V.CreateBits((int)((group * BlocksPerGroup) + (uint)lane)));
            var counter1 = V.CreateBits((int)node);
            var counter2 = V.CreateBits((int)step);
            var counter3 = V.CreateBits((int)(step >> 32));
            var key0 = (uint)seed;
            var key1 = (uint)(seed >> 32);
            for (var round = 0; round < Philox.Rounds; round++)
            {
                var multiplier0 = V.CreateBits(unchecked((int)Philox.Multiplier0));
                var multiplier1 = V.CreateBits(unchecked((int)Philox.Multiplier1));
                var high0 = V.MultiplyHighBits(counter0, multiplier0);
                var low0 = V.MultiplyLowBits(counter0, multiplier0);
                var high1 = V.MultiplyHighBits(counter2, multiplier1);
                var low1 = V.MultiplyLowBits(counter2, multiplier1);
                counter0 = high1 ^ counter1 ^ V.CreateBits((int)key0);
                counter1 = low1;
                counter2 = high0 ^ counter3 ^ V.CreateBits((int)key1);
                counter3 = low0;
                key0 += Philox.Weyl0;
                key1 += Philox.Weyl1;
            }

            V.Store(counter0, words + lane);
            V.Store(counter1, words + BlocksPerGroup + lane);
            V.Store(counter2, words + (2 * BlocksPerGroup) + lane);
            V.Store(counter3, words + (3 * BlocksPerGroup) + lane);
        }
    }

    // Transforms one vector of each of the four rows in place.
    [MethodImpl(I)]
    private static void Transform<V>(Distribution distribution, float* rows) where V : struct, IVector<V>
    {
        for (var row = 0; row < 4; row += 2)
        {
            var even = rows + (row * BlocksPerGroup);
            var odd = even + BlocksPerGroup;
            var (first, second) = distribution == Distribution.Uniform ? (Uniform(V.Load(even)), Uniform(V.Load(odd))) : Normal(V.Load(even), V.Load(odd));
            V.Store(first, even);
            V.Store(second, odd);
        }
    }

    [MethodImpl(I)]
    private static V Uniform<V>(V word) where V : struct, IVector<V> => V.FromInt32Bits(V.ShiftRightBits(word, 8)) * V.Create(Unit);

    [MethodImpl(I)]
    private static (V Cosine, V Sine) Normal<V>(V radiusWord, V angleWord) where V : struct, IVector<V>
    {
        var argument = V.FromInt32Bits(V.AddBits(V.ShiftRightBits(radiusWord, 8), V.CreateBits(1))) * V.Create(Unit);
        var radius = V.Sqrt(V.Create(-2f) * LogUnfused(argument));
        var (sine, cosine) = SinCosTurnsUnfused(V.FromInt32Bits(V.ShiftRightBits(angleWord, 8)) * V.Create(4f * Unit));
        return (radius * cosine, radius * sine);
    }

    // Nothing is fused here, so that the bits are the same with and without a fused multiply-add.
    [MethodImpl(I)]
    private static V LogUnfused<V>(V x) where V : struct, IVector<V>
    {
        var bits = V.ShiftRightArithmeticBits(V.SubtractBits(x, V.CreateBits(0x3F3504F3)), 23);
        var exponent = V.FromInt32Bits(bits);
        var fraction = V.SubtractBits(x, V.ShiftLeftBits(bits, 23)) - V.Create(1f);
        var square = fraction * fraction;
        var sum = (fraction * V.Create(7.0376836292e-2f)) + V.Create(-1.1514610310e-1f);
        sum = (sum * fraction) + V.Create(1.1676998740e-1f);
        sum = (sum * fraction) + V.Create(-1.2420140846e-1f);
        sum = (sum * fraction) + V.Create(1.4249322787e-1f);
        sum = (sum * fraction) + V.Create(-1.6668057665e-1f);
        sum = (sum * fraction) + V.Create(2.0000714765e-1f);
        sum = (sum * fraction) + V.Create(-2.4999993993e-1f);
        sum = (sum * fraction) + V.Create(3.3333331174e-1f);
        sum = (sum * (square * fraction)) + (exponent * V.Create(-2.12194440e-4f));
        sum = (square * V.Create(-0.5f)) + sum;
        return (exponent * V.Create(0.693359375f)) + (fraction + sum);
    }

    [MethodImpl(I)]
    private static (V Sine, V Cosine) SinCosTurnsUnfused<V>(V quarters) where V : struct, IVector<V>
    {
        var nearest = V.Floor(quarters + V.Create(0.5f));
        var quadrant = V.ToInt32Bits(nearest);
        var angle = (quarters - nearest) * V.Create(1.57079633f);
        var square = angle * angle;
        var sine = (square * V.Create(-1.9515295891e-4f)) + V.Create(8.3321608736e-3f);
        sine = (sine * square) + V.Create(-1.6666654611e-1f);
        sine = (sine * square * angle) + angle;
        var cosine = (square * V.Create(2.443315711809948e-5f)) + V.Create(-1.388731625493765e-3f);
        cosine = (cosine * square) + V.Create(4.166664568298827e-2f);
        cosine = (cosine * square) + V.Create(-0.5f);
        cosine = (cosine * square) + V.Create(1f);
        var odd = V.ShiftRightArithmeticBits(V.ShiftLeftBits(quadrant, 31), 31);
        var sineSign = V.ShiftLeftBits(V.ShiftRightBits(quadrant, 1), 31);
        var cosineSign = V.ShiftLeftBits(V.ShiftRightBits(V.AddBits(quadrant, V.CreateBits(1)), 1), 31);
        return (V.Select(odd, cosine, sine) ^ sineSign, V.Select(odd, sine, cosine) ^ cosineSign);
    }

    /// <summary>The distribution that words are converted to.</summary>
    public enum Distribution
    {
        /// <summary>Uniform in [0, 1).</summary>
        Uniform,

        /// <summary>Standard normal, by Box and Muller, each pair from two words; at most 5.77 in magnitude.</summary>
        Normal,
    }
}
