using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Export.Files;

/// <summary>Whatever writes a file leaves devices, pipes, sockets and folders as they are, and follows links.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux | OperatingSystems.OSX)]
public sealed class WriterTests
{
    private static readonly ExportOptions s_quick = new() { Verify = false };

    private static readonly (string Name, Action<string> Write)[] s_writers =
    [
        ("AtomicFile", path => AtomicFile.Write(path, new byte[] { 1 })),
        ("CheckWritable", OnnxFile.CheckWritable),
        ("ExportOnnx", path => Small().ExportOnnx(path, s_quick)),
        ("Trainer.Save", path => Small().Compile(new Sgd(0.1), Loss.MeanSquaredError).Save(path, s_quick)),
        ("SaveWeights", path => Small().SaveWeights(path)),
        ("Npy.Write", path => Npy.Write(path, Tensor.Create<float>([1, 2], [2]))),
        ("Npz.Write", path => Npz.Write(path, new Dictionary<string, Tensor<float>> { ["x"] = Tensor.Create<float>([1, 2], [2]) })),
        ("ModelCheckpoint", path => Fit(new ModelCheckpoint(path))),
        ("BackupAndRestore", path => Fit(new BackupAndRestore(path, restores: false))),
        ("BackupAndRestore that restores", path => Fit(new BackupAndRestore(path))),
    ];

    public static IEnumerable<object[]> Writers => s_writers.Select(writer => new object[] { writer.Name });

    [TestMethod]
    [DynamicData(nameof(Writers))]
    [Timeout(60_000)]
    public void A_pipe_stays_a_pipe(string name) => Stays(name, Nodes.Pipe);

    [TestMethod]
    [DynamicData(nameof(Writers))]
    [Timeout(60_000)]
    public void A_device_stays_a_device(string name) => Stays(name, Nodes.Device);

    [TestMethod]
    [DynamicData(nameof(Writers))]
    [Timeout(60_000)]
    public void A_socket_stays_a_socket(string name) => Stays(name, Nodes.Socket);

    [TestMethod]
    [DynamicData(nameof(Writers))]
    public void A_folder_stays_a_folder(string name)
    {
        using var folder = new TemporaryFolder();
        var inner = Directory.CreateDirectory(folder.File("inner")).FullName;
        File.WriteAllText(Path.Combine(inner, "kept"), "");
        Refused(name, inner, "folder");
        Assert.IsTrue(File.Exists(Path.Combine(inner, "kept")));
    }

    [TestMethod]
    [DynamicData(nameof(Writers))]
    public void An_empty_file_is_replaced_behind_its_link(string name)
    {
        using var folder = new TemporaryFolder();
        var (link, target) = (folder.File("link.onnx"), folder.File("target.onnx"));
        File.WriteAllBytes(target, []);
        File.CreateSymbolicLink(link, target);
        if (name == "BackupAndRestore that restores") File.Delete(target);
        Write(name, link);
        Assert.AreEqual(target, new FileInfo(link).LinkTarget);

        // A backup is deleted when training is completed: the file, not the link.
        if (name.StartsWith("BackupAndRestore", StringComparison.Ordinal)) Assert.IsFalse(File.Exists(target));
        else if (name != "CheckWritable") Assert.IsGreaterThan(0, new FileInfo(target).Length);
        var left = Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Except(["link.onnx", "target.onnx"]);
        Assert.IsEmpty(left);
    }

    private static void Stays(string name, Func<TemporaryFolder, string> make)
    {
        using var folder = new TemporaryFolder();
        var node = make(folder);
        var link = folder.File("link");
        File.CreateSymbolicLink(link, node);
        var before = Described(folder);
        Refused(name, node, "not a regular file");
        Refused(name, link, "not a regular file");
        CollectionAssert.AreEqual(before, Described(folder));
    }

    /// <summary>Names and kinds, as <c>ls</c> shows them.</summary>
    private static string[] Described(TemporaryFolder folder)
    {
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("ls", ["-lnA", folder.Path]) { RedirectStandardOutput = true })!;
        var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..];
        return [.. lines.Select(line => line[0] + " " + line.Split(' ')[^1])];
    }

    private static void Refused(string name, string path, string part)
    {
        var error = Assert.Throws<Exception>(() => Write(name, path));
        Assert.IsTrue(error is ExportException or DataException, error.ToString());
        StringAssert.Contains(error.Message, part);
    }

    private static void Write(string name, string path) => s_writers.Single(writer => writer.Name == name).Write(path);

    private static Model Small()
    {
        var x = Model.Input([2]);
        return new Model(x, x.Apply(new Dense(1)));
    }

    private static void Fit(Callback callback) =>
        Small().Compile(new Sgd(0.1), Loss.MeanSquaredError).Fit(
            Tensor.Create<float>([1, 2, 3, 4], [2, 2]), Tensor.Create<float>([1, 2], [2, 1]), epochs: 1, callbacks: [callback], verbose: 0);
}
