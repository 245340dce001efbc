using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>Weights of samples for models of several outputs (https://keras.io/guides/training_with_built_in_methods/#using-sample-weights).</summary>
[TestClass]
public sealed class SampleWeightTests
{
    private static readonly NDArray _x = new float[,] { { 1 }, { 2 }, { 3 }, { 4 } };
    private static readonly NDArray _y = new float[,] { { 1 }, { 0 }, { 2 }, { -1 } };
    private static readonly float[] _first = [1, 0, 2, 5];
    private static readonly float[] _second = [3, 1, 0, 1];

    [TestMethod]
    public void Each_output_has_its_own_in_order_or_by_name()
    {
        var (a, b) = (Alone("a", _first), Alone("b", _second));
        NDArrays[] forms = [[(NDArray)_first, (NDArray)_second], new Dictionary<string, NDArray> { ["b"] = _second, ["a"] = _first }];
        foreach (var weights in forms)
        {
            var logs = Two().Evaluate(_x, [_y, _y], sampleWeight: weights);
            Assert.AreEqual(a, logs["a_loss"], 1e-4);
            Assert.AreEqual(b, logs["b_loss"], 1e-4);
            Assert.AreEqual(a + b, logs["loss"], 1e-4);
        }
    }

    [TestMethod]
    public void One_array_holds_for_all_and_outputs_without_any_weigh_one()
    {
        var all = Two().Evaluate(_x, [_y, _y], sampleWeight: _first);
        Assert.AreEqual(Alone("a", _first), all["a_loss"], 1e-4);
        Assert.AreEqual(Alone("b", _first), all["b_loss"], 1e-4);
        var one = Two().Evaluate(_x, [_y, _y], sampleWeight: new Dictionary<string, NDArray> { ["b"] = _second });
        Assert.AreEqual(Alone("a", [1, 1, 1, 1]), one["a_loss"], 1e-4);
        Assert.AreEqual(Alone("b", _second), one["b_loss"], 1e-4);
    }

    [TestMethod]
    public void Fit_streams_and_steps_take_them_alike()
    {
        NDArrays weights = new Dictionary<string, NDArray> { ["a"] = _first, ["b"] = _second };
        var (fitted, streamed, stepped) = (Two(), Two(), Two());
        fitted.Fit(_x, [_y, _y], batchSize: 4, shuffle: false, sampleWeight: weights, verbose: Verbosity.Silent);
        streamed.Fit(Dataset.From(_x, [_y, _y], weights).Batch(4), verbose: Verbosity.Silent);
        stepped.TrainOnBatch(_x, [_y, _y], weights);
        CollectionAssert.AreEqual(Weights(fitted), Weights(streamed));
        CollectionAssert.AreEqual(Weights(fitted), Weights(stepped));
        Assert.AreEqual(fitted.TestOnBatch(_x, [_y, _y], weights)["loss"], fitted.Evaluate([new Batch(_x, [_y, _y], weights)])["loss"], 1e-9);
        CollectionAssert.AreNotEqual(fitted.ComputeGradients(_x, [_y, _y])["a/kernel"].ToArray(), fitted.ComputeGradients(_x, [_y, _y], weights)["a/kernel"].ToArray());
        Assert.AreEqual(Expected(fitted, 0, _first), fitted.Evaluate(_x, [_y, _y], sampleWeight: weights)["a_mean_absolute_error"], 1e-5);
    }

    [TestMethod]
    public void A_position_may_have_its_own()
    {
        var input = Model.Input([3, 1]);
        var trainer = new Model(input, new Dense(1) { UseBias = false, KernelInitializer = Initializer.Ones }.Call(input)).Compile(new Sgd(), Loss.MeanSquaredError);
        float[,,] x = { { { 1 }, { 2 }, { 3 } } };
        float[,,] y = { { { 0 }, { 0 }, { 0 } } };
        Assert.AreEqual((1 + 18) / 3.0, trainer.Evaluate(x, y, sampleWeight: new float[,] { { 1, 0, 2 } })["loss"], 1e-4);
    }

    [TestMethod]
    public void Weights_that_do_not_fit_give_a_sentence()
    {
        Refused("Did you mean 'a'", new Dictionary<string, NDArray> { ["aa"] = _first });
        Refused("has 3 arrays", [(NDArray)_first, (NDArray)_first, (NDArray)_first]);
        Refused("sampleWeight of 'b' has shape (3,)", new Dictionary<string, NDArray> { ["b"] = new float[] { 1, 2, 3 } });
        Refused("holds NaN", new float[] { 1, 2, 3, float.NaN });

        void Refused(string expected, NDArrays weights) => Assert.Contains(expected, Assert.Throws<ModelException>(() => Two().Evaluate(_x, [_y, _y], sampleWeight: weights)).Message);
    }

    private static Trainer Two()
    {
        var input = Model.Input([1]);
        var model = new Model(input, [new Dense(1, name: "a").Call(input), new Dense(1, name: "b").Call(input)], seed: 2);
        return model.Compile(new Sgd(0.01f), Loss.MeanSquaredError, weightedMetrics: [Metric.MeanAbsoluteError]);
    }

    private static double Alone(string output, float[] weights)
    {
        var trainer = Two();
        var prediction = trainer.Model.PredictNamed(_x)[output].ToArray();
        return prediction.Select((value, i) => weights[i] * Math.Pow(value - _y.ToTensor()[i, 0], 2)).Sum() / 4;
    }

    private static double Expected(Trainer trainer, int output, float[] weights) =>
        trainer.Model.PredictAll(_x)[output].ToArray().Select((value, i) => weights[i] * Math.Abs(value - _y.ToTensor()[i, 0])).Sum() / weights.Sum();

    private static float[] Weights(Trainer trainer) => [.. trainer.Model.Weights.SelectMany(weight => weight.Value.ToArray())];
}
