using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Distributing;

/// <summary>Trainings that several processes share, on rows as a table gives them: in blocks, which another thread may read.</summary>
[TestClass]
public sealed class SharedRowsTests
{
    [TestMethod]
    public void Processes_share_the_rows_of_many_blocks_and_have_the_bits_of_arrays()
    {
        var expected = Fitted(Distribution.OneProcess(5), null);
        foreach (var size in (int[])[1, 2, 5])
        {
            InMemoryTransport.Run(size, communicator =>
            {
                foreach (var ahead in new[] { Ahead.None, Ahead.On(1, 4) })
                    CollectionAssert.AreEqual(expected, Fitted(Distribution.Of(communicator, 5), ahead), $"{size}");
            });
        }
    }

    private static float[] Fitted(Distribution distribution, Ahead? ahead)
    {
        var random = new Random(3);
        var x = NDArray.Create([.. Enumerable.Range(0, 17 * 4).Select(_ => random.NextSingle())], [17, 4]);
        var y = NDArray.Create([.. Enumerable.Range(0, 17 * 2).Select(_ => random.NextSingle())], [17, 2]);
        var input = Model.Input([4]);
        var model = new Model(input, input.Apply(new Dense(3, Activation.Tanh), new Dense(2)), seed: 1);
        var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError, threads: 1, distribution: distribution);
        if (ahead is { } how)
        {
            SampleBlock[] blocks = [.. new[] { 0..3, 3..4, 4..9, 9..17 }.Select(rows => new SampleBlock(x[rows], y[rows], null))];
            trainer.Fit(Dataset.Samples(_ => blocks, how, StageCounts.None).Batch(7), epochs: 2, verbose: 0);
        }
        else
        {
            trainer.Fit(x, y, batchSize: 7, epochs: 2, verbose: 0, shuffle: false);
        }

        return [.. model.Weights.SelectMany(weight => weight.Value.ToArray())];
    }
}
