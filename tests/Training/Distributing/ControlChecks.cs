using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>Everything that moves data between ranks, compared with what must come out; every rank runs it.</summary>
internal static class ControlChecks
{
    // Nothing, less than a word, more than the staging memory holds.
    private static readonly int[] s_lengths = [0, 1, 7, 1000, (1 << 20) + 12];

    public static void Run(Communicator communicator)
    {
        var (rank, size) = (communicator.Rank, communicator.Size);
        // The longest takes seconds of copying where ranks are many threads of one process.
        foreach (var length in s_lengths.Where(length => size <= 3 || length < 1 << 20))
        {
            for (var root = 0; root < size; root += Math.Max(1, size - 1))
            {
                var data = Bytes(rank, length);
                communicator.Broadcast(data, root);
                Same(Bytes(root, length), data, $"broadcast of {length} bytes from {root} to {rank}");
            }

            // Lengths differ, and one rank has nothing.
            var all = communicator.AllGather(Bytes(rank, length * rank));
            for (var other = 0; other < size; other++)
                Same(Bytes(other, length * other), all[other], $"{length * other} bytes of {other} on {rank}");

            var floats = Enumerable.Range(0, length).Select(i => (float)(((rank + 1) * (i % 100)) - 7)).ToArray();
            var doubles = Array.ConvertAll(floats, value => value * 1.25);
            var longs = Array.ConvertAll(floats, value => (long)value << 40);
            communicator.AllReduce(floats);
            communicator.AllReduce(doubles);
            communicator.AllReduce(longs);
            for (var i = 0; i < length; i++)
            {
                var expected = (size * (size + 1) / 2 * (i % 100)) - (7 * size);
                if (floats[i] != expected || doubles[i] != expected * 1.25 || longs[i] != (long)expected << 40)
                    Assert.Fail($"sums at {i} of {length}: {floats[i]}, {doubles[i]}, {longs[i] >> 40}; expected {expected}");
            }

            communicator.Barrier();
        }
    }

    private static void Same(byte[] expected, byte[] found, string what) => Assert.IsTrue(expected.AsSpan().SequenceEqual(found), what);

    private static byte[] Bytes(int rank, int length)
    {
        var bytes = new byte[length];
        new Random(1000 + rank).NextBytes(bytes);
        return bytes;
    }
}
