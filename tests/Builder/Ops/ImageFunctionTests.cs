using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Builder;

/// <summary>Functions of images: the numbers of their layers, gradients, and the same model from a file of Keras and in ONNX Runtime.</summary>
[TestClass]
public sealed class ImageFunctionTests
{
    private static readonly Interpolation[] s_interpolations = Enum.GetValues<Interpolation>();

    private static readonly (bool Antialias, bool Crop, bool Pad)[] s_options =
        [(false, false, false), (true, false, false), (false, true, false), (true, false, true)];

    [TestMethod]
    [DataRow(5, 7, 3, 17)]
    [DataRow(17, 3, 7, 1)]
    [DataRow(1, 1, 3, 7)]
    public void Resizing_is_that_of_the_layer_for_every_option_and_again_when_it_was_written(int high, int wide, int newHigh, int newWide)
    {
        var image = Model.Input([high, wide, 3]);
        var (functions, layers) = (new List<SymbolicTensor>(), new List<SymbolicTensor>());
        foreach (var interpolation in s_interpolations)
        {
            foreach (var (antialias, crop, pad) in s_options)
            {
                functions.Add(Ops.Resize(image, (newHigh, newWide), interpolation, antialias, crop, pad, 0.5));
                layers.Add(new Resizing(newHigh, newWide, interpolation, crop, pad, 0.5, antialias).Call(image));
            }
        }

        var x = NDArray.Create(Values(2 * high * wide * 3), Shape.Of(2, high, wide, 3));
        var expected = new Model(image, layers.ToArray()).PredictAll(x);
        var model = new Model(image, functions.ToArray());
        AreEqual(expected, model.PredictAll(x));
        var again = Model.FromJson(model.ToJson());
        AreEqual(expected, again.PredictAll(x));
        Assert.AreEqual(model.ToJson(), again.ToJson());
        using var folder = new TemporaryFolder();
        Assert.IsTrue(model.ExportOnnx(folder.File("resized.onnx")).IsVerified);
    }

    [TestMethod]
    public void A_resized_image_has_the_gradient_of_differences()
    {
        using var pool = new WorkerPool(1);
        foreach (var interpolation in s_interpolations)
        {
            var row = new OpCase(interpolation.ToString(), new Operators.Identity(), new OpInput([2, 7, 3, 2]))
            {
                Build = x => Ops.Resize(x[0], (3, 5), interpolation, antialias: true, padToAspectRatio: true),
            };
            new DifferenceCheck(pool, [row.Inputs[0].Fill(new Random(3))], 5).Run(row, training: false);
        }
    }

    [TestMethod]
    public void One_image_has_no_batch_and_integers_stay_integers()
    {
        var x = OpRun.Input([3, 7, 1], DType.Int32);
        var y = Ops.Resize(x, (3, 3), Interpolation.Area);
        Assert.AreEqual(DType.Int32, y.DType);
        using var pool = new WorkerPool(1);
        double[] values = [.. Enumerable.Range(0, 21).Select(i => (double)(i % 7))];

        // 7 / 3 columns: (0 + 1 + 2 / 3) / (7 / 3) is 0.714, (2 * 2 / 3 + 3 + 4 * 2 / 3) / (7 / 3) is 3, (4 / 3 + 5 + 6) / (7 / 3) is 5.29.
        CollectionAssert.AreEqual((double[])[0, 3, 5, 0, 3, 5, 0, 3, 5], OpRun.Of([x], [y]).Run(pool, [values])[0]);
        Assert.AreEqual(Shape.Of(1, 1, 1), Ops.Resize(x, 1).Shape);
    }

