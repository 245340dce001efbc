using System.Runtime.InteropServices;
using System.Security.Cryptography;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>Gradients of shards that are functions of the shard alone, and digests of their sums.</summary>
internal static class SumChecks
{
    // Shorter than in use, so that several take no time.
    private const int Piece = 1 << 15;

    private static readonly float[] s_powers = [.. Enumerable.Range(0, 16).Select(power => (float)(1 << power))];

    /// <summary>Nothing, one number, odd lengths, both forms of the butterfly, several pieces.</summary>
    public static IReadOnlyList<int> Lengths { get; } = [0, 1, 17, TreeSum.SmallestHalved - 1, TreeSum.SmallestHalved + 3, Piece + 5001];

    /// <summary>Numbers of very different sizes, so that every order of additions gives other bits.</summary>
    public static void Fill(Span<float> gradient, int shard)
    {
        for (var i = 0; i < gradient.Length; i++)
        {
            var bits = unchecked((uint)((shard * 7919) + i + 1) * 2654435761u);
            gradient[i] = ((int)bits / 2147483648f) * s_powers[(bits >> 5) % 16];
        }
    }

    /// <summary>Adds all shards, twice over the same buffers, and returns a digest of the sum.</summary>
    public static string DigestOf(Communicator communicator, int floats, int shards, GradientCompression compression, Reduction reduction = Reduction.Tree)
    {
        GradientSum sum = reduction == Reduction.Tree
            ? new TreeSum(communicator, floats, shards, compression, Piece)
            : new LibrarySum(communicator, floats, shards);
        var digest = "";
        for (var step = 0; step < 2; step++)
        {
            for (var shard = sum.Own.First; shard < sum.Own.End; shard++)
            {
                Fill(sum.Next.Span, shard);
                sum.Push();
            }

            sum.Start();
            sum.Wait();
            var found = Digest(sum.Sum.Span);
            if (step > 0) Assert.AreEqual(digest, found, $"step {step}");
            digest = found;
        }

        return digest;
    }

    public static string Digest(ReadOnlySpan<float> values) => Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(values)).AsSpan(0, 8));
}
