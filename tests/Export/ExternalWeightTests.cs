using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

/// <summary>Weights in a second file: written and read by every entry point, always together with their model.</summary>
[TestClass]
public sealed class ExternalWeightTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_model_of_two_files_is_verified_and_runs(bool byOption)
    {
        using var folder = new TemporaryFolder();
        var (model, path) = (Make(1), folder.File("model.onnx"));

        // The limit above which two files are written is 2 GiB in earnest.
        var report = model.ExportOnnx(path, byOption ? new ExportOptions { ExternalData = true } : new ExportOptions { MostInside = 10_000 });
        Assert.IsTrue(report.Passed, report.ToString());
        var data = Data(folder);
        Assert.AreEqual(data, report.ExternalDataPath);
        Assert.AreEqual(new FileInfo(path).Length + new FileInfo(data).Length, report.FileBytes);
        Assert.IsLessThan(20_000, new FileInfo(path).Length);

        var x = EmittedRun.Random(3, 12, 12, 2);
        using var onnx = OnnxModel.Load(path);
        Near.Equal(EmittedRun.Data(model.Predict(x)), EmittedRun.Data(onnx.Predict(x)), 1e-4f, "model");
        using var fromBytes = OnnxModel.FromBytes(File.ReadAllBytes(path), options: new OnnxModelOptions { ExternalDataFolder = folder.Path });
        Near.Equal(EmittedRun.Data(onnx.Predict(x)), EmittedRun.Data(fromBytes.Predict(x)), 0, "bytes");
        Assert.Contains(Path.GetFileName(data), OnnxFile.Summarize(path));
        Assert.IsTrue(OnnxFile.Verify(path).Passed);
        var loaded = Model.Load(path);
        foreach (var (was, now) in model.WeightPaths().Zip(loaded.WeightPaths()))
            CollectionAssert.AreEqual(was.Weight.Storage, now.Weight.Storage, was.Path);
    }

    [TestMethod]
    public void Training_resumes_from_two_files()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("run.onnx");
        var trainer = Make(1).Compile(new Adam(1e-2), Loss.MeanSquaredError);
        var (x, y) = (EmittedRun.Random(4, 12, 12, 2), EmittedRun.Random(4, 3));
        trainer.TrainOnBatch(x, y);
        trainer.Save(path, new ExportOptions { ExternalData = true });
        var loaded = Trainer.Load(path);
        var other = Make(2).Compile(new Adam(1e-2), Loss.MeanSquaredError, seed: trainer.Seed);
        other.Restore(path);
        trainer.TrainOnBatch(x, y);
        loaded.TrainOnBatch(x, y);
        other.TrainOnBatch(x, y);
        foreach (var copy in new[] { loaded.Model, other.Model })
        {
            foreach (var (was, now) in trainer.Model.WeightPaths().Zip(copy.WeightPaths()))
                CollectionAssert.AreEqual(was.Weight.Storage, now.Weight.Storage, was.Path);
        }
    }

    [TestMethod]
    public void Offsets_are_aligned_and_small_tensors_stay_inside()
    {
        using var folder = new TemporaryFolder();
        Make(1).ExportOnnx(folder.File("model.onnx"), new ExportOptions { ExternalData = true, Verify = false });
        var graph = OnnxFunctional.Export.Proto.ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("model.onnx"))).Graph;
        var outside = graph.Initializer.Where(tensor => tensor.ExternalData.Count > 0).ToList();
        Assert.HasCount(2, outside);
        foreach (var tensor in outside)
        {
            CollectionAssert.AreEqual(new[] { "location", "offset", "length" }, tensor.ExternalData.Select(entry => entry.Key).ToArray());
            Assert.AreEqual(0, long.Parse(tensor.ExternalData[1].Value, System.Globalization.CultureInfo.InvariantCulture) % 4096);
            Assert.IsFalse(tensor.ExternalData[0].Value.Contains('/', StringComparison.Ordinal));
        }
    }

    [TestMethod]
    public void A_new_export_replaces_both_files_and_equal_models_give_equal_ones()
    {
        using var folder = new TemporaryFolder();
        var (path, options) = (folder.File("model.onnx"), new ExportOptions { ExternalData = true, Verify = false });
        Make(1).ExportOnnx(path, options);
        var (first, header) = (Data(folder), File.ReadAllBytes(path));
        Make(2).ExportOnnx(path, options);
        Assert.AreNotEqual(first, Data(folder));
        Make(1).ExportOnnx(path, options);
        Assert.AreEqual(first, Data(folder));
        CollectionAssert.AreEqual(header, File.ReadAllBytes(path));
    }

    [TestMethod]
    public void A_failed_verification_keeps_the_older_two_files()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.onnx");
        Make(1).ExportOnnx(path, new ExportOptions { ExternalData = true, Verify = false });
        var before = Directory.GetFiles(folder.Path).ToDictionary(file => file, File.ReadAllBytes);
        Assert.ThrowsExactly<ExportException>(
            () => Make(2).ExportOnnx(path, new ExportOptions { ExternalData = true, AbsoluteTolerance = 0, RelativeTolerance = 0 }));
        CollectionAssert.AreEquivalent(before.Keys, Directory.GetFiles(folder.Path));
        foreach (var (file, content) in before) CollectionAssert.AreEqual(content, File.ReadAllBytes(file));
        Assert.IsTrue(OnnxFile.Verify(path).Passed);
    }

    [TestMethod]
    public void Data_that_is_cut_short_or_behind_a_link_is_refused_by_every_reader()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("run.onnx");
        var trainer = Make(1).Compile(new Adam(1e-2), Loss.MeanSquaredError);
        trainer.Save(path, new ExportOptions { ExternalData = true, Verify = false });
        var data = Data(folder);
        var bytes = File.ReadAllBytes(data);
        File.WriteAllBytes(data, bytes[..^5000]);
        Refused("not complete");
        File.Delete(data);
        Refused("does not exist");
        if (OperatingSystem.IsWindows()) return;
        using var outside = new TemporaryFolder();
        File.WriteAllBytes(outside.File("data"), bytes);
        File.CreateSymbolicLink(data, outside.File("data"));
        Refused("behind the link");

        void Refused(string part)
        {
            foreach (var read in new Action[]
            {
                () => OnnxModel.Load(path), () => Model.Load(path), () => OnnxFile.Summarize(path), () => OnnxFile.Verify(path),
                () => Trainer.Load(path), () => trainer.Restore(path),
            })
            {
                Assert.Contains(part, Assert.ThrowsExactly<OnnxFileException>(read).Message);
            }
        }
    }

    private static string Data(TemporaryFolder folder) => Directory.GetFiles(folder.Path, "*.data").Single();

    private static Model Make(ulong seed)
    {
        var x = Model.Input([12, 12, 2]);
        return new Model(x, x.Apply(new Conv2D(8, 3), new Flatten(), new Dense(30, Activation.Tanh), new Dense(70), new Dense(3)), "model", seed);
    }
}
