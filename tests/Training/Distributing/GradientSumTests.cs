using OnnxFunctional.Training;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Tests.Training.Distributing;

[TestClass]
public sealed class GradientSumTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(5)]
    [DataRow(6)]
    [DataRow(7)]
    [DataRow(8)]
    [DataRow(9)]
    public void Any_number_of_ranks_adds_along_the_tree_that_is_defined_over_the_shards(int ranks)
    {
        foreach (var shards in new[] { 1, 2, 3, 5, 8, 9, 12, 13, 16 }.Where(shards => shards >= ranks))
        {
            foreach (var compression in Enum.GetValues<GradientCompression>())
            {
                int[] lengths = [0, 1, 17];
                var expected = Array.ConvertAll(lengths, length => SumChecks.Digest(Tree(0, shards, length, compression)));
                InMemoryTransport.Run(ranks, communicator => CollectionAssert.AreEqual(
                    expected,
                    Array.ConvertAll(lengths, length => SumChecks.DigestOf(communicator, length, shards, compression)),
                    $"rank {communicator.Rank}, {shards} shards, {compression}"));
            }
        }
    }

    [TestMethod]
    public void Long_gradients_have_the_same_bits_on_one_two_three_four_and_eight_ranks()
    {
        const int Shards = 8;
        foreach (var length in SumChecks.Lengths.Where(length => length > 17))
        {
            foreach (var compression in new[] { GradientCompression.None, GradientCompression.BFloat16 })
            {
                var expected = SumChecks.Digest(Tree(0, Shards, length, compression));
                foreach (var ranks in new[] { 1, 2, 3, 4, 8 })
                {
                    InMemoryTransport.Run(ranks, communicator => Assert.AreEqual(
                        expected,
                        SumChecks.DigestOf(communicator, length, Shards, compression),
                        $"rank {communicator.Rank} of {ranks}, {length} floats, {compression}"));
                }
            }
        }
    }

    [TestMethod]
    public void Another_order_of_additions_has_other_bits_so_these_tests_can_fail()
    {
        var tree = SumChecks.Digest(Tree(0, 8, 1000, GradientCompression.None));
        var communicator = new Communicator();
        var inTurn = SumChecks.DigestOf(communicator, 1000, 8, GradientCompression.None, Reduction.Library);
        Assert.AreNotEqual(tree, inTurn);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void The_sum_of_the_library_is_that_of_all_shards(int ranks)
    {
        const int Floats = 10_000, Shards = 5;
        var expected = new double[Floats];
        var magnitude = new double[Floats];
        var gradient = new float[Floats];
        for (var shard = 0; shard < Shards; shard++)
        {
            SumChecks.Fill(gradient, shard);
            for (var i = 0; i < Floats; i++) (expected[i], magnitude[i]) = (expected[i] + gradient[i], magnitude[i] + Math.Abs(gradient[i]));
        }

        InMemoryTransport.Run(ranks, communicator =>
        {
            var sum = GradientSum.Create(communicator, Floats, Shards, Reduction.Library, GradientCompression.None);
            for (var shard = sum.Own.First; shard < sum.Own.End; shard++)
            {
                SumChecks.Fill(sum.Next.Span, shard);
                sum.Push();
            }

            sum.Start();
            sum.Wait();
            for (var i = 0; i < Floats; i++) Assert.AreEqual(expected[i], sum.Sum.Span[i], Shards * 6e-8 * magnitude[i]);
        });
    }

    [TestMethod]
    public void Every_shard_has_one_owner_and_shares_differ_by_one_at_most()
    {
        for (var shards = 1; shards < 40; shards++)
        {
            for (var size = 1; size <= shards; size++)
            {
                var ranges = Enumerable.Range(0, size).Select(rank => EvenRange.Of(rank, size, shards)).ToList();
                var owned = ranges.SelectMany((range, rank) => Enumerable.Range(range.First, range.Count).Select(shard => (shard, rank))).ToList();
                Assert.IsTrue(owned.Select(entry => entry.shard).SequenceEqual(Enumerable.Range(0, shards)));
                Assert.IsTrue(owned.All(entry => EvenRange.Owner(entry.shard, size, shards) == entry.rank));
                Assert.IsLessThanOrEqualTo(1, ranges.Max(range => range.Count) - ranges.Min(range => range.Count));
            }
        }
    }

    [TestMethod]
    public void A_rank_of_eight_shards_holds_four_sums_at_a_time()
    {
        Assert.AreEqual(4, new TreePlan(0, 1, 8).Slots);
        Assert.AreEqual(1, new TreePlan(3, 8, 8).Slots);
    }

    [TestMethod]
    public void A_gradient_too_many_or_too_few_is_refused()
    {
        var sum = GradientSum.Create(new(), 3, 2, Reduction.Tree, GradientCompression.None);
        sum.Push();
        Assert.ThrowsExactly<InvalidOperationException>(sum.Start);
        sum.Push();
        Assert.ThrowsExactly<InvalidOperationException>(sum.Push);
    }

    [TestMethod]
    [DoNotParallelize]
    [DataRow(GradientCompression.None)]
    [DataRow(GradientCompression.Float16)]
    public void A_step_allocates_nothing(GradientCompression compression)
    {
        const int Shards = 5, Steps = 20;
        var sum = GradientSum.Create(new(), 5000, Shards, Reduction.Tree, compression);
        Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < Steps; step++) Step();
        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());

        void Step()
        {
            for (var shard = 0; shard < Shards; shard++) sum.Push();
            sum.Start();
            sum.Wait();
        }
    }

    /// <summary>The definition: a node is the sum of its halves, cut at the greatest power of two.</summary>
    private static float[] Tree(int first, int count, int length, GradientCompression compression)
    {
        var sum = new float[length];
        if (count == 1)
        {
            SumChecks.Fill(sum, first);
            return sum;
        }

        var left = 1;
        while (2 * left < count) left *= 2;
        var (one, other) = (Tree(first, left, length, compression), Tree(first + left, count - left, length, compression));
        for (var i = 0; i < length; i++) sum[i] = Rounded(one[i]) + Rounded(other[i]);
        return sum;

        float Rounded(float value) => compression switch
        {
            GradientCompression.Float16 => (float)(Half)value,
            GradientCompression.BFloat16 => BFloat16(value),
            _ => value,
        };

        static float BFloat16(float value)
        {
            var bits = BitConverter.SingleToUInt32Bits(value);
            return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
        }
    }
}
