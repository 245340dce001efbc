using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Export;

/// <summary>Gradients as outputs of a file: ONNX Runtime's results equal the engine's.</summary>
[TestClass]
public sealed class GradientOutputTests
{
    private const int Learned = 1_000;
    private const int Explained = 50;
    private const int Side = 28;
    private const int Pixels = Side * Side;

    [TestMethod]
    [TestCategory(DataFolder.Category)]
    public void Saliency_and_heat_of_a_network_for_MNIST_are_the_engines()
    {
        var mnist = DataFolder.PathOf("mnist");
        float[] pixels = [.. Idx.ReadImages(Path.Combine(mnist, "train-images-idx3-ubyte.gz")).Take((Learned + Explained) * Pixels)];
        Check(pixels, [.. Idx.ReadLabels(Path.Combine(mnist, "train-labels-idx1-ubyte.gz")).Take(Learned + Explained)]);
    }

    [TestMethod]
    public void Saliency_and_heat_of_a_network_for_drawn_digits_are_the_engines()
    {
        var (pixels, labels) = DrawnDigits(Learned + Explained);
        Check(pixels, labels);
    }

    private static void Check(float[] pixels, long[] labels)
    {
        var x = NDArray.Create(pixels, [labels.Length, Side, Side, 1]);
        int[] learned = [.. Enumerable.Range(0, Learned)];
        var image = Model.Input([Side, Side, 1], name: "image");
        var features = image.Apply(new Conv2D(16, 3, activation: Activation.Relu), new MaxPooling2D(2), new Conv2D(32, 3, activation: Activation.Relu));
        var scores = features.Apply(new MaxPooling2D(2), new Flatten(), new Layers.Dropout(0.4), new Dense(10, name: "digit"));
        var model = new Model(image, scores, seed: 1);
        var trainer = model.Compile(new Adam(2e-3), new SparseCategoricalCrossentropy(fromLogits: true), metrics: [Metric.Accuracy], seed: 1);
        var history = trainer.Fit(x.Take(learned), ((NDArray)labels).Take(learned), epochs: 2, batchSize: 32, verbose: Verbosity.Silent);
        Assert.IsGreaterThan(0.7, history["accuracy"][^1], "a network that learned nothing explains nothing");

        var best = Ops.Max(scores, axis: -1);
        var (saliency, gradient) = (Gradient.Of(best, image), Gradient.Of(best, features));
        var heat = Ops.Relu(Ops.Sum(features * Ops.Mean(gradient, axis: [1, 2], keepdims: true), axis: -1));
        var explaining = new Model(image, [scores, saliency, heat]);

        using var folder = new TemporaryFolder();
        Assert.IsTrue(explaining.ExportOnnx(folder.File("saliency.onnx")).Passed);
        var pictures = x.Take([.. Enumerable.Range(Learned, Explained)]);
        using var onnx = OnnxModel.Load(folder.File("saliency.onnx"));
        var found = onnx.Run(pictures.ToTensor());
        var expected = explaining.PredictAll(pictures);
        for (var i = 1; i < 3; i++)
        {
            float[] engine = expected[i].ToArray();
            float[] file = [.. found[i].As<float>()];
            var difference = engine.Zip(file, (a, b) => MathF.Abs(a - b)).Max();
            var largest = engine.Max(MathF.Abs);
            var empty = engine.Chunk(engine.Length / Explained).Count(picture => picture.All(value => value == 0));
            Console.WriteLine(
                $"{(i == 1 ? "saliency" : "Grad-CAM")}: largest value {largest:G3}, largest difference {difference:0.0e+00}, {empty} of {Explained} are 0 "
                + "everywhere");
            Assert.IsLessThan(Explained * 3 / 4, empty);
            Assert.IsLessThanOrEqualTo(1e-5f * largest, difference);
        }

        // What moves the score lies on and around the ink, not in the empty margin.
        float[] moves = expected[1].ToArray();
        var (margin, all) = (0.0, 0.0);
        for (var i = 0; i < moves.Length; i++)
        {
            var (row, column) = (i / Side % Side, i % Side);
            all += Math.Abs(moves[i]);
            if (row is < 4 or > 23 || column is < 4 or > 23) margin += Math.Abs(moves[i]);
        }

        Console.WriteLine($"share of saliency in the margin: {margin / all:F3}; of the picture: {1 - (20.0 * 20 / Pixels):F3}");
        Assert.IsLessThan(1 - (20.0 * 20 / Pixels), margin / all);
    }

    /// <summary>
    /// Digits of seven segments near the middle, in noise. They differ by their shape: classes that differ by place alone leave Grad-CAM empty,
    /// because its mean gradient over all places is negative for a feature that speaks for one place and against all others.
    /// </summary>
    private static (float[] Pixels, long[] Labels) DrawnDigits(int count)
    {
        const int Height = 16, Width = 10, Stroke = 2;

        // Bits: top, upper left, upper right, middle, lower left, lower right, bottom.
        byte[] segments = [0b1110111, 0b0100100, 0b1011101, 0b1101101, 0b0101110, 0b1101011, 0b1111011, 0b0100101, 0b1111111, 0b1101111];
        (int Row, int Column, int Rows, int Columns)[] strokes =
        [
            (0, 0, Stroke, Width), (0, 0, Height / 2, Stroke), (0, Width - Stroke, Height / 2, Stroke), ((Height - Stroke) / 2, 0, Stroke, Width),
            (Height / 2, 0, Height / 2, Stroke), (Height / 2, Width - Stroke, Height / 2, Stroke), (Height - Stroke, 0, Stroke, Width),
        ];
        var random = new Random(1);
        var (pixels, labels) = (new float[count * Pixels], new long[count]);
        for (var i = 0; i < count; i++)
        {
            var picture = pixels.AsSpan(i * Pixels, Pixels);
            labels[i] = random.Next(10);
            var (top, left) = (5 + random.Next(3), 8 + random.Next(3));
            for (var s = 0; s < strokes.Length; s++)
            {
                if ((segments[labels[i]] >> s & 1) == 0) continue;
                var (row, column, rows, columns) = strokes[s];
                for (var r = 0; r < rows; r++) picture.Slice(((top + row + r) * Side) + left + column, columns).Fill(0.8f);
            }

            foreach (ref var pixel in picture) pixel += 0.2f * random.NextSingle();
        }

        return (pixels, labels);
    }
}
