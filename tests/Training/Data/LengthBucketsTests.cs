using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class LengthBucketsTests
{
    [TestMethod]
    public void Samples_of_similar_length_form_batches_that_are_padded_to_the_length_of_their_bucket()
    {
        var batches = Sequences(2, 5, 3, 4, 1, 8, 7).BatchByLength(new LengthBuckets { Lengths = [3, 5, 8], BatchSize = 2, PaddingValue = -1 }).ToArray();
        CollectionAssert.AreEqual(
            new[] { "2 x 3: 0 0 -1 2 2 2", "2 x 5: 1 1 1 1 1 3 3 3 3 -1", "2 x 8: 5 5 5 5 5 5 5 5 6 6 6 6 6 6 6 -1", "1 x 3: 4 -1 -1" },
            batches.Select(Text).ToArray());
        CollectionAssert.AreEqual(new float[] { 1, 3 }, Floats(batches[1].Y));
    }

    [TestMethod]
    public void Each_length_may_have_a_batch_size_and_remainders_may_be_dropped()
    {
        var buckets = new LengthBuckets { Lengths = [2, 4], BatchSize = [3, 1], DropRemainder = true, PadFront = true };
        var batches = Sequences(1, 4, 2, 3, 1, 1).BatchByLength(buckets).Select(Text).ToArray();
        CollectionAssert.AreEqual(new[] { "1 x 4: 1 1 1 1", "1 x 4: 0 3 3 3", "3 x 2: 0 0 2 2 0 4" }, batches);
    }

    [TestMethod]
    public void Longer_samples_are_refused_or_cut()
    {
        var buckets = new LengthBuckets { Lengths = [2, 3] };
        var error = Assert.Throws<ModelException>(() => Sequences(1, 5).BatchByLength(buckets).ToArray());
        Assert.AreEqual("Sample 1 has 5 steps, but the longest bucket holds 3. Add a length, or set Truncate.", error.Message);
        buckets = new LengthBuckets { Lengths = [2, 3], Truncate = true };
        Assert.AreEqual("1 x 3: 1 1 1", Text(Sequences(1, 5).BatchByLength(buckets).Last()));
    }

    [TestMethod]
    public void Targets_and_weights_of_steps_are_padded_too_and_other_inputs_are_left()
    {
        var sample = new Batch(
            new Dictionary<string, NDArray> { ["size"] = new float[,] { { 7, 8 } }, ["words"] = new int[,] { { 4, 5 } } },
            (NDArray)new float[,,] { { { 1, 2 }, { 3, 4 } } },
            (NDArray)new float[,] { { 1, 1 } });
        var buckets = new LengthBuckets { Lengths = 3, Inputs = 1, Targets = 0, PaddingValue = 9, TargetPaddingValue = 6 };
        var batch = Dataset.From([sample]).BatchByLength(buckets).Single();
        Assert.AreEqual(Shape.Of(1, 2), batch.X[0].Shape);
        CollectionAssert.AreEqual(new float[] { 4, 5, 9 }, batch.X[1].AsFloats().ToArray());
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4, 6, 6 }, Floats(batch.Y));
        CollectionAssert.AreEqual(new float[] { 1, 1, 0 }, Floats(batch.SampleWeight!));
    }

    [TestMethod]
    public void Wrong_options_are_named()
    {
        Says("Lengths holds no lengths", () => new LengthBuckets { Lengths = default });
        Says("expected lengths that rise", () => new LengthBuckets { Lengths = [4, 4] });
        Says("expected lengths of at least 1", () => new LengthBuckets { Lengths = [0, 4] });
        Says("expected sizes of at least 1", () => new LengthBuckets { Lengths = 4, BatchSize = 0 });
        Says("has 2 sizes for 3 lengths", () => Sequences(1).BatchByLength(new LengthBuckets { Lengths = [1, 2, 3], BatchSize = [4, 5] }));
        Says("names input 3, but a sample has 1", () => Sequences(1).BatchByLength(new LengthBuckets { Lengths = 4, Inputs = 3 }).ToArray());
        Says("target 0 has shape", () => Sequences(1).BatchByLength(new LengthBuckets { Lengths = 4, Targets = 0 }).ToArray());

        static void Says(string expected, Func<object> act) => StringAssert.Contains(Assert.Throws<ModelException>(act).Message, expected);
    }

    [TestMethod]
    public void Training_with_masked_padding_sees_what_it_sees_without_and_plans_once_per_length()
    {
        var random = new Random(3);
        var samples = Enumerable.Range(0, 60).Select(i =>
        {
            var words = new int[1, 1 + random.Next(30)];
            for (var j = 0; j < words.GetLength(1); j++) words[0, j] = 1 + random.Next(20);
            return new Batch(words, new float[,] { { i % 2 } });
        }).ToArray();
        var trainer = Network().Compile(new Sgd(0), Loss.BinaryCrossentropy, threads: 1);
        var expected = trainer.Evaluate(samples)["loss"];
        var buckets = new LengthBuckets { Lengths = [8, 16, 32], BatchSize = 5 };
        var batches = Dataset.From(samples).BatchByLength(buckets);
        Assert.AreEqual(expected, trainer.Evaluate(batches)["loss"], 1e-6);
        var shapes = batches.Concat(Dataset.From(samples).Shuffle(60, seed: 5).BatchByLength(buckets)).Select(batch => batch.X[0].Shape.Dim(1)).Distinct();
        CollectionAssert.IsSubsetOf(shapes.ToArray(), new[] { 8, 16, 32 });
        trainer.Fit(batches, epochs: 2, verbose: Verbosity.Silent);

        static Model Network()
        {
            var input = Model.Input([null], dtype: DType.Int32);
            return new Model(input, input.Apply(new Embedding(21, 4, maskZero: true), new Lstm(6), new Dense(1, Activation.Sigmoid)));
        }
    }

    /// <summary>One sample per length, filled with its number, which is also its target.</summary>
    private static Dataset<Batch> Sequences(params int[] lengths) => Dataset.From(lengths.Select((length, i) =>
        new Batch(NDArray.Create([.. Enumerable.Repeat((float)i, length)], Shape.Of(1, length)), (NDArray)new float[] { i })));

    private static string Text(Batch batch) => $"{batch.X[0].Shape.Dim(0)} x {batch.X[0].Shape.Dim(1)}: {string.Join(' ', Floats(batch.X))}";

    private static float[] Floats(NDArrays arrays) => arrays[0].AsFloats().ToArray();
}
