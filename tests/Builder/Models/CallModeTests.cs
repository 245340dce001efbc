using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Models;

/// <summary>Calls that fix the mode of computation, and masks passed into models.</summary>
[TestClass]
public sealed class CallModeTests
{
    [TestMethod]
    public void A_call_outside_of_training_has_no_phases_and_updates_nothing()
    {
        var x = Model.Input([4]);
        var inner = new Model(x, x.Apply(new Dense(3), new OnnxFunctional.Layers.BatchNormalization(), new OnnxFunctional.Layers.Dropout(0.5)), "inner");
        var outside = Model.Input([4]);
        var model = new Model(outside, new Dense(2).Call(inner.Call(outside, training: false)));
        Assert.IsFalse(model.Graph.Nodes.Any(node => node.Op is Phase or Operators.Dropout or BatchNormalizationTraining));
        Assert.IsEmpty(model.Graph.Calls().SelectMany(call => call.Updates));
        Assert.IsTrue(inner.Graph.Nodes.Any(node => node.Op is Phase));

        var back = Model.FromJson(model.ToJson());
        Assert.AreEqual(model.ToJson(), back.ToJson());
        Assert.IsFalse(back.Graph.Nodes.Any(node => node.Op is Phase));
    }

    [TestMethod]
    public void A_call_as_in_training_drops_at_any_time()
    {
        var x = Model.Input([4]);
        var model = new Model(x, new OnnxFunctional.Layers.Dropout(0.5).Call(x, training: true));
        Assert.IsFalse(model.Graph.Nodes.Any(node => node.Op is Phase));
        Assert.IsTrue(model.Graph.Nodes.Any(node => node.Op is Operators.Dropout));
    }

    [TestMethod]
    public void A_mask_travels_into_a_model()
    {
        var features = Model.Input([5, 3]);
        var inner = new Model(
            features,
            features.Apply(new OnnxFunctional.Layers.Lstm(4, returnSequences: true), new OnnxFunctional.Layers.Lstm(2)),
            "inner");
        var ids = Model.Input([5], DType.Int64);
        var embedding = new Embedding(7, 3, maskZero: true);
        var nested = new Model(ids, inner.Call(embedding.Call(ids)), seed: 3);
        long[,] samples = { { 1, 2, 0, 0, 0 }, { 3, 0, 4, 5, 6 } };

        // The calls inside are not the user's: the layer still has one output.
        Assert.AreEqual(3, inner.GetLayer("lstm").Output.Shape.Count);

        // The same layers without a model around them.
        var flat = Model.Input([5], DType.Int64);
        var plain = new Model(flat, embedding.Call(flat).Apply([.. inner.Layers.OfType<Layer>()]));
        CollectionAssert.AreEqual(Flat(plain.Predict(samples)), Flat(nested.Predict(samples)));
        Assert.AreEqual(nested.ToJson(), Model.FromJson(nested.ToJson()).ToJson());
    }

    private static float[] Flat(System.Numerics.Tensors.Tensor<float> tensor)
    {
        var values = new float[tensor.FlattenedLength];
        tensor.FlattenTo(values);
        return values;
    }
}
