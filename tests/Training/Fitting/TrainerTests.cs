using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

[TestClass]
public sealed class TrainerTests
{
    [TestMethod]
    public void A_small_network_learns_xor()
    {
        var inputs = Model.Input([2]);
        var model = new Model(inputs, inputs.Apply(new Dense(8, Activation.Tanh), new Dense(1, Activation.Sigmoid)));
        var trainer = model.Compile(new Adam(0.05), Loss.BinaryCrossentropy, metrics: [Metric.Accuracy]);
        float[,] x = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } };
        float[] y = [0, 1, 1, 0];
        var history = trainer.Fit(x, y, epochs: 200, batchSize: 4, verbose: Verbosity.Silent);
        Assert.IsLessThan(0.1, history["loss"][^1], "loss " + history["loss"][^1]);
        Assert.AreEqual(1.0, history["accuracy"][^1]);
        Agree(GradientCheck.Run(model, Loss.BinaryCrossentropy, x, y));
    }

    [TestMethod]
    public void Gradients_of_a_cnn_agree_with_finite_differences()
    {
        var image = Model.Input([9, 9, 2]);
        var model = new Model(image, image.Apply(
            new Conv2D(5, 3, activation: Activation.Tanh), new AveragePooling2D(2), new BatchNormalization(),
            new Conv2D(3, 3, padding: Padding.Same), new Flatten(), new Dense(4, Activation.Softmax)));
        var random = new Random(1);
        var x = new float[3, 9, 9, 2];
        for (var i = 0; i < 3; i++) for (var j = 0; j < 9; j++) for (var k = 0; k < 9; k++) for (var c = 0; c < 2; c++)
            x[i, j, k, c] = (float)random.NextDouble() - 0.5f;
        int[] y = [0, 3, 1];
        Agree(GradientCheck.Run(model, Loss.SparseCategoricalCrossentropy, x, y));
    }

    [TestMethod]
    public void Gradients_of_an_Lstm_agree_with_finite_differences()
    {
        var input = Model.Input([7, 3]);
        var model = new Model(input, input.Apply(new Lstm(5, returnSequences: true), new Lstm(3), new Dense(1)));
        var random = new Random(1);
        var x = new float[3, 7, 3];
        for (var i = 0; i < 3; i++) for (var j = 0; j < 7; j++) for (var k = 0; k < 3; k++) x[i, j, k] = (float)random.NextDouble() - 0.5f;
        float[] y = [0.2f, -0.3f, 1];
        Agree(GradientCheck.Run(model, Loss.MeanSquaredError, x, y));
    }

    private static void Agree(GradientReport report)
    {
        Assert.IsTrue(report.Passed, report.ToString());
        Assert.IsGreaterThan(0, report.Weights.Sum(weight => weight.Agreeing), report.ToString());
    }
}
