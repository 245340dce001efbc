using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Engine;

/// <summary>Settings of a model apply to every plan that is made for it.</summary>
[TestClass]
public sealed class PlanOptionsTests
{
    // 64 tiles of 32 channels: large enough for the Winograd form, whose rounding errors show in the bits.
    private const int Samples = 4;
    private const int Size = 16;
    private const int Channels = 32;

    private static readonly NDArray s_x = Numbers(1, Samples, Size, Size, Channels);
    private static readonly NDArray s_y = Numbers(2, Samples, Channels);

    [TestMethod]
    public void Winograd_off_reaches_Fit() => BitsChange(trainer =>
    {
        trainer.Fit(s_x, s_y, batchSize: Samples, epochs: 2, verbose: Verbosity.Silent);
        return Weights(trainer.Model);
    });

    [TestMethod]
    public void Winograd_off_reaches_Evaluate() => BitsChange(trainer =>
    {
        // A single loss may round to the same value.
        return [.. Enumerable.Range(0, 8).Select(seed => trainer.Evaluate(s_x, Numbers(seed, Samples, Channels))["loss"])];
    });

    [TestMethod]
    public void Winograd_off_reaches_Predict() => BitsChange(trainer => Doubles(trainer.Predict(s_x).ToArray()));

    [TestMethod]
    public void Winograd_off_reaches_layer_outputs() => BitsChange(trainer =>
    {
        var convolution = trainer.Model.GetLayer("convolution");
        var values = trainer.Model.Graph.Calls().Where(call => call.Layer == convolution).Select(call => call.Outputs[0].Value).ToArray();
        return Doubles(Prediction.Run(trainer.Model, "convolution", values, s_x, Samples)[0].ToTensor().ToArray());
    });

    [TestMethod]
    public void Winograd_off_reaches_gradients() =>
        BitsChange(trainer => Doubles([.. trainer.ComputeGradients(s_x, s_y).Values.SelectMany(gradient => gradient.ToArray())]));

    [TestMethod]
    public void Winograd_off_reaches_measured_memory() => BitsChange(trainer => [trainer.MeasureMemory(s_x, s_y, Samples).Bytes]);

    [TestMethod]
    public void Winograd_off_reaches_the_gradient_check() => BitsChange(trainer =>
    {
        // With this tolerance no element is skipped.
        var report = GradientCheck.Run(trainer.Model, Loss.MeanSquaredError, s_x, s_y, elements: 100, tolerance: 1e9);
        return [.. report.Weights.SelectMany(row => new[] { row.Worst!.Gradient, row.Worst.Numeric })];
    });

    [TestMethod]
    public void Winograd_off_reaches_custom_steps() => BitsChange(trainer =>
    {
        CustomStep(trainer.Model).Run([s_x, s_y]);
        return Weights(trainer.Model);
    });

    [TestMethod]
    public void Winograd_off_of_a_custom_step_reaches_its_plan()
    {
        BitsChange(winograd =>
        {
            var model = Convolution();
            var step = CustomStep(model);
            step.Winograd = winograd;
            step.Run([s_x, s_y]);
            return Weights(model);
        });
    }

    [TestMethod]
    public void Winograd_off_reaches_the_verification_of_a_file() => BitsChange(trainer =>
    {
        using var folder = new TemporaryFolder();
        var report = trainer.Model.ExportOnnx(folder.File("model.onnx"), new ExportOptions { BatchSizes = [Samples] });
        return [.. report.Layers.Select(layer => (double)layer.LargestDifference)];
    });

    [TestMethod]
    public void Winograd_off_reaches_the_verification_of_an_exported_step() => BitsChange(trainer =>
    {
        using var folder = new TemporaryFolder();
        var report = trainer.ExportTraining(folder.File("step"), new TrainingExportOptions { BatchSize = Samples, VerifiedSteps = 1 });
        return [.. report.Differences.Select(difference => difference.Difference)];
    });

    private static void BitsChange(Func<Trainer, double[]> results) => BitsChange(winograd =>
    {
        var trainer = Convolution().Compile(new Sgd(0.1), Loss.MeanSquaredError, seed: 1);
        trainer.Winograd = winograd;
        return results(trainer);
    });

    private static void BitsChange(Func<bool, double[]> results)
    {
        var direct = results(false);
        CollectionAssert.AreEqual(direct, results(false), "the same result twice");
        CollectionAssert.AreNotEqual(results(true), direct, "the setting has no effect");
    }

    private static TrainingStep CustomStep(Model model) => TrainingStep.From(step =>
    {
        var (x, y) = (step.Input([Size, Size, Channels]), step.Input([Channels]));
        step.Minimize("loss", Loss.MeanSquaredError.Call(y, model.Call(x)), new Sgd(0.1), model);
    });

    private static Model Convolution()
    {
        var x = Model.Input([Size, Size, Channels]);
        return new Model(x, x.Apply(new Conv2D(Channels, 3, padding: Padding.Same, name: "convolution"), new GlobalAveragePooling2D()), seed: 1);
    }

    private static double[] Weights(Model model) => Doubles([.. model.Weights.SelectMany(weight => weight.Value.ToArray())]);

    private static double[] Doubles(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static NDArray Numbers(int seed, params int[] shape)
    {
        var random = new Random(seed);
        var count = (int)Shape.Of(shape).ElementCount;
        return NDArray.Create([.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)], Shape.Of(shape));
    }
}
