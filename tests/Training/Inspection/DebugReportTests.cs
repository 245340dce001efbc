using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Inspection;

/// <summary>Model.Debug: what every layer computes.</summary>
[TestClass]
public sealed class DebugReportTests
{
    private static NDArray Samples(int count, params int[] shape)
    {
        var size = shape.Aggregate(1, (product, dim) => product * dim);
        var random = new Random(3);
        float[] values = [.. Enumerable.Range(0, count * size).Select(_ => (float)(random.NextDouble() * 2 - 1))];
        return NDArray.Create(values, Shape.Create([count, .. shape.Select(dim => (int?)dim)]));
    }

    [TestMethod]
    [DataRow(1, 32)]
    [DataRow(7, 3)]
    [DataRow(17, 17)]
    [DataRow(17, 5)]
    public void Statistics_are_those_of_the_values_for_any_batch_size(int count, int batchSize)
    {
        var input = Model.Input([5], name: "in");
        var model = new Model(input, input.Apply(new Dense(7, Activation.Relu, name: "hidden"), new Dense(3, name: "out")));
        var x = Samples(count, 5);
        var report = model.Debug(x, batchSize);
        CollectionAssert.AreEqual((string[])["in", "hidden", "out"], report.Layers.Select(layer => layer.Layer).ToArray());
        var inside = new Model(model.Inputs, [.. model.Layers.Skip(1).Select(layer => layer.Output)]).PredictAll(x);
        foreach (var (layer, values) in report.Layers.Skip(1).Zip(inside.Select(array => array.ToArray())))
        {
            Assert.AreEqual(values.Min(), layer.Minimum, 1e-6);
            Assert.AreEqual(values.Max(), layer.Maximum, 1e-6);
            var mean = values.Average(value => (double)value);
            Assert.AreEqual(mean, layer.Mean, 1e-6);
            Assert.AreEqual(Math.Sqrt(values.Average(value => (value - mean) * (value - mean))), layer.StandardDeviation, 1e-6);
            Assert.AreEqual(values.Count(value => value == 0) / (double)values.Length, layer.Zeros);
            Assert.AreEqual(count, layer.Shape.Dims[0]);
        }

        Assert.IsNull(report.FirstBad);
        StringAssert.EndsWith(report.ToString(), "All numbers of 3 outputs are finite.");
    }

    [TestMethod]
    public void The_first_layer_that_is_not_finite_is_named_also_inside_a_model()
    {
        var inner = Model.Input([4]);
        var wild = inner.Apply(new Dense(4, name: "fine"), new Lambda(x => Ops.Log(x - 1e6), name: "wild"));
        var nested = new Model(inner, new Dense(2, name: "after").Call(wild), name: "nested");
        var input = Model.Input([4]);
        var report = new Model(input, new Dense(1, name: "last").Call(nested.Call(input))).Debug(Samples(3, 4));
        Assert.AreEqual("nested/wild", report.FirstBad!.Layer);
        Assert.AreEqual(12, report.FirstBad.NaNs);
        Assert.IsTrue(report.Layers.Single(layer => layer.Layer == "nested/fine").IsFinite);
        Assert.IsTrue(double.IsNaN(report.FirstBad.Mean));
        StringAssert.EndsWith(report.ToString(), "The first output that is not finite is that of 'nested/wild' (Lambda): 12 NaN and 0 infinite numbers.");

        var rows = report.Layers.Select(layer => layer.Layer).ToList();
        Assert.IsLessThan(rows.IndexOf("nested"), rows.IndexOf("nested/wild"), "inner layers come first");
    }

    [TestMethod]
    public void Infinities_are_counted_and_the_rest_described()
    {
        var input = Model.Input([2]);
        var report = new Model(input, new Lambda(x => 1 / x, name: "inverse").Call(input)).Debug(new float[,] { { 0, 2 }, { 4, 0 } });
        var layer = report.Layers.Single(layer => layer.Layer == "inverse");
        Assert.AreEqual((2L, 0L, 0.25, 0.5), (layer.Infinities, layer.NaNs, layer.Minimum, layer.Maximum));
    }

    [TestMethod]
    public void Shared_layers_several_outputs_integers_and_bare_operators_have_rows()
    {
        var words = Model.Input([6], dtype: DType.Int64, name: "words");
        var embedded = new Embedding(9, 4, name: "embedding").Call(words);
        var shared = new Dense(4, name: "shared");
        var sum = shared.Call(embedded) + shared.Call(shared.Call(embedded));
        var model = new Model(words, new GlobalAveragePooling1D(name: "pool").Call(sum));
        var report = model.Debug(NDArray.Create(new long[] { 1, 2, 3, 4, 5, 8, 0, 0, 0, 0, 0, 1 }, [2, 6]));
        CollectionAssert.AreEquivalent(
            (string[])["words", "embedding", "shared", "shared/call_1", "shared/call_2", "add", "pool"],
            report.Layers.Select(layer => layer.Layer).ToArray());
        Assert.AreEqual(8, report.Layers.Single(layer => layer.Layer == "words").Maximum);
    }

    [TestMethod]
    public void Nothing_changes_and_wrong_uses_are_sentences()
    {
        var input = Model.Input([5]);
        var model = new Model(input, input.Apply(new Dense(3), new BatchNormalization(), new Dropout(0.5), new Dense(1)));
        var x = Samples(4, 5);
        var (before, weights) = (model.Predict(x).ToArray(), model.GetWeights().Select(weight => weight.ToArray()).ToArray());
        model.Debug(x);
        CollectionAssert.AreEqual(before, model.Predict(x).ToArray());
        foreach (var (was, now) in weights.Zip(model.GetWeights())) CollectionAssert.AreEqual(was, now.ToArray());

        void Refused(string expected, Action use) => StringAssert.Contains(Assert.ThrowsExactly<ModelException>(use).Message, expected);
        Refused("no sample", () => model.Debug(new float[0, 5]));
        Refused("batchSize is 0", () => model.Debug(x, 0));
        Refused("(None, 5)", () => model.Debug(new float[2, 4]));
    }
}
