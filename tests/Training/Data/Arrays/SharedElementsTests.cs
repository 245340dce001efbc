using System.Numerics.Tensors;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>Which arrays show the elements of others, and which are copies.</summary>
[TestClass]
public sealed class SharedElementsTests
{
    [TestMethod]
    public void Arrays_of_any_rank_that_need_no_conversion_are_used_not_copied()
    {
        var (one, two, five) = (new long[] { 1, 2 }, new float[2, 2], new int[1, 1, 1, 1, 2]);
        bool[,,] truths = new bool[1, 1, 2];
        NDArray a = one, b = two, c = five, d = truths;
        (one[1], two[1, 1], five[0, 0, 0, 0, 1], truths[0, 0, 1]) = (7, 8, 9, true);
        Assert.AreEqual(7, a[1]);
        Assert.AreEqual(8, b[1, 1]);
        Assert.AreEqual(9, c[0, 0, 0, 0, 1]);
        Assert.AreEqual(1, d[0, 0, 1]);
        var bytes = new byte[2, 2];
        NDArray images = bytes;
        bytes[1, 0] = 255;
        Assert.AreEqual(255, images.To(DType.Float32, "x")[1, 0]);
    }

    [TestMethod]
    public void A_tensor_is_used_not_copied_unless_its_elements_do_not_lie_row_by_row()
    {
        var tensor = Tensor.Create([1f, 2, 3, 4, 5, 6], [2, 3]);
        NDArray used = tensor, copied = tensor.Slice(0..2, 1..3);
        CollectionAssert.AreEqual(new float[] { 2, 3, 5, 6 }, copied.ToArray());
        tensor[1, 1] = 50;
        Assert.AreEqual(50, used[1, 1]);
        Assert.AreEqual(5, copied[1, 0]);
        CollectionAssert.AreEqual(new float[] { 4, 5, 6 }, NDArray.From(Tensor.Create([1f, 2, 3, 4, 5, 6], [2, 3]).Slice(1..2, 0..3)).ToArray());
        var doubles = Tensor.Create([1.0, 2], [2]);
        NDArray converted = doubles;
        doubles[0] = 9;
        Assert.AreEqual(1, converted[0]);
    }

    [TestMethod]
    public void A_range_of_samples_is_a_view_and_samples_that_are_taken_are_a_copy()
    {
        var values = new float[4, 2];
        NDArray all = values;
        var (view, taken) = (all[1..3], all.Take([1, 2]));
        values[2, 1] = 5;
        Assert.AreEqual(5, view[1, 1]);
        Assert.AreEqual(5, view[1..][0, 1]);
        Assert.AreEqual(0, taken[1, 1]);
        Assert.AreEqual(16, view.HeldBytes);
        Assert.AreEqual(5, view.Take([1])[0, 1]);
    }

    [TestMethod]
    public void A_view_does_not_show_what_lies_beside_it()
    {
        NDArray all = new float[] { 1, 2, 3, 4 };
        var view = all[1..3];
        CollectionAssert.AreEqual(new float[] { 2, 3 }, view.ToArray());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => view.Take([2]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => view.Take([-1]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => view[1..3]);
    }

    [TestMethod]
    public void Elements_of_several_chunks_are_converted_and_checked_to_the_last()
    {
        const int Count = 50_001;
        var values = Enumerable.Range(0, Count).Select(i => (double)i).ToArray();
        NDArray doubles = values;
        CollectionAssert.AreEqual(values.Select(value => (float)value).ToArray(), doubles.ToArray());
        CollectionAssert.AreEqual(values.Select(value => (long)value).ToArray(), (long[])doubles);
        CollectionAssert.AreEqual(values, (double[])doubles);
        values[^1] = 1e39;
        Assert.Contains("1E+39 at [50000]", Assert.ThrowsExactly<ModelException>(() => NDArray.From(values)).Message);
        Assert.Contains("1E+39 at [50000, 0]", Assert.ThrowsExactly<ModelException>(() => NDArray.Create(values, [Count, 1])).Message);
        Assert.Contains("1E+39 at [50000]", Assert.ThrowsExactly<ModelException>(() => NDArray.From(values.ToList())).Message);
        Assert.Contains("1E+39 at [50000]", Assert.ThrowsExactly<ModelException>(() => NDArray.From(Tensor.Create(values, [Count]))).Message);
        var floats = new float[Count];
        floats[^1] = float.NaN;
        NDArray last = floats;
        Assert.IsFalse(last.IsFinite);
        Assert.IsTrue(last[..^1].IsFinite);
        floats[^1] = 0.5f;
        Assert.Contains("takes integers, but element 50000 is 0.5", Assert.ThrowsExactly<ModelException>(() => last.To(DType.Int64, "x")).Message);
        floats[^1] = 3e9f;
        Assert.Contains("takes int32, but element 50000 is 3000000000", Assert.ThrowsExactly<ModelException>(() => last.To(DType.Int32, "x")).Message);
    }
}
