using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Cli;

/// <summary>From NumPy arrays to a verified file, evaluation and prediction.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ArrayTests
{
    private const int Count = 40;

    [TestMethod]
    [DataRow("x", "y")]
    [DataRow("arr_0", "arr_1")]
    [DataRow("features", "labels")]
    public void Arrays_of_an_archive_are_told_by_usual_names(string x, string y)
    {
        using var folder = new TemporaryFolder();
        Save(folder.File("data.bin"), (x, [Count, 5]), (y, []));
        var result = Train(folder, "mlp", folder.File("data.bin"));
        Assert.AreEqual("0,1,2", string.Join(',', result["data"]!["classes"]!.AsArray().Select(name => (string)name!)));
        Assert.AreEqual(32, (int)result["trainingSamples"]!);
        var lines = CommandRun.Of("predict", folder.File("m.onnx"), "--data", folder.File("data.bin")).Succeeded().Output.Trim().Split(Environment.NewLine);
        Assert.HasCount(1 + Count, lines);
        StringAssert.EndsWith(lines[0], ",0,1,2");
    }

    [TestMethod]
    [DataRow("mlp", 1)]
    [DataRow("cnn", 1)]
    [DataRow("lstm", 2)]
    [DataRow("cnn", 3)]
    public void Networks_are_made_for_the_shape_of_the_samples(string network, int width)
    {
        using var folder = new TemporaryFolder();
        int[] shape = network == "mlp" ? [Count, 6] : width == 3 ? [Count, 7, 6, 3] : [Count, 7, 6];
        Save(folder.File("data.npz"), ("x_train", shape), ("y_train", []), ("x_test", shape), ("y_test", []));
        var result = Train(folder, network, folder.File("data.npz"));
        Assert.AreEqual(Count, (int)result["trainingSamples"]!);
        Assert.AreEqual(Count, (int)result["heldOutSamples"]!);
        Assert.AreEqual(Count, (int)CommandRun.Of("evaluate", folder.File("m.onnx"), "--data", folder.File("data.npz"), "--json").Json()["samples"]!);
    }

    [TestMethod]
    public void Arrays_of_several_inputs_and_outputs_have_their_names()
    {
        using var folder = new TemporaryFolder();
        var (title, body) = (Model.Input([3], name: "title"), Model.Input([4], name: "body"));
        var both = new Concatenate().Call(title, body);
        var outputs = new[] { new Dense(3, Activation.Softmax, name: "kind").Call(both), new Dense(1, name: "urgency").Call(both) };
        new Model(new[] { title, body }, outputs).Save(folder.File("model.keras"));
        Save(folder.File("data.npz"), ("body", [Count, 4]), ("kind", []), ("title", [Count, 3]), ("urgency", [Count, 1]));
        var result = Train(folder, folder.File("model.keras"), folder.File("data.npz"));
        Assert.AreEqual(
            "loss,kind_loss,urgency_loss,kind_accuracy,urgency_mean_absolute_error",
            string.Join(',', result["onnxRuntime"]!.AsObject().Select(entry => entry.Key)));
        Assert.IsNull(result["data"]);

        var predicted = CommandRun.Of("predict", folder.File("m.onnx"), "--data", folder.File("data.npz"), "--out", folder.File("p.npz"), "--json").Json();
        Assert.AreEqual(Count, (int)predicted["samples"]!);
        CollectionAssert.AreEqual(new[] { "kind", "urgency" }, Npz.ReadNames(folder.File("p.npz")).ToList());
        CommandRun.Of("evaluate", folder.File("m.onnx"), "--data", folder.File("data.npz")).Succeeded();

        Save(folder.File("less.npz"), ("body", [Count, 4]), ("kind", []), ("urgency", [Count, 1]));
        CommandRun.Of("train", folder.File("model.keras"), "--data", folder.File("less.npz"))
            .Refused("has no array 'title', but the model has 2 inputs: title, body. It has body, kind, urgency.");
        Save(folder.File("less.npz"), ("body", [Count, 4]), ("title", [Count, 3]), ("kind", []));
        CommandRun.Of("train", folder.File("model.keras"), "--data", folder.File("less.npz")).Refused("has no array 'urgency' for that output");
        CommandRun.Of("train", folder.File("model.keras"), "--data", SampleFiles.Houses(folder), "--target", "price").Refused("the model has 2 outputs");
    }

    [TestMethod]
    public void A_single_array_has_its_targets_in_another_file()
    {
        using var folder = new TemporaryFolder();
        Npy.Write(folder.File("x.npy"), Floats([Count, 5]));
        Npy.Write(folder.File("y.npy"), Labels());
        var run = CommandRun.Of(
            "train", "mlp", "--data", folder.File("x.npy"), "--target", folder.File("y.npy"), "--epochs", "1", "--out", folder.File("m.onnx"), "--json");
        Assert.HasCount(3, run.Json()["data"]!["classes"]!.AsArray());
        CommandRun.Of("predict", folder.File("m.onnx"), "--data", folder.File("x.npy"), "--json").Succeeded();
        CommandRun.Of("train", "mlp", "--data", folder.File("x.npy")).Refused("Name the .npy file of the targets with --target");
        CommandRun.Of("train", "mlp", "--data", folder.File("x.npy"), "--target", SampleFiles.Houses(folder)).Refused("is no .npy file");
    }

    [TestMethod]
    public void One_hot_targets_and_several_numbers_are_learned()
    {
        using var folder = new TemporaryFolder();
        var oneHot = Tensor.Create([.. Enumerable.Range(0, Count * 3).Select(i => i % 3 == i / 3 % 3 ? 1f : 0f)], [Count, 3]);
        Npz.Write(folder.File("hot.npz"), new Dictionary<string, Tensor<float>> { ["x"] = Floats([Count, 5]), ["y"] = oneHot });
        Assert.IsNotNull(Train(folder, "mlp", folder.File("hot.npz"))["engine"]!["accuracy"]);
        Npz.Write(folder.File("numbers.npz"), new Dictionary<string, Tensor<float>> { ["x"] = Floats([Count, 5]), ["y"] = Floats([Count, 2]) });
        var result = Train(folder, "mlp", folder.File("numbers.npz"));
        Assert.IsNotNull(result["engine"]!["mean_absolute_error"]);
        Assert.IsNull(result["data"]!["classes"]);
        StringAssert.StartsWith(CommandRun.Of("predict", folder.File("m.onnx"), "--data", folder.File("numbers.npz")).Succeeded().Output, "y_0,y_1");
    }

    [TestMethod]
    public void A_sigmoid_unit_learns_two_classes()
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([5]);
        var two = Tensor.Create([.. Enumerable.Range(0, Count).Select(i => i % 2f)], [Count]);
        Npz.Write(folder.File("x.npz"), new Dictionary<string, Tensor<float>> { ["x"] = Floats([Count, 5]), ["y"] = two });
        foreach (var activation in new[] { Activation.Sigmoid, Activation.Linear })
        {
            new Model(input, new Dense(1, activation, name: "likely").Call(input)).Save(folder.File("model.keras"));
            string[] task = activation == Activation.Linear ? ["--task", "classification"] : [];
            var result = Train(folder, folder.File("model.keras"), folder.File("x.npz"), task);
            Assert.IsNotNull(result["onnxRuntime"]!["accuracy"], result.ToJsonString());
        }
    }

    [TestMethod]
    public void Bad_arrays_are_told()
    {
        using var folder = new TemporaryFolder();
        var data = folder.File("data.npz");
        Save(data, ("a", [Count, 2]), ("b", [Count, 2]), ("c", [Count, 2]));
        Refused("Call the samples x and the targets y, or name the targets with --target.");
        Refused("has no array 'd', which --target names. It has a, b, c.", "--target", "d");
        Save(data, ("x", [Count, 2]));
        Refused("has the arrays x. Call the targets y, or name them with --target.");
        Save(data, ("x", [Count + 1, 2]), ("y", []));
        Refused("has 41 samples for input 'x' but 40 for target 'y'. Save as many of each.");
        Save(data, ("x", [0, 2]), ("y", []));
        Refused("has no samples for input 'x'");
        Npz.Write(data, new Dictionary<string, Tensor<float>> { ["x"] = Floats([2, 2]), ["y"] = Tensor.Create([1f, float.NaN], [2]) });
        Refused("The targets 'y' hold NaN at element 1; expected finite numbers.");
        Npz.Write(data, new Dictionary<string, Tensor<float>> { ["x"] = Tensor.Create([1f, float.NaN], [2, 1]), ["y"] = Floats([2, 1]) });
        Refused("holds NaN");
        Npz.Write(data, new Dictionary<string, Tensor<long>> { ["x"] = Tensor.Create([1L, 2], [2, 1]), ["y"] = Tensor.Create([-1L, 0], [2]) });
        Refused("The targets 'y' hold -1 in sample 1; expected class indices from 0", "--task", "classification");
        Save(data, ("x", [Count, 2]), ("y", []));
        Assert.IsTrue(File.Exists(data));
        CommandRun.Of("train", "cnn", "--data", data, "--out", folder.File("m.onnx")).Refused("cnn takes images");
        CommandRun.Of("train", "lstm", "--data", data, "--out", folder.File("m.onnx")).Refused("lstm takes sequences");
        File.WriteAllBytes(data, File.ReadAllBytes(data)[..200]);
        Refused("damaged");
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));

        void Refused(string expected, params string[] more) =>
            CommandRun.Of(["train", "mlp", "--data", data, "--epochs", "1", "--out", folder.File("m.onnx"), .. more]).Refused(expected);
    }

    private static System.Text.Json.Nodes.JsonObject Train(TemporaryFolder folder, string model, string data, params string[] more) =>
        CommandRun.Of(["train", model, "--data", data, "--epochs", "1", "--out", folder.File("m.onnx"), "--json", .. more]).Json();

    /// <summary>An archive of arrays of noise; a shape without dimensions stands for 40 labels of three classes.</summary>
    private static void Save(string path, params (string Name, int[] Shape)[] arrays)
    {
        // Types differ between the arrays of an archive, but Write takes one: whole numbers are written as integers by a second archive.
        using var stream = new FileStream(path, FileMode.Create);
        using var archive = new System.IO.Compression.ZipArchive(stream, System.IO.Compression.ZipArchiveMode.Create);
        using var folder = new TemporaryFolder();
        foreach (var (name, shape) in arrays)
        {
            var file = folder.File("a.npy");
            if (shape.Length == 0) Npy.Write(file, Labels());
            else Npy.Write(file, Floats(shape));
            using var entry = archive.CreateEntry(name + ".npy").Open();
            entry.Write(File.ReadAllBytes(file));
        }
    }

    private static Tensor<long> Labels() => Tensor.Create([.. Enumerable.Range(0, Count).Select(i => (long)(i % 3))], [Count]);

    private static Tensor<float> Floats(int[] shape)
    {
        var random = new Random(shape.Length);
        var count = shape.Aggregate(1, (product, dim) => product * dim);
        return Tensor.Create([.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 10) - 3)], [.. shape.Select(dim => (nint)dim)]);
    }
}
