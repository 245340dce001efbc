using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>What datasets do with elements that are not yet made, on any number of threads.</summary>
[TestClass]
public sealed class PipelineTests
{
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(7)]
    public void Elements_do_not_depend_on_the_number_of_threads(int threads)
    {
        var dataset = Dataset.From(Enumerable.Range(0, 301)).Shuffle(50, seed: 3).Map(Slow, threads);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            int[] expected = [.. Dataset.From(Enumerable.Range(0, 301)).Shuffle(50, seed: 3).Epoch(epoch).Select(i => i * i)];
            CollectionAssert.AreEqual(expected, dataset.Epoch(epoch).ToArray());
            CollectionAssert.AreEqual(expected[17..40], dataset.Skip(17).Take(23).Epoch(epoch).ToArray());
        }

        static int Slow(int value)
        {
            // Some take longer than those behind them.
            if (value % 13 == 0) Thread.Sleep(1);
            return value * value;
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public void Samples_of_a_batch_are_made_by_several_threads(int threads)
    {
        var samples = Dataset.From(Enumerable.Range(0, 50)).Map(i => new Batch(new float[,] { { i, -i } }, new int[] { i }), threads);
        var made = samples.Batch(7).Prefetch(2).ToArray();
        Assert.HasCount(8, made);
        for (var i = 0; i < 50; i++)
        {
            Assert.AreEqual(-i, made[i / 7].X[0][i % 7, 1]);
            Assert.AreEqual(i, made[i / 7].Y[0][i % 7]);
        }

        Assert.AreEqual(1, made[^1].X[0].Count);
        Assert.HasCount(7, samples.Batch(7, dropRemainder: true).ToArray());
    }

    /// <summary>Whichever thread fails first, the error is that of the first element, and comes where the element would have come.</summary>
    [TestMethod]
    [DataRow(0)]
    [DataRow(4)]
    public void An_error_comes_in_the_place_of_its_element(int threads)
    {
        var dataset = Dataset.From(Enumerable.Range(0, 100)).Map(
            i => i is 40 or 41 or 43 ? throw new DataException($"no {i}") : new Batch(new float[,] { { i } }, new int[] { i }), threads);
        var seen = new List<int>();
        var error = Assert.Throws<DataException>(() =>
        {
            foreach (var batch in dataset) seen.Add((int)batch.X[0][0, 0]);
        });
        Assert.AreEqual("no 40", error.Message);
        CollectionAssert.AreEqual(Enumerable.Range(0, 40).ToArray(), seen);
        Assert.AreEqual("no 40", Assert.Throws<DataException>(() => dataset.Batch(32).Prefetch().ToArray()).Message);

        var ending = Dataset.From(_ => Failing()).Map(i => i, threads);
        seen.Clear();
        Assert.Throws<DataException>(() => seen.AddRange(ending.Select(i => i)));
        Assert.HasCount(3, ending.Take(3).ToArray());

        static IEnumerable<int> Failing()
        {
            for (var i = 0; i < 5; i++) yield return i;
            throw new DataException("the source ends");
        }
    }

    [TestMethod]
    public void What_is_left_out_is_not_made()
    {
        var made = new List<int>();
        var dataset = Dataset.From(Enumerable.Range(0, 100)).Map(i =>
        {
            made.Add(i);
            return new Batch(new float[] { i }, new float[] { i });
        });
        CollectionAssert.AreEqual(new[] { 90f, 91 }, dataset.Skip(90).Take(2).Select(batch => batch.X[0][0]).ToArray());
        CollectionAssert.AreEqual(new[] { 90, 91 }, made);
        made.Clear();
        Assert.HasCount(3, dataset.Batch(10).Skip(7).ToArray());
        CollectionAssert.AreEqual(Enumerable.Range(70, 30).ToArray(), made);

        made.Clear();
        var (first, second) = dataset.Split(0.5);
        _ = first.ToArray();
        Assert.HasCount(50, made);
        _ = second.ToArray();
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 100).ToArray(), made);

        // A buffer of a shuffle holds what elements are made from.
        made.Clear();
        _ = dataset.Shuffle(100).First();
        Assert.HasCount(1, made);
    }

    /// <summary>The example of TensorFlow's page, and one in which a sequence ends with its turn.</summary>
    [TestMethod]
    public void Interleaved_datasets_take_turns_as_in_tf_data()
    {
        var dataset = Dataset.From(Enumerable.Range(1, 5)).Interleave(i => Dataset.From(Enumerable.Repeat(i, 6)), cycleLength: 2, blockLength: 4);
        CollectionAssert.AreEqual(
            new[] { 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5 }, dataset.ToArray());
        CollectionAssert.AreEqual(
            new[] { 0, 10, 1, 11, 20, 21 },
            Dataset.From([0, 10, 20]).Interleave(i => Dataset.From([i, i + 1]), cycleLength: 2).ToArray());
        Assert.IsEmpty(Dataset.From(Array.Empty<int>()).Interleave(i => Dataset.From([i]), 3).ToArray());
        CollectionAssert.AreEqual(new[] { 5 }, Dataset.From([4, 5, 6]).Interleave(i => Dataset.From(i == 5 ? new[] { i } : []), 2).ToArray());
        Assert.Throws<ModelException>(() => dataset.Interleave(_ => dataset, 0));
    }

    [TestMethod]
    public void Windows_follow_each_other()
    {
        var numbers = Dataset.From(Enumerable.Range(0, 7));
        Assert.AreEqual("012 345 6", Texts(numbers.Window(3)));
        Assert.AreEqual("012 345", Texts(numbers.Window(3, dropRemainder: true)));
        Assert.AreEqual("012 234 456", Texts(numbers.Window(3, shift: 2, dropRemainder: true)));
        Assert.AreEqual("024 135 246", Texts(numbers.Window(3, shift: 1, stride: 2, dropRemainder: true)));
        Assert.AreEqual("01 45", Texts(numbers.Window(2, shift: 4)));
        Assert.AreEqual("012 123 234 345 456 56 6", Texts(numbers.Window(3, shift: 1)));
        Assert.Throws<ModelException>(() => numbers.Window(0));

        // An element of several windows is made once.
        var made = 0;
        Assert.HasCount(7, numbers.Map(i => made++).Window(3, shift: 1).Prefetch().ToArray());
        Assert.AreEqual(7, made);

        static string Texts(Dataset<IReadOnlyList<int>> windows) => string.Join(' ', windows.Select(window => string.Concat(window)));
    }

    [TestMethod]
    public void Filter_and_Concatenate_keep_the_order()
    {
        var even = Dataset.From(Enumerable.Range(0, 9)).Filter(i => i % 2 == 0);
        CollectionAssert.AreEqual(new[] { 0, 2, 4, 6, 8, 7, 1 }, even.Concatenate(Dataset.From([7, 1])).ToArray());
        var (a, b) = (Dataset.From(new float[] { 1, 2 }, new float[] { 1, 2 }), Dataset.From(new float[] { 3 }, new float[] { 3 }));
        var joined = a.Concatenate(b).Concatenate(a.Map(batch => batch)).Batch(3).ToArray();
        CollectionAssert.AreEqual(new float[] { 1, 2, 3 }, joined[0].X[0].ToArray());
        CollectionAssert.AreEqual(new float[] { 1, 2 }, joined[1].Y[0].ToArray());
        var odd = a.Concatenate(Dataset.From(new float[,] { { 3 } }, new float[] { 3 })).Batch(3);
        Assert.Contains("must have one shape", Assert.Throws<ModelException>(() => odd.ToArray()).Message);
    }

    [TestMethod]
    public void PaddedBatch_pads_to_the_longest_of_each_batch()
    {
        var samples = Dataset.From(Enumerable.Range(1, 5)).Map(length => new Batch(
            NDArray.Create(Enumerable.Repeat((float)length, length).ToArray(), [1, length]),
            NDArray.Create(Enumerable.Repeat(length, length).ToArray(), [1, length])));
        var batches = samples.PaddedBatch(2, targets: 0, paddingValue: -1, targetPaddingValue: 9).ToArray();
        Assert.HasCount(3, batches);
        CollectionAssert.AreEqual(new float[] { 3, 3, 3, -1, 4, 4, 4, 4 }, batches[1].X[0].ToArray());
        CollectionAssert.AreEqual(new float[] { 3, 3, 3, 9, 4, 4, 4, 4 }, batches[1].Y[0].ToArray());
        Assert.AreEqual(Shape.Of(1, 5), batches[2].X[0].Shape);
        Assert.HasCount(2, samples.PaddedBatch(2, targets: 0, dropRemainder: true).ToArray());
        CollectionAssert.AreEqual(new float[] { 0, 1, 2, 2 }, samples.PaddedBatch(2, targets: 0, padFront: true).First().X[0].ToArray());
        Assert.Contains("without steps", Assert.Throws<ModelException>(() => Dataset.From(new float[2], new float[2]).PaddedBatch(2).ToArray()).Message);
    }

    [TestMethod]
    public void Prefetch_stops_at_its_bytes()
    {
        // Each takes 8,000 bytes: a fourth is not begun before one of three is taken.
        var made = 0;
        using var reached = new SemaphoreSlim(0);
        var dataset = Dataset.From(Enumerable.Range(0, 100)).Map(_ =>
        {
            Interlocked.Increment(ref made);
            reached.Release();
            return new Batch(new float[1000], new float[1000]);
        }).Prefetch(50, maxBytes: 20_000);
        var taken = 0;
        foreach (var _ in dataset)
        {
            taken++;
            if (taken == 1)
            {
                for (var i = 0; i < 4; i++) Assert.IsTrue(reached.Wait(TimeSpan.FromSeconds(30)));
                Thread.Sleep(20);
            }

            Assert.IsLessThanOrEqualTo(taken + 3, Volatile.Read(ref made));
        }

        Assert.AreEqual(100, taken);
        Assert.Throws<ModelException>(() => dataset.Prefetch(2, maxBytes: 0));
        Assert.Contains("not of Int32", Assert.Throws<ModelException>(() => Dataset.From([1]).Prefetch(2, maxBytes: 100)).Message);
    }

    /// <summary>Processes make their samples of each batch, and no others; together they make the batch.</summary>
    [TestMethod]
    [DataRow(2, 2)]
    [DataRow(3, 4)]
    [DataRow(4, 8)]
    public void A_process_makes_its_part_of_each_batch(int size, int shards)
    {
        var made = new List<int>();
        var samples = Dataset.From(Enumerable.Range(0, 23)).Shuffle(23, 5).Map(i =>
        {
            made.Add(i);
            return new Batch(new float[,] { { i } }, new int[] { i });
        });
        float[] all = [.. samples.Select(sample => sample.X[0][0, 0])];
        foreach (var dataset in new[] { samples.Batch(10), samples.Batch(10).Prefetch(), samples.Batch(10).Take(5) })
        {
            var found = new float[23];
            made.Clear();
            for (var rank = 0; rank < size; rank++)
            {
                var start = 0;
                foreach (var batch in dataset.Elements(0, new Share(rank, size, shards)))
                {
                    var (first, count) = batch.PartOf!.Value;
                    for (var i = 0; i < batch.X[0].Count; i++) found[start + first + i] = batch.X[0][i, 0];
                    start += count;
                }

                Assert.AreEqual(23, start);
            }

            CollectionAssert.AreEqual(all, found);
            if (shards <= 3) Assert.HasCount(23, made);
        }

        // What a function makes of a whole batch is made of all of it.
        Assert.IsNull(samples.Batch(10).Map(batch => batch).Elements(0, new Share(1, size, shards)).First().PartOf);
    }

    [TestMethod]
    public void A_profile_tells_who_waits_for_whom()
    {
        var dataset = Dataset.From(_ => Enumerable.Range(0, 20).Select(i => i)).Map(i =>
        {
            Thread.Sleep(2);
            return new Batch(new float[] { i }, new float[] { i });
        }).Batch(4).Prefetch();
        _ = dataset.ToArray();
        var profile = dataset.Profile;
        CollectionAssert.AreEqual(new[] { "From", "Map", "Batch" }, profile.Stages.Select(stage => stage.Name).ToArray());
        CollectionAssert.AreEqual(new[] { 20L, 20, 5 }, profile.Stages.Select(stage => stage.Elements).ToArray());
        Assert.AreEqual("Map", profile.Slowest!.Name);
        Assert.IsGreaterThan(TimeSpan.Zero, profile.Waited);
        Assert.Contains("us for one", profile.ToString());
    }

    /// <summary>A value that is refused matters only in a sample that is read; then each batch is checked, and the arrays as a whole once.</summary>
    [TestMethod]
    public void Samples_that_are_left_out_are_not_refused()
    {
        float[] x = [1, 2, 3, 4, 5, float.NaN, 7];
        var checks = new List<int>();
        using var batches = new RowBatches(
            (SampleBatches)Dataset.From(x, x).Take(5).Batch(2),
            batch =>
            {
                checks.Add(batch.X[0].Count);
                DataChecks.Finite(batch.X[0], "x");
                return [batch.X[0], batch.Y[0]];
            },
            _ => { });
        batches.Start(0);
        var samples = 0;
        while (batches.MoveNext()) samples += batches.Samples;
        Assert.AreEqual(5, samples);
        CollectionAssert.AreEqual(new[] { 7, 2, 2, 1 }, checks);

        var input = Model.Input([1]);
        var trainer = new Model(input, new Dense(1).Call(input)).Compile(new Sgd(), Loss.MeanSquaredError);
        trainer.Fit(Dataset.From(x, x).Take(5).Batch(2), verbose: Verbosity.Silent);
        Assert.AreEqual(3, trainer.Iterations);
        var error = Assert.Throws<ModelException>(() => trainer.Fit(Dataset.From(x, x).Batch(2), verbose: Verbosity.Silent));
        Assert.Contains("holds NaN in sample 1", error.Message);
    }
}
