using System.Numerics.Tensors;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class DataPreparationTests
{
    [TestMethod]
    public void ToCategorical_sets_the_class()
    {
        var rows = DataPreparation.ToCategorical(new int[] { 0, 2 });
        CollectionAssert.AreEqual(new float[] { 1, 0, 0, 0, 0, 1 }, Flat(rows));
        Assert.AreEqual(4, DataPreparation.ToCategorical(new int[,] { { 1 }, { 2 } }, 4).Lengths[1]);
        Assert.Throws<ModelException>(() => DataPreparation.ToCategorical(new int[] { 3 }, 3));
        Assert.Throws<ModelException>(() => DataPreparation.ToCategorical(new float[] { 0.5f }));
    }

    [TestMethod]
    public void PadSequences_fills_and_cuts_at_either_end()
    {
        int[][] sequences = [[1, 2, 3], [4], []];
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 0, 0, 4, 0, 0, 0 }, Flat(DataPreparation.PadSequences(sequences)));
        CollectionAssert.AreEqual(new[] { 2, 3, 0, 4, 0, 0 }, Flat(DataPreparation.PadSequences(sequences, 2)));
        CollectionAssert.AreEqual(new[] { 1, 2, 4, 9, 9, 9 }, Flat(DataPreparation.PadSequences(sequences, 2, SequenceEnd.Back, SequenceEnd.Back, 9)));
    }

    [TestMethod]
    public void A_timeseries_dataset_makes_windows()
    {
        float[] series = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        float[] targets = [.. series.Select(value => value * 10)];
        var batches = DataPreparation.TimeseriesDataset(series, targets, sequenceLength: 3, samplingRate: 2, sequenceStride: 2, batchSize: 2).ToArray();
        Assert.HasCount(2, batches);
        Assert.AreEqual(Shape.Of(2, 3), batches[0].X[0].Shape);
        CollectionAssert.AreEqual(new float[] { 0, 2, 4, 2, 4, 6 }, batches[0].X[0].AsFloats().ToArray());
        CollectionAssert.AreEqual(new float[] { 40 }, batches[1].Y[0].AsFloats().ToArray());
        var shuffled = DataPreparation.TimeseriesDataset(new float[20, 2], new float[20], 5, batchSize: 4, shuffle: true).ToArray();
        Assert.AreEqual(16, shuffled.Sum(batch => batch.Y[0].Count));
        Assert.AreEqual(Shape.Of(4, 5, 2), shuffled[0].X[0].Shape);
        Assert.Throws<ModelException>(() => DataPreparation.TimeseriesDataset(series, targets, 11));
    }

    private static T[] Flat<T>(Tensor<T> tensor)
    {
        var values = new T[tensor.FlattenedLength];
        tensor.FlattenTo(values);
        return values;
    }
}
