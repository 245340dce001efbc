using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training;

/// <summary>An embedding that goes back, and products with ternary kernels.</summary>
[TestClass]
public sealed class EmbeddingAndTernaryTests
{
    private static readonly float[] s_table = [1, 2, 3, -1, 0, 1, 0.5f, 0.5f, -2, 4, 1, 0];

    [TestMethod]
    [DataRow(null)]
    [DataRow(3.0)]
    public void Vectors_are_scored_against_all_embeddings(double? cap)
    {
        var words = new ReversibleEmbedding(4, 3, logitSoftCap: cap, maskZero: true);
        var ids = Model.Input([2], DType.Int64);
        var vectors = words.Call(ids);
        Assert.IsNotNull(vectors.Mask);
        var model = new Model(ids, [vectors, words.CallReverse(vectors)]);
        Assert.HasCount(1, model.Weights);
        s_table.CopyTo(model.Weights[0].Storage, 0);
        var outputs = model.PredictAll(new long[,] { { 3, 1 } });
        CollectionAssert.AreEqual(new float[] { 4, 1, 0, -1, 0, 1 }, outputs[0].ToArray());
        for (var i = 0; i < 8; i++)
        {
            var (row, column) = (i < 4 ? 3 : 1, i % 4);
            var score = Enumerable.Range(0, 3).Sum(k => (double)s_table[(row * 3) + k] * s_table[(column * 3) + k]);
            Assert.AreEqual(cap is { } c ? c * Math.Tanh(score / c) : score, outputs[1].ToArray()[i], 1e-5);
        }
    }

    [TestMethod]
    public void Untied_weights_are_both_there_whichever_way_is_called()
    {
        var back = new ReversibleEmbedding(5, 3, tieWeights: false);
        back.CallReverse(Model.Input([3]));
        CollectionAssert.AreEqual(new[] { "embeddings", "reverse_embeddings" }, back.Weights.Select(weight => weight.Name).ToArray());
        Assert.AreEqual(Shape.Of(3, 5), back.Weights[1].Shape);
        Assert.Contains("vectors of 3 numbers", Assert.Throws<ModelException>(() => back.CallReverse(Model.Input([4]))).Message);
        Assert.Contains("above 0", Assert.Throws<ModelException>(() => new ReversibleEmbedding(5, 3, logitSoftCap: 0)).Message);
    }

    [TestMethod]
    public void A_tied_table_learns_from_both_ways()
    {
        // Each id is to be found again in its own vector: the identity, which only the table can learn.
        var ids = Model.Input([], DType.Int64);
        var words = new ReversibleEmbedding(4, 8);
        var scores = words.CallReverse(words.Call(ids));
        var trainer = new Model(ids, scores, seed: 1).Compile(new Adam(0.1), new SparseCategoricalCrossentropy(fromLogits: true), metrics: [Metric.Accuracy]);
        long[] x = [0, 1, 2, 3];
        trainer.Fit(x, x, epochs: 60, batchSize: 4, verbose: Verbosity.Silent);
        Assert.AreEqual(1, trainer.Evaluate(x, x)["accuracy"]);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(0.6)]
    public void A_ternary_kernel_has_signs_where_weights_are_large(double? threshold)
    {
        var input = Model.Input([4]);
        var model = new Model(input, new TernaryDense(3, threshold).Call(input));
        s_table.CopyTo(model.Weights[0].Storage, 0);
        float[] bias = [1, -1, 0.5f], x = [1, -2, 3, 0.25f];
        bias.CopyTo(model.Weights[1].Storage, 0);
        var mean = s_table.Average(Math.Abs);
        var (bound, factor) = threshold is { } given ? (given, 1.0) : (mean / 2, mean);
        var y = model.Predict(NDArray.Create(x, [1, 4])).ToArray();
        for (var j = 0; j < 3; j++)
        {
            var sum = Enumerable.Range(0, 4).Sum(i => Math.Abs(s_table[(i * 3) + j]) > bound ? Math.Sign(s_table[(i * 3) + j]) * (double)x[i] : 0);
            Assert.AreEqual((sum * factor) + bias[j], y[j], 1e-4);
        }
    }

    /// <summary>The gradient of the product passes to the weights as if they had been the kernel.</summary>
    [TestMethod]
    public void The_gradient_passes_through_the_signs()
    {
        var input = Model.Input([2]);
        var model = new Model(input, new TernaryDense(1, 0.5, useBias: false).Call(input));
        ((float[])[0.9f, 0.1f]).CopyTo(model.Weights[0].Storage, 0);
        var trainer = model.Compile(new Sgd(0.5), Loss.MeanSquaredError);
        trainer.Fit(new float[,] { { 2, 3 } }, new float[,] { { 1 } }, epochs: 1, batchSize: 1, verbose: Verbosity.Silent);

        // y = 2 * 1 + 3 * 0, so the gradient is 2 (2 - 1) x.
        CollectionAssert.AreEqual(new[] { 0.9f - (0.5f * 4), 0.1f - (0.5f * 6) }, model.Weights[0].Storage.ToArray());
    }
}
