using OnnxFunctional.Export;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>A state too large for a graph, by a lowered limit: it lies in a second file, which belongs to the export like the graphs.</summary>
[TestClass]
public sealed class LargeStateTests
{
    private static readonly TrainingExportOptions s_large = new() { MostInside = 1000 };

    private static readonly TrainingExportOptions s_quick = new() { MostInside = 1000, Verify = false };

    [TestMethod]
    public void It_is_verified_trained_saved_and_resumed()
    {
        using var folder = new TemporaryFolder();
        using var other = new TemporaryFolder();
        var trainer = Make(1);
        trainer.TrainOnBatch(Data(0), Targets(0));
        var before = Weights(trainer.Model);
        Assert.IsTrue(trainer.ExportTraining(folder.Path, s_large).IsVerified);
        CollectionAssert.AreEqual(before, Weights(trainer.Model));
        Assert.HasCount(6, Directory.GetFileSystemEntries(folder.Path));
        Assert.IsLessThan(10_000, new FileInfo(folder.File(TrainingFolder.InitFile)).Length);
        trainer.ExportTraining(other.Path, new TrainingExportOptions { Verify = false });

        using var outside = OnnxTrainer.Load(folder.Path);
        using var inside = OnnxTrainer.Load(other.Path);
        for (var step = 1; step < 4; step++)
        {
            var expected = trainer.TrainOnBatch(Data(step), Targets(step))["loss"];
            Assert.AreEqual(expected, outside.TrainOnBatch(Data(step), Targets(step))["loss"], 1e-4 * expected);
            inside.TrainOnBatch(Data(step), Targets(step));
        }

        CollectionAssert.AreEqual(State(inside), State(outside));
        outside.Save(folder.File("state.npz"));
        using var resumed = OnnxTrainer.Load(folder.Path);
        resumed.Restore(folder.File("state.npz"));
        CollectionAssert.AreEqual(State(outside), State(resumed));
        Near.Equal(EmittedRun.Data(trainer.Model.Predict(Data(9))), EmittedRun.Data(resumed.Predict(Data(9))), 1e-4f, "prediction");
        Near.Equal(Weights(trainer.Model), Weights(resumed.ToModel(Make(2).Model)), 1e-4f, "weights");
    }

    [TestMethod]
    public void Another_export_replaces_the_second_file()
    {
        using var folder = new TemporaryFolder();
        Make(1).ExportTraining(folder.Path, s_quick);
        var first = Second(folder.Path).Single();
        File.WriteAllText(folder.File("init.onnx.notes.data"), "of the user");
        Make(2).ExportTraining(folder.Path, s_quick);
        Assert.AreNotEqual(first, Second(folder.Path).Single());
        Make(1).ExportTraining(folder.Path, s_quick);
        Assert.AreEqual(first, Second(folder.Path).Single());
        Make(2).ExportTraining(folder.Path, s_quick with { MostInside = 1 << 20 });
        Assert.IsEmpty(Second(folder.Path));
        Assert.HasCount(6, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void At_every_moment_of_the_move_the_new_export_is_read()
    {
        using var other = new TemporaryFolder();
        Make(2).ExportTraining(other.Path, s_quick);
        string[] names = [Second(other.Path).Single(), .. TrainingFolder.Graphs, TrainingFolder.ManifestFile];
        var expected = Loaded(other.Path);
        for (var moved = 0; moved <= names.Length; moved++)
        {
            using var folder = new TemporaryFolder();
            Make(1).ExportTraining(folder.Path, s_quick);
            var next = Directory.CreateDirectory(folder.File(".training-next")).FullName;
            for (var i = 0; i < names.Length; i++) File.Copy(other.File(names[i]), i < moved ? folder.File(names[i]) : Path.Combine(next, names[i]), true);
            CollectionAssert.AreEqual(expected, Loaded(folder.Path), $"{moved} moved");

            // The next export finishes this one first.
            Make(3).ExportTraining(folder.Path, s_quick);
            Assert.HasCount(6, Directory.GetFileSystemEntries(folder.Path));
        }
    }

    [TestMethod]
    public void Nothing_is_left_where_the_comparison_fails()
    {
        using var folder = new TemporaryFolder();
        var strict = s_large with { StateTolerance = 0, LossTolerance = 0 };
        Assert.ThrowsExactly<ExportException>(() => Make(1).ExportTraining(folder.File("step"), strict));
        Assert.IsFalse(Directory.Exists(folder.File("step")));

        Make(1).ExportTraining(folder.Path, s_quick);
        var before = Loaded(folder.Path);
        Assert.ThrowsExactly<ExportException>(() => Make(2).ExportTraining(folder.Path, strict));
        CollectionAssert.AreEqual(before, Loaded(folder.Path));
        Assert.HasCount(6, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void A_damaged_second_file_is_refused()
    {
        using var folder = new TemporaryFolder();
        Make(1).ExportTraining(folder.Path, s_quick);
        var path = folder.File(Second(folder.Path).Single());
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
        Refused("is not the file described");
        File.WriteAllBytes(path, bytes[..^1]);
        Refused("is not the file described");
        File.Delete(path);
        Refused(Path.GetFileName(path));

        void Refused(string part) => Assert.Contains(part, Assert.ThrowsExactly<OnnxFileException>(() => Loaded(folder.Path)).Message);
    }

    private static Trainer Make(ulong seed)
    {
        var x = Model.Input([40], name: "x");
        var model = new Model(x, x.Apply(new Dense(50, Activation.Tanh), new Dense(30, Activation.Tanh), new Dense(1)), seed: seed);
        return model.Compile(new Adam(0.01), Loss.MeanSquaredError);
    }

    private static IEnumerable<string> Second(string folder) =>
        Directory.GetFiles(folder, "init.onnx.*.data").Select(file => Path.GetFileName(file)).Where(name => name != "init.onnx.notes.data");

    private static float[] Loaded(string folder)
    {
        using var trainer = OnnxTrainer.Load(folder);
        return State(trainer);
    }

    private static float[] State(OnnxTrainer trainer) => [.. trainer.StateNames.SelectMany(name => EmittedRun.Data(trainer.GetState(name)))];

    private static float[] Weights(Model model) => [.. model.Weights.SelectMany(weight => weight.Storage)];

    private static NDArray Data(int step) => StepData.Signed(step, 3, 40);

    private static NDArray Targets(int step) => StepData.Signed(step + 100, 3, 1);
}
