using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Serving;

/// <summary>Files whose inputs have other forms than the model's: the same numbers from the host's data.</summary>
[TestClass]
public sealed class ServedInputTests
{
    private static readonly Dictionary<string, int> s_one = new() { ["batch"] = 1 };

    [TestMethod]
    public void Images_channels_first_need_no_transpose_and_give_the_same()
    {
        var model = Network();
        using var folder = new TemporaryFolder();
        var report = model.ExportOnnx(folder.File("m.onnx"), new() { ChannelsFirst = true });
        Assert.IsTrue(report.Passed);
        Assert.AreEqual(0, report.Graph!.Transposes);
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        Assert.AreEqual("float[batch, 3, 6, 8]", Shown(onnx.Inputs[0]));
        var x = EmittedRun.Random(2, 6, 8, 3);
        Near.Equal(EmittedRun.Data(model.Predict(x)), EmittedRun.Data(onnx.Predict(Turned(x))), 1e-5f, "scores");
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Bytes_are_scaled_and_normalized_in_the_file(bool channelsFirst)
    {
        var model = Network();
        using var folder = new TemporaryFolder();
        var images = new ImageInput { Mean = [0.5, 0.4, 0.3], StandardDeviation = [0.2, 0.25, 0.5] };
        Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), new() { Images = images, ChannelsFirst = channelsFirst }).Passed);
        var bytes = Bytes(6, 8);
        var numbers = bytes.Select((value, i) => ((value / 255f) - (0.5f - (0.1f * (i % 3)))) / (new[] { 0.2f, 0.25f, 0.5f })[i % 3]).ToArray();
        var expected = EmittedRun.Data(model.Predict(Tensor.Create(numbers, [1, 6, 8, 3])));
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        Assert.AreEqual(typeof(byte), onnx.Inputs[0].ElementType);
        var given = Tensor.Create(bytes, [1, 6, 8, 3]);
        var results = onnx.Run(new Dictionary<string, OnnxValue> { ["image"] = channelsFirst ? Turned(given) : given });
        Near.Equal(expected, EmittedRun.Floats(results.Values.Single()), 1e-4f, "scores");
    }

    [TestMethod]
    public void Images_of_any_size_are_resized_in_the_file()
    {
        var model = Network();
        using var folder = new TemporaryFolder();
        var report = model.ExportOnnx(folder.File("m.onnx"), new() { Images = new ImageInput { Resize = true, Scale = 1 } });
        Assert.IsTrue(report.Passed);
        Assert.AreEqual(1, report.Graph!.Nodes["Resize"]);
        var bytes = Bytes(12, 16);
        var x = Model.Input([12, 16, 3]);
        var resized = new Model(x, new Resizing(6, 8).Call(x)).Predict(Tensor.Create(Array.ConvertAll(bytes, value => (float)value), [1, 12, 16, 3]));
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        var given = new Dictionary<string, OnnxValue> { ["image"] = Tensor.Create(bytes, [1, 12, 16, 3]) };
        Near.Equal(EmittedRun.Data(model.Predict(resized)), EmittedRun.Floats(onnx.Run(given).Values.Single()), 1e-4f, "scores");

        // A host with one camera.
        var sizes = new Dictionary<string, int> { ["batch"] = 1, ["image_axis1"] = 24, ["image_axis2"] = 16 };
        model.ExportOnnx(folder.File("fixed.onnx"), new() { Images = new ImageInput { Resize = true, Scale = 1 }, Sizes = sizes });
        using var camera = OnnxModel.Load(folder.File("fixed.onnx"));
        Assert.AreEqual("byte[1, 24, 16, 3]", Shown(camera.Inputs[0]));
    }

    [TestMethod]
    public void Sizes_are_fixed_by_their_names()
    {
        var text = Model.Input([null], DType.Int64, name: "text");
        var model = new Model(text, text.Apply(new Embedding(9, 4), new Lstm(3, returnSequences: true), new Dense(2, name: "tags")));
        using var folder = new TemporaryFolder();
        Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), new() { Sizes = new Dictionary<string, int> { ["batch"] = 2, ["text_axis1"] = 5 } }).Passed);
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        Assert.AreEqual("long[2, 5]", Shown(onnx.Inputs[0]));
        Assert.AreEqual("float[2, 5, 2]", Shown(onnx.Outputs[0]));
        Assert.IsTrue(model.ExportOnnx(folder.File("n.onnx"), new() { BatchName = "n", Sizes = new Dictionary<string, int> { ["n"] = 4 } }).Passed);
        using var four = OnnxModel.Load(folder.File("n.onnx"));
        Assert.AreEqual("long[4, text_axis1]", Shown(four.Inputs[0]));
    }

    [TestMethod]
    public void Samples_of_the_files_form_are_verified_too()
    {
        using var folder = new TemporaryFolder();
        var options = new ExportOptions { Images = new ImageInput(), Samples = [Tensor.Create(Bytes(6, 8), [1, 6, 8, 3])] };
        Assert.IsTrue(Network().ExportOnnx(folder.File("m.onnx"), options).Passed);
        var misfit = options with { Samples = [Tensor.Create(Bytes(8, 6), [1, 8, 6, 3])] };
        var error = Assert.ThrowsExactly<ExportException>(() => Network().ExportOnnx(folder.File("m.onnx"), misfit));
        StringAssert.Contains(error.Message, "input 'image' of the file takes (None, 6, 8, 3), but the data is (1, 8, 6, 3)");
    }

    [TestMethod]
    public void All_that_does_not_fit_is_in_one_message()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([4], name: "numbers");
        var model = new Model(x, new Dense(2, name: "dense").Call(x), name: "net");
        var error = Assert.ThrowsExactly<ExportException>(() => model.ExportOnnx(folder.File("m.onnx"), new()
        {
            ChannelsFirst = true,
            Images = new ImageInput(),
            Sizes = new Dictionary<string, int> { ["batch"] = 0, ["time"] = 3 },
            RecurrentStates = true,
            Logits = true,
            ExtraOutputs = ["densse"],
            Classes = new ClassOutput { Labels = ["a"], AsText = true },
        })).Message;
        StringAssert.StartsWith(error, "'net' has no file of the form that ExportOptions ask for:");
        foreach (var part in (string[])
        [
            "ExportOptions.ChannelsFirst: no input has axes of images; the model takes 'numbers' (None, 4).",
            "ExportOptions.Images: no input takes images of a known number of channels as float32",
            "ExportOptions.Sizes names 'time'; expected names of open dimensions: batch.",
            "ExportOptions.Sizes['batch'] is 0; expected 1 or more.",
            "ExportOptions.RecurrentStates: no LSTM, GRU or SimpleRNN begins with zeros",
            "ExportOptions.Logits: no output ends in softmax or sigmoid; leave it out.",
            "ExportOptions.ExtraOutputs: there is no layer 'densse'; the model has dense.",
            "ClassOutput.Labels has 1 names for 2 classes; give as many.",
        ]) StringAssert.Contains(error, part);
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void Numbers_of_images_out_of_range_are_refused()
    {
        using var folder = new TemporaryFolder();
        var images = new ImageInput { Scale = double.NaN, Mean = [1, 2], StandardDeviation = [0, 1, 1] };
        var error = Assert.ThrowsExactly<ExportException>(() => Network().ExportOnnx(folder.File("m.onnx"), new() { Images = images })).Message;
        StringAssert.Contains(error, "ImageInput.Scale is NaN; expected a finite number other than 0.");
        StringAssert.Contains(error, "ImageInput.Mean has 2 numbers, and the images have 3 channels; give one number, or one for each.");
        StringAssert.Contains(error, "ImageInput.StandardDeviation has a number of 0 or less");
    }

    [TestMethod]
    public void Sizes_that_no_layer_takes_are_refused_with_the_layers_words()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([null, 3], name: "x");
        var model = new Model(x, new Conv1D(2, 5).Call(x));
        var error = Assert.ThrowsExactly<ExportException>(
            () => model.ExportOnnx(folder.File("m.onnx"), new() { Sizes = new Dictionary<string, int> { ["x_axis1"] = 3 } })).Message;
        StringAssert.Contains(error, "the sizes of ExportOptions.Sizes do not fit the model: ");
    }

    [TestMethod]
    public void A_file_of_another_form_says_why_it_holds_no_layers_and_is_opened_as_nodes()
    {
        using var folder = new TemporaryFolder();
        var report = Network().ExportOnnx(folder.File("m.onnx"), new() { Sizes = s_one });
        StringAssert.Contains(report.ToString(), "its export asked for other inputs, outputs or operators than the model has");
        StringAssert.Contains(Assert.ThrowsExactly<OnnxFileException>(() => Model.Load(folder.File("m.onnx"))).Message, "asked for other inputs");
        Assert.IsTrue(OnnxFile.Verify(folder.File("m.onnx")).Passed);
    }

    private static Model Network()
    {
        var image = Model.Input([6, 8, 3], name: "image");
        var scores = image.Apply(new Conv2D(4, 3, activation: Activation.Relu), new GlobalAveragePooling2D(), new Dense(3, Activation.Softmax));
        return new Model(image, scores, seed: 2);
    }

    private static byte[] Bytes(int height, int width) => [.. Enumerable.Range(0, height * width * 3).Select(i => (byte)((i * 37) + (i / 11)))];

    private static Tensor<T> Turned<T>(Tensor<T> images) => Tensor.PermuteDimensions(images, [0, 3, 1, 2]).ToDenseTensor();

    private static string Shown(OnnxTensorInfo info) => info.ToString()[(info.Name.Length + 2)..];
}
