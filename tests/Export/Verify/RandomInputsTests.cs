using OnnxFunctional.Export;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Verify;

/// <summary>Random inputs of a verification hold what the graph tests for: padding in every place, known and unknown tokens, both sides of bounds.</summary>
[TestClass]
public sealed class RandomInputsTests
{
    // Which of six steps count: the first masked, none, the last, the middle, all, [chance], both ends.
    private static readonly string?[] s_patterns = ["..####", "######", "####..", "##..##", "......", null, ".####."];

    [TestMethod]
    [DataRow(0f)]
    [DataRow(-1.5f)]
    public void Samples_are_masked_first_middle_last_everywhere_and_nowhere(float mark)
    {
        var inputs = Of(Model.Input([6, 2]), x => x.Apply(new Masking(mark), new Lstm(2)));
        var values = inputs.Make(7)[0].AsFloats().ToArray();
        CheckPatterns(step => values[step * 2] == mark && values[(step * 2) + 1] == mark);
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(100_000)]
    public void Ids_of_padding_are_where_a_mask_may_be_for_any_vocabulary(int words)
    {
        var inputs = Of(Model.Input([6], DType.Int64), x => x.Apply(new Embedding(words, 2, maskZero: true), new Lstm(2)));
        var values = inputs.Make(7)[0].AsFloats().ToArray();
        Assert.IsTrue(Array.TrueForAll(values, id => id >= 0 && id < words));
        CheckPatterns(step => values[step] == 0);
    }

    /// <summary>A pooling of 3 fits beside its input where it leaves one step, for lengths of 3 to 5 only.</summary>
    [TestMethod]
    public void A_model_of_short_sequences_only_is_exported()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([null, 8]);
        Assert.IsTrue(new Model(x, new AveragePooling1D(3).Call(x) + x).ExportOnnx(folder.File("short.onnx")).IsVerified);
    }

    [TestMethod]
    public void A_condition_is_tried_as_a_mask()
    {
        var mask = Model.Input([6], DType.Bool);
        var values = Of(mask, x => Ops.Where(x, 1f, 2)).Make(7)[0].AsFloats().ToArray();
        CheckPatterns(step => values[step] == 0);
    }

    [TestMethod]
    public void Small_batches_together_have_all_patterns()
    {
        var inputs = Of(Model.Input([6], DType.Int64), x => x.Apply(new Embedding(9, 2, maskZero: true), new Lstm(2)));
        Assert.AreEqual(1, inputs.Runs(7));
        float[] values = [.. Enumerable.Range(0, inputs.Runs(2)).SelectMany(run => inputs.Make(2, run)[0].AsFloats().ToArray())];
        CheckPatterns(step => values[step] == 0);
        Assert.AreEqual(1, Of(Model.Input([6, 2]), x => x.Apply(new Lstm(2))).Runs(1), "nothing is tested for");
    }

    [TestMethod]
    public void A_training_step_gets_no_sample_without_steps()
    {
        var inputs = Of(Model.Input([6], DType.Int64), x => x.Apply(new Embedding(9, 2, maskZero: true), new GlobalAveragePooling1D()));
        var values = inputs.Make(7, whole: false)[0].AsFloats().ToArray();
        for (var sample = 0; sample < 7; sample++) Assert.IsTrue(values[(sample * 6)..((sample + 1) * 6)].Any(id => id != 0));
        Assert.Contains(0, values);
    }

    [TestMethod]
    [DataRow(new long[] { 10, 20, 30 })]
    [DataRow(new long[] { -5, 7_000_000, 9 })]
    public void A_lookup_gets_known_tokens_unknown_ones_and_the_mask_token(long[] tokens)
    {
        var inputs = Of(Model.Input([5], DType.Int64), x => x.Apply(new IntegerLookup(numOovIndices: 2, maskToken: 0, vocabulary: tokens)));
        float[] values = [.. Enumerable.Range(0, 3).SelectMany(run => inputs.Make(7, run)[0].AsFloats().ToArray())];
        foreach (var token in tokens.Append(0).Where(token => token is not (20 or 10))) Assert.Contains(token, values);
        Assert.IsTrue(values.Any(value => value != 0 && !tokens.Contains((long)value)));
    }

    [TestMethod]
    public void Bounds_are_met_and_passed_on_both_sides()
    {
        var inputs = Of(Model.Input([9]), x => x.Apply(new Discretization([-100, 250])));
        float[] values = [.. Enumerable.Range(0, 3).SelectMany(run => inputs.Make(7, run)[0].AsFloats().ToArray())];
        foreach (var value in new float[] { -101, -100, 249, 250, 251 }) Assert.Contains(value, values);
    }

    /// <summary>Keras' decoder of a translator: the encoder's state, and a mask that is given to the call, so that its first steps may be masked.</summary>
    [TestMethod]
    [DataRow(4, false)]
    [DataRow(4, true)]
    [DataRow(30_000, false)]
    public void A_translator_is_exported_for_any_vocabulary(int words, bool backwards)
    {
        var (source, target) = (Model.Input([null], DType.Int64, "source"), Model.Input([null], DType.Int64, "target"));
        var states = new Gru(4).CallWithState(new Embedding(words, 3, maskZero: true).Call(source));
        var embedded = new Embedding(words, 3, maskZero: true).Call(target);
        var decoded = new Gru(4, returnSequences: true, goBackwards: backwards).Call(embedded, states[1], embedded.Mask);
        var last = new Lstm(4, goBackwards: backwards).Call(embedded, [states[0], states[1]], embedded.Mask);
        using var folder = new TemporaryFolder();
        var report = new Model([source, target], [decoded, last]).ExportOnnx(folder.File("translator.onnx"));
        Assert.IsTrue(report.Layers.All(layer => layer.IsWithinTolerance));
    }

    [TestMethod]
    public void A_mean_over_no_steps_is_not_a_number_on_both_sides_and_what_follows_is_not_compared()
    {
        var x = Model.Input([null], DType.Int64);
        var mean = x.Apply(new Embedding(5, 3, maskZero: true), new GlobalAveragePooling1D());
        var padded = new Model(x, mean).Predict(NDArray.Create([0L, 0], Shape.Of(1, 2)));
        Assert.IsTrue(float.IsNaN(padded[0, 0]));
        using var folder = new TemporaryFolder();
        new Model(x, [mean, new Dense(2).Call(mean), Ops.ArgMax(mean), Ops.Cast(mean, DType.Int64)]).ExportOnnx(folder.File("mean.onnx"));
    }

    private static RandomInputs Of(SymbolicTensor x, Func<SymbolicTensor, SymbolicTensor> layers) => new(new Model(x, layers(x)).Emit());

    private static void CheckPatterns(Func<int, bool> isMarked)
    {
        for (var sample = 0; sample < s_patterns.Length; sample++)
        {
            if (s_patterns[sample] is not { } pattern) continue;
            Assert.AreEqual(pattern, string.Concat(Enumerable.Range(sample * 6, 6).Select(step => isMarked(step) ? '.' : '#')), $"sample {sample}");
        }
    }
}
