using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Documentation;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Export;

/// <summary>Gradients that are outputs of a file: ONNX Runtime computes what the engine does.</summary>
[TestClass]
public sealed class GradientOutputTests
{
    private const int Learned = 1_000;
    private const int Explained = 50;
    private const int Pixels = 28 * 28;

    /// <summary>Saliency and Grad-CAM of a trained network on MNIST, or on drawn bars where MNIST's files are not there.</summary>
    [TestMethod]
    public void Saliency_of_a_digits_network_is_the_engines()
    {
        var image = Model.Input([28, 28, 1], name: "image");
        var features = image.Apply(new Conv2D(16, 3, Activation.Relu), new MaxPooling2D(2), new Conv2D(32, 3, Activation.Relu));
        var scores = features.Apply(new MaxPooling2D(2), new Flatten(), new Layers.Dropout(0.4f), new Dense(10, name: "digit"));
        var model = new Model(image, scores, seed: 1);
        var (x, y) = Digits(Learned + Explained);
        int[] learned = [.. Enumerable.Range(0, Learned)];
        int[] explained = [.. Enumerable.Range(Learned, Explained)];
        var trainer = model.Compile(new Adam(2e-3f), new SparseCategoricalCrossentropy(fromLogits: true), [Metric.Accuracy], seed: 1);
        var history = trainer.Fit(x.Take(learned), y.Take(learned), epochs: 2, batchSize: 32, verbose: Verbosity.Silent);
        Assert.IsGreaterThan(0.7, history["accuracy"][^1], "a network that learned nothing explains nothing");

        var best = Ops.Max(scores, axis: -1);
        var (saliency, gradient) = (Gradient.Of(best, image), Gradient.Of(best, features));
        var heat = Ops.Relu(Ops.Sum(features * Ops.Mean(gradient, axis: [1, 2], keepDims: true), axis: -1));
        var explaining = new Model(image, [scores, saliency, heat]);

        using var folder = new TemporaryFolder();
        Assert.IsTrue(explaining.ExportOnnx(folder.File("saliency.onnx")).Passed);
        var pictures = x.Take(explained);
        using var onnx = OnnxModel.Load(folder.File("saliency.onnx"));
        var found = onnx.Run(pictures.ToTensor());
        var expected = explaining.PredictAll(pictures);
        for (var i = 1; i < 3; i++)
        {
            float[] engine = [.. expected[i]];
            float[] file = [.. found[i].As<float>()];
            var difference = engine.Zip(file, (a, b) => MathF.Abs(a - b)).Max();
            var largest = engine.Max(MathF.Abs);
            Console.WriteLine($"{(i == 1 ? "saliency" : "Grad-CAM")}: largest value {largest:G3}, largest difference {difference:0.0e+00}");
            Assert.IsGreaterThan(0.01f, largest);
            Assert.IsLessThanOrEqualTo(1e-5f, difference);
        }

        // What moves the score lies on and around the ink, not in the empty margin.
        float[] moves = [.. expected[1]];
        var (margin, all) = (0.0, 0.0);
        for (var i = 0; i < moves.Length; i++)
        {
            var (row, column) = (i / 28 % 28, i % 28);
            all += Math.Abs(moves[i]);
            if (row is < 4 or > 23 || column is < 4 or > 23) margin += Math.Abs(moves[i]);
        }

        Console.WriteLine($"share of saliency in the margin: {margin / all:F3}; of the picture: {1 - (20.0 * 20 / Pixels):F3}");
        Assert.IsLessThan(1 - (20.0 * 20 / Pixels), margin / all);
    }

    private static (NDArray X, NDArray Y) Digits(int count)
    {
        var mnist = Path.Combine(ExamplePrograms.Root, "..", "shared", "data", "mnist");
        if (!Directory.Exists(mnist)) return Bars(count);
        float[] pixels = [.. Idx.ReadImages(Path.Combine(mnist, "train-images-idx3-ubyte.gz")).Take(count * Pixels)];
        long[] labels = [.. Idx.ReadLabels(Path.Combine(mnist, "train-labels-idx1-ubyte.gz")).Take(count)];
        return (NDArray.Create(pixels, [count, 28, 28, 1]), labels);
    }

    /// <summary>Ten kinds of pictures: a bar at one of ten heights, in noise.</summary>
    private static (NDArray X, NDArray Y) Bars(int count)
    {
        var random = new Random(1);
        var (pixels, labels) = (new float[count * Pixels], new long[count]);
        for (var i = 0; i < count; i++)
        {
            labels[i] = random.Next(10);
            for (var j = 0; j < Pixels; j++)
            {
                var (row, column) = (j / 28, j % 28);
                pixels[(i * Pixels) + j] = (row / 2 == labels[i] + 2 && column is >= 6 and < 22 ? 0.8f : 0) + (0.2f * random.NextSingle());
            }
        }

        return (NDArray.Create(pixels, [count, 28, 28, 1]), labels);
    }
}
