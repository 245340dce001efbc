using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>Weights of samples for models of several outputs (https://keras.io/guides/training_with_built_in_methods/#using-sample-weights).</summary>
[TestClass]
public sealed class SampleWeightTests
{
    private static readonly NDArray s_x = new float[,] { { 1 }, { 2 }, { 3 }, { 4 } };
    private static readonly NDArray s_y = new float[,] { { 1 }, { 0 }, { 2 }, { -1 } };
    private static readonly float[] s_first = [1, 0, 2, 5];
    private static readonly float[] s_second = [3, 1, 0, 1];

    [TestMethod]
    public void Each_output_has_its_own_in_order_or_by_name()
    {
        var (a, b) = (Alone("a", s_first), Alone("b", s_second));
        NDArrays[] forms = [[(NDArray)s_first, (NDArray)s_second], new Dictionary<string, NDArray> { ["b"] = s_second, ["a"] = s_first }];
        foreach (var weights in forms)
        {
            var logs = Two().Evaluate(s_x, [s_y, s_y], sampleWeight: weights);
            Assert.AreEqual(a, logs["a_loss"], 1e-4);
            Assert.AreEqual(b, logs["b_loss"], 1e-4);
            Assert.AreEqual(a + b, logs["loss"], 1e-4);
        }
    }

    [TestMethod]
    public void One_array_holds_for_all_and_outputs_without_any_weigh_one()
    {
        var all = Two().Evaluate(s_x, [s_y, s_y], sampleWeight: s_first);
        Assert.AreEqual(Alone("a", s_first), all["a_loss"], 1e-4);
        Assert.AreEqual(Alone("b", s_first), all["b_loss"], 1e-4);
        var one = Two().Evaluate(s_x, [s_y, s_y], sampleWeight: new Dictionary<string, NDArray> { ["b"] = s_second });
        Assert.AreEqual(Alone("a", [1, 1, 1, 1]), one["a_loss"], 1e-4);
        Assert.AreEqual(Alone("b", s_second), one["b_loss"], 1e-4);
    }

    [TestMethod]
    public void Fit_streams_and_steps_take_them_alike()
    {
        NDArrays weights = new Dictionary<string, NDArray> { ["a"] = s_first, ["b"] = s_second };
        var (fitted, streamed, stepped) = (Two(), Two(), Two());
        fitted.Fit(s_x, [s_y, s_y], batchSize: 4, shuffle: false, sampleWeight: weights, verbose: Verbosity.Silent);
        streamed.Fit(Dataset.From(s_x, [s_y, s_y], weights).Batch(4), verbose: Verbosity.Silent);
        stepped.TrainOnBatch(s_x, [s_y, s_y], weights);
        CollectionAssert.AreEqual(Weights(fitted), Weights(streamed));
        CollectionAssert.AreEqual(Weights(fitted), Weights(stepped));
        Assert.AreEqual(fitted.TestOnBatch(s_x, [s_y, s_y], weights)["loss"], fitted.Evaluate([new Batch(s_x, [s_y, s_y], weights)])["loss"], 1e-9);
        CollectionAssert.AreNotEqual(
            fitted.ComputeGradients(s_x, [s_y, s_y])["a/kernel"].ToArray(),
            fitted.ComputeGradients(s_x, [s_y, s_y], weights)["a/kernel"].ToArray());
        Assert.AreEqual(Expected(fitted, 0, s_first), fitted.Evaluate(s_x, [s_y, s_y], sampleWeight: weights)["a_mean_absolute_error"], 1e-5);
    }

    [TestMethod]
    public void A_position_may_have_its_own()
    {
        var input = Model.Input([3, 1]);
        var trainer = new Model(input, new Dense(1, useBias: false, kernelInitializer: Initializer.Ones).Call(input)).Compile(
            new Sgd(),
            Loss.MeanSquaredError);
        float[,,] x = { { { 1 }, { 2 }, { 3 } } };
        float[,,] y = { { { 0 }, { 0 }, { 0 } } };
        Assert.AreEqual((1 + 18) / 3.0, trainer.Evaluate(x, y, sampleWeight: new float[,] { { 1, 0, 2 } })["loss"], 1e-4);
    }

    [TestMethod]
    public void Weights_that_do_not_fit_give_a_sentence()
    {
        Refused("Did you mean 'a'", new Dictionary<string, NDArray> { ["aa"] = s_first });
        Refused("has 3 arrays", [(NDArray)s_first, (NDArray)s_first, (NDArray)s_first]);
        Refused("sampleWeight of 'b' has shape (3,)", new Dictionary<string, NDArray> { ["b"] = new float[] { 1, 2, 3 } });
        Refused("holds NaN", new float[] { 1, 2, 3, float.NaN });

        void Refused(string expected, NDArrays weights) =>
            Assert.Contains(expected, Assert.Throws<ModelException>(() => Two().Evaluate(s_x, [s_y, s_y], sampleWeight: weights)).Message);
    }

    private static Trainer Two()
    {
        var input = Model.Input([1]);
        var model = new Model(input, [new Dense(1, name: "a").Call(input), new Dense(1, name: "b").Call(input)], seed: 2);
        return model.Compile(new Sgd(0.01), Loss.MeanSquaredError, weightedMetrics: [Metric.MeanAbsoluteError]);
    }

    private static double Alone(string output, float[] weights)
    {
        var trainer = Two();
        var prediction = trainer.Model.PredictNamed(s_x)[output].ToArray();
        return prediction.Select((value, i) => weights[i] * Math.Pow(value - s_y.ToTensor()[i, 0], 2)).Sum() / 4;
    }

    private static double Expected(Trainer trainer, int output, float[] weights) =>
        trainer.Model.PredictAll(s_x)[output].ToArray().Select((value, i) => weights[i] * Math.Abs(value - s_y.ToTensor()[i, 0])).Sum() / weights.Sum();

    private static float[] Weights(Trainer trainer) => [.. trainer.Model.Weights.SelectMany(weight => weight.Value.ToArray())];
}
