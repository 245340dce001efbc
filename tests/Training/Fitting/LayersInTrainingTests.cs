using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>Side effects of layers in a training step: moving statistics, states, penalties, normalized kernels.</summary>
[TestClass]
public sealed class LayersInTrainingTests
{
    [TestMethod]
    public void Spectral_normalization_learns_from_the_normalized_kernel()
    {
        var input = Model.Input([3]);
        var layer = new SpectralNormalization(new Dense(2, useBias: false));
        var model = new Model(input, layer.Call(input));
        var (stored, kernel) = (model.Weights[0], model.Weights[1]);
        var before = (float[])kernel.Storage.Clone();
        var vector = (float[])stored.Storage.Clone();
        var trainer = model.Compile(new Sgd(0.1), Loss.MeanSquaredError);
        float[,] x = { { 1, 2, -1 } };
        float[,] y = { { 0.5f, -0.5f } };
        trainer.Fit(x, y, epochs: 1, batchSize: 1, verbose: Verbosity.Silent);

        var (v, u) = (new float[3], new float[2]);
        for (var i = 0; i < 3; i++) v[i] = (vector[0] * before[2 * i]) + (vector[1] * before[(2 * i) + 1]);
        Scale(v);
        for (var j = 0; j < 2; j++) u[j] = Enumerable.Range(0, 3).Sum(i => v[i] * before[(2 * i) + j]);
        Scale(u);
        var largest = Enumerable.Range(0, 6).Sum(k => v[k / 2] * before[k] * u[k % 2]);
        var normal = before.Select(w => w / largest).ToArray();
        for (var k = 0; k < 6; k++)
        {
            var output = Enumerable.Range(0, 3).Sum(i => x[0, i] * normal[(2 * i) + (k % 2)]);
            var expected = normal[k] - (0.1f * (output - y[0, k % 2]) * x[0, k / 2]);
            Assert.AreEqual(expected, kernel.Storage[k], 1e-5);
        }

        CollectionAssert.AreEqual(u.Select(number => MathF.Round(number, 5)).ToArray(), stored.Storage.Select(number => MathF.Round(number, 5)).ToArray());

        static void Scale(float[] vector)
        {
            var norm = MathF.Sqrt(vector.Sum(number => number * number));
            for (var i = 0; i < vector.Length; i++) vector[i] /= norm;
        }
    }

    [TestMethod]
    public void Shared_batch_normalization_follows_its_calls_one_after_the_other()
    {
        var (a, b) = (Model.Input([1]), Model.Input([1]));
        var shared = new BatchNormalization(momentum: 0.5);
        var model = new Model([a, b], new Add().Call(shared.Call(a), shared.Call(b)));
        var trainer = model.Compile(new Sgd(0), Loss.MeanSquaredError);
        NDArray left = new float[,] { { 1 }, { 3 } }, right = new float[,] { { 10 }, { 14 } };
        trainer.Fit(NDArrays.Create([left, right]), new float[,] { { 0 }, { 0 } }, epochs: 1, batchSize: 2, verbose: Verbosity.Silent);
        Assert.AreEqual((2 * 0.5f * 0.5f) + (12 * 0.5f), model.Weights[2].Storage[0], 1e-5);
    }

    [TestMethod]
    public void Activity_penalties_are_divided_by_the_batch()
    {
        var input = Model.Input([2]);
        var model = new Model(input, new ActivityRegularization(l1: 0.5, l2: 0.25).Call(input));
        var trainer = model.Compile(new Sgd(0), Loss.MeanSquaredError);
        float[,] x = { { 1, -2 }, { 3, 0 } };
        var history = trainer.Fit(x, x, epochs: 1, batchSize: 2, verbose: Verbosity.Silent);
        Assert.AreEqual(((0.5 * 6) + (0.25 * 14)) / 2, history["loss"][0], 1e-5);
    }

    [TestMethod]
    public void A_stateful_layer_continues_where_the_batch_before_ended()
    {
        var input = Model.Input([2, 1], batchSize: 1);
        var rnn = new SimpleRnn(
            1,
            Activation.Linear,
            useBias: false,
            kernelInitializer: Initializer.Ones,
            recurrentInitializer: Initializer.Ones,
            stateful: true);
        var model = new Model(input, rnn.Call(input));
        var trainer = model.Compile(new Sgd(0), Loss.MeanSquaredError);
        float[,,] x = { { { 1 }, { 2 } } };
        trainer.Fit(x, new float[,] { { 0 } }, epochs: 3, batchSize: 1, verbose: Verbosity.Silent);
        Assert.AreEqual(9, model.Weights[^1].Storage[0], 1e-5);
    }

    [TestMethod]
    public void Normalization_learns_mean_and_variance_from_data()
    {
        var layer = new Normalization();
        layer.Adapt(Tensor.Create([1f, 10, 3, 30, 5, 50], [3, 2]));
        var input = Model.Input([2]);
        var model = new Model(input, layer.Call(input));
        var y = model.Predict(new float[,] { { 3, 30 }, { 5, 10 } });
        var deviation = MathF.Sqrt(8f / 3);
        Assert.AreEqual(0, y[0, 0], 1e-6);
        Assert.AreEqual(2 / deviation, y[1, 0], 1e-5);
        Assert.AreEqual(-20 / (10 * deviation), y[1, 1], 1e-5);
        layer.Adapt(Tensor.Create([0f, 0, 2, 2], [2, 2]));
        Assert.AreEqual(1, model.Predict(new float[,] { { 2, 2 } })[0, 0], 1e-6);
    }

    [TestMethod]
    public void Random_image_layers_change_images_in_training_only()
    {
        var input = Model.Input([4, 4, 1]);
        Layer[] layers =
        [
            new RandomFlip(),
            new RandomContrast(0.5),
            new RandomBrightness(0.5),
            new RandomRotation(0.25),
            new RandomTranslation(0.25, 0.25),
            new RandomZoom(0.25),
        ];
        var random = new Random(2);
        var x = new float[2, 4, 4, 1];
        for (var i = 0; i < 32; i++) x[i / 16, i / 4 % 4, i % 4, 0] = random.NextSingle() * 255;
        foreach (var layer in layers)
        {
            var model = new Model(input, layer.Call(input));
            CollectionAssert.AreEqual(x.Cast<float>().ToArray(), model.Predict(x).ToArray(), layer.Name);
            var trainer = model.Compile(new Sgd(0), Loss.MeanSquaredError);
            Assert.IsGreaterThan(0, trainer.Fit(x, x, epochs: 4, batchSize: 2, verbose: Verbosity.Silent)["loss"].Sum(), layer.Name);
        }
    }
}
