using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Inspection;

/// <summary>Model.Compare: where two models part.</summary>
[TestClass]
public sealed class ComparisonReportTests
{
    private static Model Network(ulong seed = 1, int units = 5, bool hasMore = false)
    {
        var input = Model.Input([4], name: "in");
        var x = input.Apply(new Dense(units, Activation.Relu, name: "first"), new Dense(3, Activation.Tanh, name: "second"));
        if (hasMore) x = new Dense(3, name: "more").Call(x);
        return new Model(input, new Dense(2, name: "third").Call(x), seed: seed);
    }

    private static readonly float[,] s_x = { { 1, 2, 3, 4 }, { -1, 0, 1, 0.5f }, { 3, 3, -3, 2 } };

    [TestMethod]
    public void Equal_models_agree_on_every_layer()
    {
        var report = Network().Compare(Network(), s_x, tolerance: 0, batchSize: 2);
        Assert.IsNull(report.FirstDifference);
        Assert.HasCount(4, report.Layers);
        Assert.IsTrue(report.Layers.All(layer => layer.LargestDifference == 0 && layer.LargestValue > 0));
        StringAssert.EndsWith(report.ToString(), "4 outputs agree.");
    }

    [TestMethod]
    public void The_first_layer_that_differs_is_named_with_its_difference()
    {
        var (a, b) = (Network(), Network());
        var bias = b.GetLayer("second").Weights[1];
        var values = bias.Value;
        values[1] += 0.25f;
        bias.Value = values;
        var report = a.Compare(b, s_x);
        Assert.AreEqual("second", report.FirstDifference!.Layer);
        Assert.IsTrue(report.Layers.Single(layer => layer.Layer == "first").IsWithinTolerance);
        var (left, right) = (Inner(a), Inner(b));
        Assert.AreEqual(left.Zip(right, (x, y) => Math.Abs(x - y)).Max(), report.FirstDifference.LargestDifference, 1e-6);
        Assert.IsNull(a.Compare(b, s_x, tolerance: 10).FirstDifference);

        static float[] Inner(Model model) => new Model(model.Inputs, model.GetLayer("second").Output).Predict(s_x).ToArray();
    }

    [TestMethod]
    public void Layers_of_other_shapes_and_layers_that_are_missing_are_told()
    {
        var report = Network().Compare(Network(units: 6, hasMore: true), s_x);
        Assert.AreEqual("first", report.FirstDifference!.Layer);
        Assert.IsTrue(double.IsPositiveInfinity(report.FirstDifference.LargestDifference));
        CollectionAssert.AreEqual((string[])["more"], report.OnlyThere.ToArray());
        Assert.IsEmpty(report.OnlyHere);
        StringAssert.Contains(report.ToString(), "Only in the other model: more.");
    }

    [TestMethod]
    public void The_same_network_under_other_names_is_compared_in_its_order()
    {
        var input = Model.Input([4]);
        var renamed = new Model(input, input.Apply(new Dense(5, Activation.Relu), new Dense(3, Activation.Tanh), new Dense(2)));
        var model = Network();
        renamed.SetWeights(model.GetWeights());
        var report = model.Compare(renamed, s_x);
        Assert.IsNull(report.FirstDifference);
        Assert.AreEqual(("first", "dense"), (report.Layers[1].Layer, report.Layers[1].OtherLayer));
    }

    [TestMethod]
    public void NaN_equals_NaN_only()
    {
        var input = Model.Input([4]);
        var logarithm = new Model(input, new Lambda(x => Ops.Log(x), name: "f").Call(input));
        var shifted = new Model(input, new Lambda(x => Ops.Log(x + 10), name: "f").Call(input));
        Assert.IsNull(logarithm.Compare(logarithm, s_x).FirstDifference);
        Assert.IsTrue(double.IsPositiveInfinity(logarithm.Compare(shifted, s_x).FirstDifference!.LargestDifference));
    }

    [TestMethod]
    public void Wrong_uses_are_sentences()
    {
        void Refused(string expected, Action use) => StringAssert.Contains(Assert.ThrowsExactly<ModelException>(use).Message, expected);
        var input = Model.Input([4]);
        var two = new Model(input, [new Dense(1).Call(input), new Dense(1).Call(input)]);
        Refused("has 1 outputs", () => Network().Compare(two, s_x));
        Refused("tolerance is -1", () => Network().Compare(Network(), s_x, tolerance: -1));
        Refused("no sample", () => Network().Compare(Network(), new float[0, 4]));
        var wide = Model.Input([9]);
        Refused("(None, 9)", () => Network().Compare(new Model(wide, new Dense(2).Call(wide)), s_x));
    }
}
