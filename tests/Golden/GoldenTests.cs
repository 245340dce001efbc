using System.Security.Cryptography;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Tests.Export.TrainingStep;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Golden;

/// <summary>
/// Trainings and files as digests: the same for any number of threads, and, compared between two revisions by tools/golden.sh, the same before and after a
/// refactoring.
/// </summary>
[TestClass]
public sealed class GoldenTests
{
    private const int Steps = 3;

    [TestMethod]
    public void Layers_train_and_export_to_the_same_bytes()
    {
        var found = LayerCases.All.Select(row => (row.Name, One: Digests(row, 1), Two: Digests(row, 2))).ToList();
        foreach (var (name, one, two) in found) Assert.AreEqual(one, two, name);
        Report("layers", found.Select(entry => $"{entry.Name} {entry.One}"));
    }

    [TestMethod]
    public void Keras_models_predict_and_export_to_the_same_bytes()
    {
        var files = ParityFolder.Files("models", "*.keras").ToList();
        var found = files.Select(file => (file, One: Digests(file, 1), Two: Digests(file, 2))).ToList();
        foreach (var (name, one, two) in found) Assert.AreEqual(one, two, name);
        Report("models", found.Select(entry => $"{entry.file} {entry.One}"));
    }

    private static string Digests(LayerCase row, int threads)
    {
        var source = new LayerStep(row);
        var model = source.Model;
        var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError, threads: threads, seed: 3);
        var batch = source.BatchAt(0);
        for (var step = 0; step < Steps; step++)
        {
            batch = source.BatchAt(step);
            trainer.TrainOnBatch(NDArrays.Create(batch.X), NDArrays.Create(batch.Y));
        }

        var files = TrainingFiles.Of(trainer, new TrainingExportOptions { Opset = 21, Targets = NDArrays.Create(batch.Y) });
        return string.Join(' ',
        [
            "weights " + Digest(files.State.SelectMany(entry => Bytes(entry.Weight.Storage))),
            "onnx " + Digest(OnnxEmitter.Emit(model, new EmissionOptions()).Proto.ToByteArray()),
            "old " + Digest(OnnxEmitter.Emit(model, new ExportOptions { Target = ExportTarget.OnnxRuntime("1.13") }.ForEmission()).Proto.ToByteArray()),
            .. files.Graphs.OrderBy(graph => graph.Key, StringComparer.Ordinal).Select(graph => graph.Key + " " + Digest(graph.Value)),
            "outputs " + Digest(model.PredictAll(NDArrays.Create(batch.X)).SelectMany(output => Bytes(output.ToArray()))),
            "json " + Json(model),
        ]);
    }

    private static string Digests(string file, int threads)
    {
        var model = Model.Load(ParityFolder.PathOf(file));
        var arrays = Npz.ReadAll<float>(ParityFolder.PathOf(Path.ChangeExtension(file, ".npz")));
        model.Compile(new Adam(), Loss.MeanSquaredError, threads: threads);
        NDArray[] x = [.. model.Inputs.Select((input, i) => ((NDArray)arrays["x" + i]).To(input.Value.Spec.Type, "x"))];
        using var folder = new TemporaryFolder();
        model.Save(folder.File("model.keras"));
        return string.Join(' ',
        [
            "onnx " + Digest(OnnxEmitter.Emit(model, new EmissionOptions()).Proto.ToByteArray()),
            "keras " + Digest(File.ReadAllBytes(folder.File("model.keras"))),
            "outputs " + Digest(model.PredictAll(NDArrays.Create(x)).SelectMany(output => Bytes(output.ToArray()))),
        ]);
    }

    private static string Json(Model model)
    {
        try
        {
            return Digest(System.Text.Encoding.UTF8.GetBytes(model.ToJson()));
        }
        catch (ModelException)
        {
            return "none";
        }
    }

    private static byte[] Bytes(ReadOnlySpan<float> values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values).ToArray();

    private static string Digest(IEnumerable<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData([.. bytes]))[..16];

    private static void Report(string name, IEnumerable<string> lines)
    {
        if (Environment.GetEnvironmentVariable("ONNXF_GOLDEN_DIR") is { Length: > 0 } folder) File.WriteAllLines(Path.Combine(folder, name + ".txt"), lines);
    }
}
