using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder;

/// <summary>Parts of a tensor by index, tensors stacked, constants of a shape: what a loop over time is written with.</summary>
[TestClass]
public sealed class TensorIndexTests
{
    // 0 to 11 as (1, 3, 4).
    private static readonly float[,,] s_x = { { { 0, 1, 2, 3 }, { 4, 5, 6, 7 }, { 8, 9, 10, 11 } } };

    [TestMethod]
    public void A_position_drops_its_axis_and_a_range_keeps_it()
    {
        AreSame([4, 5, 6, 7], [null, 4], x => x[.., 1, ..]);
        AreSame([4, 5, 6, 7], [null, 4], x => x[.., 1]);
        AreSame([8, 9, 10, 11], [null, 4], x => x[.., ^1]);
        AreSame([8, 9, 10, 11], [null, 4], x => x[.., -1]);
        AreSame([1, 5, 9], [null, 3], x => x[.., .., 1]);
        AreSame([6], [null], x => x[.., 1, 2]);
        AreSame([4, 5, 6, 7, 8, 9, 10, 11], [null, 2, 4], x => x[.., 1..]);
        AreSame([0, 1, 2, 3, 4, 5, 6, 7], [null, 2, 4], x => x[.., ..^1]);
        AreSame([5, 6], [null, 1, 2], x => x[.., ^2..^1, 1..3]);
        AreSame([.. Enumerable.Range(0, 12).Select(i => (float)i)], [null, 3, 4], x => x[.., .., ..]);
    }

    [TestMethod]
    public void An_index_that_does_not_exist_is_refused_where_it_is_written()
    {
        var x = Model.Input([3, 4]);
        StringAssert.Contains(Assert.Throws<ModelException>(() => x[.., 3]).Message, "the index 3 is out of range for axis 1 of (None, 3, 4)");
        StringAssert.Contains(Assert.Throws<ModelException>(() => x[.., -4]).Message, "expected -3 to 2");
        StringAssert.Contains(Assert.Throws<ModelException>(() => x[.., 1, ^2, ..]).Message, "[.., 1, ^2, ..] covers 4 axes, but (None, 3, 4) has 3");
        StringAssert.Contains(Assert.Throws<ModelException>(() => x[.., ^0]).Message, "^1");
        StringAssert.Contains(Assert.Throws<ModelException>(() => x[.., ^0..]).Message, "selects nothing");
    }

    [TestMethod]
    public void A_model_with_an_index_is_the_same_after_JSON()
    {
        var x = Model.Input([3, 4]);
        var model = new Model(x, new Dense(2).Call(x[.., ^1, 1..]));
        var copy = Model.FromJson(model.ToJson());
        copy.SetWeights(model.GetWeights());
        CollectionAssert.AreEqual(model.Predict(s_x).ToArray(), copy.Predict(s_x).ToArray());
    }

    [TestMethod]
    public void Stacked_tensors_have_a_new_axis()
    {
        AreSame([0, 8, 1, 9, 2, 10, 3, 11], [null, 4, 2], x => Ops.Stack([x[.., 0], x[.., 2]], axis: -1));
        AreSame([0, 1, 2, 3, 8, 9, 10, 11], [null, 2, 4], x => Ops.Stack([x[.., 0], x[.., 2]], axis: 1));
        AreSame([4, 5, 6, 7], [null, 1, 4], x => Ops.Stack([x[.., 1]], axis: 1));
    }

    [TestMethod]
    public void Constants_have_the_shape_and_the_type_they_are_given()
    {
        AreSame([0, 1, 2, 3], [null, 4], x => x[.., 0] + Ops.Zeros([1, 4]));
        AreSame([1, 2, 3, 4], [null, 4], x => x[.., 0] + Ops.Ones([4]));
        AreSame([2.5f, 3.5f, 4.5f, 5.5f], [null, 4], x => x[.., 0] + Ops.Full([], 2.5));
        Assert.AreEqual(DType.Int32, Ops.Zeros([2], DType.Int32).DType);
        var error = Assert.Throws<ModelException>(() => Ops.Zeros([Model.Input([3]).Shape[0], 4]));
        StringAssert.Contains(error.Message, "(None, 4) needs known dimensions");
        StringAssert.Contains(error.Message, "batchShape");
    }

    [TestMethod]
    public void An_input_takes_its_shape_with_the_batch()
    {
        Assert.AreEqual([16, 10, 5], Model.Input(batchShape: [16, 10, 5]).Shape);
        Assert.AreEqual([null, 5], Model.Input(batchShape: [null, 5]).Shape);
        Assert.AreEqual([null, 16, 10], Model.Input([16, 10]).Shape);
        StringAssert.Contains(Assert.Throws<ModelException>(() => Model.Input(batchShape: [])).Message, "batchShape is ()");
    }

    private static void AreSame(float[] expected, Shape shape, Func<SymbolicTensor, SymbolicTensor> function)
    {
        var x = Model.Input([3, 4]);
        var y = function(x);
        Assert.AreEqual(shape, y.Shape);
        CollectionAssert.AreEqual(expected, new Model(x, y).Predict(s_x).ToArray());
    }
}
