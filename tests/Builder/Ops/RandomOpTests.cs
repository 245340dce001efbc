using OnnxFunctional.Operators;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Builder;

/// <summary>What random operators draw: their distributions, and which elements share a draw.</summary>
[TestClass]
[TestCategory("Ops")]
public sealed class RandomOpTests
{
    private const int Count = 40_000;

    private static readonly WorkerPool s_pool = new(2);

    [TestMethod]
    public void Uniform_numbers_fill_their_range()
    {
        var x = Draw(new RandomUniform(new RandomStream(), -1, 3), [Count], 1);
        Assert.IsTrue(x.All(value => value is >= -1 and < 3));
        Assert.AreEqual(1, x.Average(), 0.03);
        Assert.AreEqual(16.0 / 12, Variance(x), 0.03);
    }

    [TestMethod]
    public void Normal_numbers_have_their_mean_and_deviation()
    {
        var x = Draw(new RandomNormal(new RandomStream(), 1, 2), [Count], 1);
        Assert.AreEqual(1, x.Average(), 0.05);
        Assert.AreEqual(4, Variance(x), 0.15);
        Assert.AreEqual(0.6827, x.Count(value => Math.Abs(value - 1) < 2) / (double)Count, 0.01);
    }

    [TestMethod]
    public void Dropout_keeps_its_share_and_scales_it()
    {
        var y = Draw(new Dropout(new RandomStream(), 0.3f, []), [Count], 2);
        Assert.IsTrue(y.All(value => value == 0 || Math.Abs(value - (2 / 0.7)) < 1e-5));
        Assert.AreEqual(0.7, y.Count(value => value != 0) / (double)Count, 0.01);
    }

    [TestMethod]
    public void Shared_axes_share_one_decision()
    {
        const int Samples = 400, Positions = 5, Channels = 7;
        var y = Draw(new Dropout(new RandomStream(), 0.3f, [1]), [Samples, Positions, Channels], 1);
        var kept = 0;
        for (var sample = 0; sample < Samples; sample++)
        {
            for (var channel = 0; channel < Channels; channel++)
            {
                var first = y[(sample * Positions * Channels) + channel];
                for (var position = 1; position < Positions; position++) Assert.AreEqual(first, y[(((sample * Positions) + position) * Channels) + channel]);
                if (first != 0) kept++;
            }
        }

        Assert.AreEqual(0.7, kept / (double)(Samples * Channels), 0.04);
    }

    [TestMethod]
    public void Streams_seeds_and_steps_draw_different_numbers_and_a_stream_of_its_own_seed_is_independent()
    {
        OpInput[] shape = [new OpInput([17])];
        var x = OpRun.Placeholders(shape, unknownBatch: false);
        var (a, b, own) = (new RandomStream(), new RandomStream(), new RandomStream(9));
        SymbolicTensor[] draws = [Uniform(a), Uniform(b), Uniform(a), Uniform(own)];
        double[][] given = [new double[17]];
        var first = OpRun.Of(x, draws, shape, seed: 1).Run(s_pool, given, step: 5);
        var other = OpRun.Of(x, draws, shape, seed: 2).Run(s_pool, given, step: 5);
        CollectionAssert.AreEqual(first[0], first[2], "one stream, drawn twice in a step");
        CollectionAssert.AreNotEqual(first[0], first[1], "two streams");
        CollectionAssert.AreNotEqual(first[0], other[0], "two seeds");
        CollectionAssert.AreEqual(first[3], other[3], "a seed of its own");
        CollectionAssert.AreNotEqual(first[0], OpRun.Of(x, draws, shape, seed: 1).Run(s_pool, given, step: 6)[0], "two steps");

        SymbolicTensor Uniform(RandomStream stream) => Ops.Make(new RandomUniform(stream, 0, 1), x[0]);
    }

    private static double[] Draw(Op op, int[] dims, double value)
    {
        OpInput[] shape = [new OpInput(dims)];
        var x = OpRun.Placeholders(shape, unknownBatch: false);
        return OpRun.Of(x, [Ops.Make(op, x)], shape).Run(s_pool, [[.. Enumerable.Repeat(value, shape[0].Count)]])[0];
    }

    private static double Variance(double[] x)
    {
        var mean = x.Average();
        return x.Average(value => (value - mean) * (value - mean));
    }
}
