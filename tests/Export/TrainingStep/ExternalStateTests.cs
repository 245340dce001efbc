using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>An exported training whose initial state lies in a second file, as other tools write it.</summary>
[TestClass]
public sealed class ExternalStateTests
{
    [TestMethod]
    public void A_state_in_a_second_file_trains_to_the_same_weights()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([40], name: "x");
        var model = new Model(x, x.Apply(new Dense(50, Activation.Tanh), new Dense(1)));
        model.Compile(new Adam(), new MeanSquaredError()).ExportTraining(folder.Path, new TrainingExportOptions { Verify = false });
        var (data, targets) = (EmittedRun.Random(3, 40), EmittedRun.Random(3, 1));
        var inside = Trained();

        var path = folder.File(TrainingFolder.InitFile);
        var init = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        ExternalWeights.Write(init, path, () => File.WriteAllBytes(path, init.ToByteArray()));
        Assert.HasCount(1, Directory.GetFiles(folder.Path, "*.data"));
        var json = folder.File(TrainingFolder.ManifestFile);
        var manifest = TrainingManifest.Parse(File.ReadAllBytes(json), json);
        var changed = TrainingFolder.Describe(TrainingFolder.InitFile, File.ReadAllBytes(path));
        File.WriteAllBytes(json, (manifest with { Files = [.. manifest.Files.Select(file => file.Name == changed.Name ? changed : file)] }).ToJson());
        CollectionAssert.AreEqual(inside, Trained());

        File.Delete(Directory.GetFiles(folder.Path, "*.data")[0]);
        var missing = Assert.ThrowsExactly<OnnxFileException>(Trained);
        Assert.Contains(".data", missing.Message);

        float[] Trained()
        {
            using var trainer = OnnxTrainer.Load(folder.Path);
            for (var i = 0; i < 3; i++) trainer.TrainOnBatch(data, targets);
            return [.. trainer.StateNames.SelectMany(name => EmittedRun.Data(trainer.GetState(name)))];
        }
    }
}
