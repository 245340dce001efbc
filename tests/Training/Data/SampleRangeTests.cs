using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>Ranges of samples, and predictions for a dataset.</summary>
[TestClass]
public sealed class SampleRangeTests
{
    [TestMethod]
    public void A_range_takes_samples_as_a_slice_of_NumPy_does()
    {
        NDArray x = new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } };
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4 }, x[..2].ToArray());
        CollectionAssert.AreEqual(new float[] { 5, 6 }, x[^1..].ToArray());
        CollectionAssert.AreEqual(new float[] { 3, 4 }, x[1..^1].ToArray());
        Assert.AreEqual([2, 2], x[..^1].Shape);
        Assert.AreEqual(4, x[1, 1]);
        NDArray labels = new[] { 7, 8, 9 };
        Assert.AreEqual(DType.Int32, labels[..2].DType);
        Assert.Throws<ArgumentOutOfRangeException>(() => x[..4]);
    }

    [TestMethod]
    public void A_model_predicts_the_samples_of_a_dataset()
    {
        NDArray x = new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } };
        var model = new Sequential([2], new Dense(3));
        var dataset = Dataset.From(x, new float[3]).Batch(2);
        CollectionAssert.AreEqual(model.Predict(x, batchSize: 2).ToArray(), model.Predict(dataset).ToArray());
        Assert.AreEqual([3, 3], model.Compile(new Adam(), Loss.MeanSquaredError).Predict(dataset).Shape);
        StringAssert.Contains(Assert.Throws<ModelException>(() => model.Predict(Array.Empty<Batch>())).Message, "no batch to predict from");
    }
}