    [TestMethod]
    public void Parts_of_images_are_given_by_two_numbers_of_each_axis()
    {
        var x = OpRun.Input([5, 7, 1]);
        using var pool = new WorkerPool(1);
        double[] values = [.. Enumerable.Range(0, 35).Select(i => (double)i)];
        SymbolicTensor[] results =
        [
            Ops.CropImages(x, topCropping: 1, bottomCropping: 3, leftCropping: 2, targetWidth: 3),
            Ops.CropImages(x, bottomCropping: 3, targetHeight: 1, rightCropping: 2, targetWidth: 3),
            Ops.Sum(Ops.PadImages(x, topPadding: 1, targetHeight: 7, rightPadding: 2, targetWidth: 17), 1),
            Ops.ExtractPatches(x, (2, 3), strides: (3, 4)),
        ];
        var outputs = OpRun.Of([x], results).Run(pool, [values]);
        CollectionAssert.AreEqual((double[])[9, 10, 11], outputs[0]);
        CollectionAssert.AreEqual((double[])[9, 10, 11], outputs[1]);
        CollectionAssert.AreEqual((double[])[0, 21, 70, 119, 168, 217, 0], outputs[2]);
        CollectionAssert.AreEqual((double[])[0, 1, 2, 7, 8, 9, 4, 5, 6, 11, 12, 13, 21, 22, 23, 28, 29, 30, 25, 26, 27, 32, 33, 34], outputs[3]);
    }

    [TestMethod]
    public void Colors_come_back_from_hue_saturation_and_value()
    {
        var x = OpRun.Input([3, 17, 3]);
        using var pool = new WorkerPool(1);
        double[] values = [.. Values(3 * 17 * 3).Select(value => (double)value)];
        var outputs = OpRun.Of([x], [Ops.HsvToRgb(Ops.RgbToHsv(x)), Ops.RgbToGrayscale(x)]).Run(pool, [values]);
        for (var i = 0; i < values.Length; i++) Assert.AreEqual(values[i], outputs[0][i], 1e-6);
        for (var i = 0; i < outputs[1].Length; i++)
            Assert.AreEqual((0.2989 * values[3 * i]) + (0.587 * values[(3 * i) + 1]) + (0.114 * values[(3 * i) + 2]), outputs[1][i], 1e-6);
    }

    [TestMethod]
    public void What_does_not_fit_is_told_with_the_option()
    {
        var (image, open) = (Model.Input([5, 7, 3]), Model.Input([null, 7, 3]));
        Refuses(() => Ops.Resize(image, (0, 3)), "size is (0, 3)");
        Refuses(() => Ops.Resize(image, default), "size is empty");
        Refuses(() => Ops.Resize(Model.Input([5]), 3), "(height, width, channels) or a batch of them");
        Refuses(() => Ops.Resize(image, 3, cropToAspectRatio: true, padToAspectRatio: true), "both set");
        Refuses(() => Ops.Resize(image, 3, fillValue: double.NaN), "fillValue is NaN");
        Refuses(() => Ops.Resize(open, 3, antialias: true), "needs to know the height");
        Refuses(() => Ops.CropImages(image, topCropping: 1, leftCropping: 1, rightCropping: 1), "bottomCropping and targetHeight, two must be given");
        Refuses(() => Ops.CropImages(image, 1, 1, 1, 1, 3), "two must be given");
        Refuses(() => Ops.CropImages(image, 1, 1, targetHeight: 5, targetWidth: 5), "borders of 1 and -1");
        Refuses(() => Ops.PadImages(image, 1, 1, targetHeight: 3, targetWidth: 8), "borders of 1 and -3");
        Refuses(() => Ops.PadImages(open, 1, 1, targetHeight: 8, targetWidth: 8), "axis 1, which is unknown");
        Refuses(() => Ops.RgbToHsv(Model.Input([5, 7, 2])), "3 channels");
        Refuses(() => Ops.ExtractPatches(image, IntValues.Create([2, 2, 2])), "size has 3 values");
        Assert.AreEqual("(None, 3, 3, 3)", Ops.Resize(open, 3).Shape.ToString());
    }

    private static void AreEqual(IReadOnlyList<NDArray> expected, IReadOnlyList<NDArray> actual)
    {
        Assert.HasCount(expected.Count, actual);
        for (var i = 0; i < expected.Count; i++) CollectionAssert.AreEqual(expected[i].ToArray(), actual[i].ToArray(), $"output {i}");
    }

    private static void Refuses(Func<object> call, string part) => Assert.Contains(part, Assert.ThrowsExactly<ModelException>(call).Message);

    private static float[] Values(int count) => [.. Enumerable.Range(0, count).Select(i => (i * 7 % 17 * 0.055f) + (i % 3 * 0.01f))];
}
