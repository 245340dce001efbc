using System.IO.Compression;
using OnnxFunctional.Tests.Parity;

namespace OnnxFunctional.Tests.Cli;

/// <summary>What cannot be read or written ends with a sentence on standard error, exit code 1 and an empty folder.</summary>
[TestClass]
[DoNotParallelize]
public sealed class BadInputTests
{
    private const int Side = 28;

    [TestMethod]
    [DataRow("missing/model.onnx", "does not exist", DisplayName = "missing folder")]
    [DataRow("folder", "it is a folder", DisplayName = "a folder")]
    [DataRow("file/model.onnx", "is a file, not a folder", DisplayName = "a file as folder")]
    [DataRow("", "is empty", DisplayName = "an empty name")]
    public void Output_that_cannot_be_written_is_named_before_training(string name, string expected)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("folder"));
        File.WriteAllText(folder.File("file"), "");
        var target = name.Length == 0 ? "" : folder.File(name);
        foreach (var run in new[]
        {
            CommandRun.Of("quickstart", "--out", target),
            CommandRun.Of("train", "mlp", "--data", folder.Path, "--out", target),
            CommandRun.Of("predict", "model.onnx", "--data", folder.Path, "--out", target),
        })
        {
            run.Refused(expected);
            Assert.AreEqual("", run.Output);
        }

        Assert.HasCount(2, Directory.GetFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_read_only_folder_is_named_before_training()
    {
        // Permissions do not apply to the superuser, but nobody can create files in this folder.
        var run = CommandRun.Of("quickstart", "--out", "/proc/self/digits.onnx");
        run.Refused("read-only");
        Assert.AreEqual("", run.Output);
    }

    [TestMethod]
    [DataRow("verify")]
    [DataRow("summary")]
    [DataRow("convert")]
    [DataRow("prune")]
    [DataRow("bench")]
    public void Files_that_hold_something_else_are_reported(string command)
    {
        using var folder = new TemporaryFolder();
        var random = new byte[4000];
        new Random(1).NextBytes(random);
        File.WriteAllBytes(folder.File("random"), random);
        File.WriteAllBytes(folder.File("empty"), []);
        File.WriteAllText(folder.File("text"), "not a model");
        var keras = File.ReadAllBytes(ParityFolder.PathOf("models/mlp.keras"));
        File.WriteAllBytes(folder.File("cut"), keras[..(keras.Length / 2)]);
        if (command is "verify") File.WriteAllBytes(folder.File("keras"), keras);
        var files = Directory.GetFiles(folder.Path).Order().ToList();
        foreach (var file in files.Append(folder.File("missing")).Append(folder.Path))
        {
            var run = command is "convert" or "prune" ? CommandRun.Of(command, file, folder.File("model.onnx")) : CommandRun.Of(command, file);
            run.Refused(" ");
            Assert.IsGreaterThan(20, run.Error.Trim().Length, run.Error);
        }

        CollectionAssert.AreEqual(files, Directory.GetFileSystemEntries(folder.Path).Order().ToList());
    }

    [TestMethod]
    public void Converting_a_file_onto_itself_leaves_it()
    {
        using var folder = new TemporaryFolder();
        File.Copy(ParityFolder.PathOf("models/mlp.keras"), folder.File("model.keras"));
        CommandRun.Of("convert", folder.File("model.keras"), folder.File("model.keras")).Refused("Source and target are both");
        CommandRun.Of("convert", folder.File("model.keras"), folder.File("model.onnx"), "--opset", "99").Misused("--opset is 99");
        CollectionAssert.AreEqual(File.ReadAllBytes(ParityFolder.PathOf("models/mlp.keras")), File.ReadAllBytes(folder.File("model.keras")));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    [DataRow("none", "There is no file or folder", DisplayName = "no folder")]
    [DataRow("empty", "has no subfolders", DisplayName = "no files")]
    [DataRow("no images", "neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz", DisplayName = "no images")]
    [DataRow("two", "several idx files of training images", DisplayName = "two files of images")]
    [DataRow("cut", "was cut off", DisplayName = "cut file")]
    [DataRow("cut gzip", "was cut off", DisplayName = "cut gzip file")]
    [DataRow("no gzip", "expected 0x00000803", DisplayName = "text instead of images")]
    [DataRow("labels as images", "it holds labels. Pass the file of images", DisplayName = "labels as images")]
    [DataRow("fewer labels", "30 images but 29 labels", DisplayName = "fewer labels than images")]
    [DataRow("size", "images of 28 x 28 pixels", DisplayName = "held-out images of another size")]
    public void Bad_files_of_Mnist_are_reported(string problem, string expected)
    {
        using var data = new TemporaryFolder();
        using var output = new TemporaryFolder();
        var (images, labels) = (data.File("train-images-idx3-ubyte"), data.File("train-labels-idx1-ubyte"));
        if (problem is not ("none" or "empty")) WriteMnist(data);
        switch (problem)
        {
            case "cut":
                File.WriteAllBytes(images, File.ReadAllBytes(images)[..5000]);
                break;
            case "cut gzip":
                using (var stream = new MemoryStream())
                {
                    using (var packer = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)) packer.Write(File.ReadAllBytes(images));
                    File.WriteAllBytes(images + ".gz", stream.ToArray()[..(int)(stream.Length / 2)]);
                    File.Delete(images);
                }

                break;
            case "no gzip":
                File.WriteAllText(images, new string('x', 1000));
                break;
            case "labels as images":
                File.Copy(labels, images, overwrite: true);
                break;
            case "fewer labels":
                File.WriteAllBytes(labels, IdxBytes.Of([29], new byte[29]));
                break;
            case "size":
                File.WriteAllBytes(images, IdxBytes.Of([30, Side - 1, Side], new byte[30 * (Side - 1) * Side]));
                break;
            case "no images":
                File.Delete(images);
                break;
            case "two":
                File.Copy(images, data.File("train2-images-idx3-ubyte"));
                break;
        }

        var folder = problem == "none" ? data.File("none") : data.Path;
        CommandRun.Of("train", "mlp", "--data", folder, "--epochs", "1", "--out", output.File("mnist.onnx")).Refused(expected);
        Assert.IsEmpty(Directory.GetFileSystemEntries(output.Path));
    }

    [TestMethod]
    [DataRow("mlp")]
    [DataRow("cnn")]
    [DataRow("lstm")]
    public void Mnist_files_that_are_right_train_each_network(string network)
    {
        using var data = new TemporaryFolder();
        WriteMnist(data);
        string[] train = ["train", network, "--data", data.Path, "--epochs", "1", "--out", data.File("mnist.onnx"), "--json"];
        var result = CommandRun.Of(train).Json();
        Assert.AreEqual(30, (int)result["heldOutSamples"]!);
        Assert.AreEqual(10, result["data"]!["classes"]!.AsArray().Count);

        // By the bytes, whatever the names are; one file of images, and its labels beside it.
        File.Move(data.File("t10k-images-idx3-ubyte"), data.File("test.csv"));
        var scores = CommandRun.Of(
            "evaluate", data.File("mnist.onnx"), "--data", data.File("test.csv"), "--target", data.File("t10k-labels-idx1-ubyte"), "--json").Json()["scores"]!;
        Assert.AreEqual((double)result["onnxRuntime"]!["accuracy"]!, (double)scores["accuracy"]!);
        var table = CommandRun.Of("predict", data.File("mnist.onnx"), "--data", data.File("test.csv")).Succeeded().Output;
        Assert.HasCount(1 + 30, table.TrimEnd().Split('\n'));
    }

    private static void WriteMnist(TemporaryFolder folder)
    {
        var pixels = new byte[30 * Side * Side];
        new Random(2).NextBytes(pixels);
        byte[] labels = [.. Enumerable.Range(0, 30).Select(i => (byte)(i % 10))];
        foreach (var part in new[] { "train", "t10k" })
        {
            File.WriteAllBytes(folder.File(part + "-images-idx3-ubyte"), IdxBytes.Of([30, Side, Side], pixels));
            File.WriteAllBytes(folder.File(part + "-labels-idx1-ubyte"), IdxBytes.Of([30], labels));
        }
    }
}
