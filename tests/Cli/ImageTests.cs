using OnnxFunctional.Export;

namespace OnnxFunctional.Tests.Cli;

/// <summary>From a folder of images to a verified file, evaluation and prediction.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ImageTests
{
    [TestMethod]
    [DataRow("cnn", 3)]
    [DataRow("mlp", 1)]
    public void Folders_are_classes(string network, int channels)
    {
        using var folder = new TemporaryFolder();
        var (data, model) = (SampleFiles.Photos(folder), folder.File("m.onnx"));
        string[] colors = channels == 1 ? ["--grayscale"] : [];
        string[] fit = ["--epochs", "10", "--batch-size", "4", "--out", model, "--json"];
        var result = CommandRun.Of(["train", network, "--data", data, "--image-size", "9x8", .. fit, .. colors]).Json();
        Assert.AreEqual("""["bright","dark"]""", result["data"]!["classes"]!.ToJsonString());
        Assert.AreEqual(1, (double)result["onnxRuntime"]!["accuracy"]!);
        using (var onnx = OnnxModel.Load(model)) Assert.AreEqual($"image: float[batch, 9, 8, {channels}]", onnx.Inputs[0].ToString());

        Assert.AreEqual(24, (int)CommandRun.Of("evaluate", model, "--data", data, "--json").Json()["samples"]!);

        // Images of any folder, and a single one, whatever its name is.
        var lines = CommandRun.Of("predict", model, "--data", data).Succeeded().Output.Trim().Split(Environment.NewLine);
        Assert.AreEqual("file,class,bright,dark", lines[0]);
        StringAssert.StartsWith(lines[1], Path.Combine("bright", "00.png") + ",bright,");
        StringAssert.StartsWith(lines[^1], Path.Combine("dark", "11.png") + ",dark,");
        File.Copy(Path.Combine(data, "dark", "00.png"), folder.File("photo.csv"));
        StringAssert.Contains(CommandRun.Of("predict", model, "--data", folder.File("photo.csv")).Succeeded().Output, "photo.csv,dark,");
    }

    [TestMethod]
    public void Folders_called_train_and_test_are_parts()
    {
        using var folder = new TemporaryFolder();
        SampleFiles.Photos(folder, Path.Combine("data", "train"), 4);
        SampleFiles.Photos(folder, Path.Combine("data", "test"), 3);
        string[] train = ["train", "cnn", "--data", folder.File("data"), "--image-size", "8", "--epochs", "1", "--out", folder.File("m.onnx"), "--json"];
        var result = CommandRun.Of(train).Json();
        Assert.AreEqual("8, 6", $"{result["trainingSamples"]}, {result["heldOutSamples"]}");
        result = CommandRun.Of([.. train, "--validation-data", folder.File(Path.Combine("data", "train"))]).Json();
        Assert.AreEqual("8, 8", $"{result["trainingSamples"]}, {result["heldOutSamples"]}");
    }

    [TestMethod]
    public void Bad_folders_are_told()
    {
        using var folder = new TemporaryFolder();
        var data = SampleFiles.Photos(folder, perClass: 2);
        Directory.CreateDirectory(folder.File("empty"));
        Refused(folder.File("empty"), "has no subfolders; expected one per class");
        Refused(Path.Combine(data, "dark", "00.png"), "is a single image; expected a folder");
        File.WriteAllText(Path.Combine(data, "dark", "00.png"), "no image");
        Refused(data, "is not a PNG or JPEG image");
        Directory.Delete(Path.Combine(data, "dark"), recursive: true);
        Refused(data, "has one class only, the subfolder 'bright'");
        File.WriteAllBytes(folder.File("model.data"), [1, 2, 0, 3]);
        Refused(folder.File("model.data"), "is of no kind that is read; expected a CSV or TSV table");

        void Refused(string path, string expected) =>
            CommandRun.Of("train", "cnn", "--data", path, "--image-size", "8", "--epochs", "1", "--out", folder.File("m.onnx")).Refused(expected);
    }
}
