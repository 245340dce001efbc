using OnnxFunctional.Export;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Files;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>An export over an older one: at whatever moment the process ends, one of them is complete.</summary>
[TestClass]
public sealed class TrainingStageTests
{
    private const string Next = ".training-next";
    private static readonly TrainingExportOptions s_quick = new() { Verify = false };

    [TestMethod]
    public void At_every_moment_of_the_move_the_new_export_is_read()
    {
        string[] names = [.. TrainingFolder.Graphs, TrainingFolder.ManifestFile];
        for (var moved = 0; moved <= names.Length; moved++)
        {
            using var folder = new TemporaryFolder();
            using var other = new TemporaryFolder();
            Make(0.1f).ExportTraining(folder.Path, s_quick);
            Make(0.2f).ExportTraining(other.Path, s_quick);
            File.WriteAllText(folder.File("notes.txt"), "of the user");
            var next = Directory.CreateDirectory(folder.File(Next)).FullName;
            for (var i = 0; i < names.Length; i++) File.Copy(other.File(names[i]), i < moved ? folder.File(names[i]) : Path.Combine(next, names[i]), true);

            using (var trainer = OnnxTrainer.Load(folder.Path)) Assert.AreEqual(0.2f, trainer.LearningRate);

            // The next export finishes this one first.
            Make(0.3f).ExportTraining(folder.Path, s_quick);
            CollectionAssert.AreEquivalent(names.Append("notes.txt").ToArray(), Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).ToArray());
            using var last = OnnxTrainer.Load(folder.Path);
            Assert.AreEqual(0.3f, last.LearningRate);
        }
    }

    [TestMethod]
    public void What_a_killed_export_began_is_removed_and_the_older_one_stays_until_the_new_one_is_complete()
    {
        using var folder = new TemporaryFolder();
        Make(0.1f).ExportTraining(folder.Path, s_quick);
        var begun = Directory.CreateDirectory(folder.File(".training-new-abc")).FullName;
        File.WriteAllText(Path.Combine(begun, "lock"), "");
        File.WriteAllText(Path.Combine(begun, "train.onnx"), "half");
        using (var trainer = OnnxTrainer.Load(folder.Path)) Assert.AreEqual(0.1f, trainer.LearningRate);
        Make(0.2f).ExportTraining(folder.Path, s_quick);
        Assert.HasCount(5, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux | OperatingSystems.OSX)]
    [Timeout(60_000)]
    public void A_pipe_in_place_of_a_file_is_refused_and_nothing_is_changed()
    {
        using var folder = new TemporaryFolder();
        Make(0.1f).ExportTraining(folder.Path, s_quick);
        File.Delete(folder.File("predict.onnx"));
        File.Move(Nodes.Pipe(folder), folder.File("predict.onnx"));
        var before = File.ReadAllBytes(folder.File("training.json"));
        Assert.Contains("not a regular file", Assert.ThrowsExactly<ExportException>(() => Make(0.2f).ExportTraining(folder.Path, s_quick)).Message);
        CollectionAssert.AreEqual(before, File.ReadAllBytes(folder.File("training.json")));
        Assert.HasCount(5, Directory.GetFileSystemEntries(folder.Path));
    }

    private static Trainer Make(float rate)
    {
        var x = Model.Input([3]);
        return new Model(x, x.Apply(new Dense(2))).Compile(new Sgd(rate), Loss.MeanSquaredError);
    }
}
