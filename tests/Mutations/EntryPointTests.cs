using System.Reflection;
using OnnxFunctional.Export;
using OnnxFunctional.MLNet;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>Every public way to give the library a file has a reader that is tested with changed files.</summary>
[TestClass]
public sealed class EntryPointTests
{
    private const string Writes = "it writes";

    private static readonly string[] s_names = ["path", "folder", "json", "directory", "logDir", "file", "filename", "filepath", "backupDir"];

    /// <summary>The reader of each; or why there is none.</summary>
    private static readonly Dictionary<string, string> s_readers = new()
    {
        ["AdapterFile.LoadAdapter"] = "adapter",
        ["AdapterFile.SaveAdapter"] = Writes,
        ["BackupAndRestore..ctor"] = "trainer-restore",
        ["CsvLogger..ctor"] = "csv-log",
        ["CsvRows.Open"] = "csv-rows",
        ["CsvTable.Read"] = "csv",
        ["HalfModel.ExportOnnx"] = Writes,
        ["History.FromCsv"] = "history",
        ["Idx.ReadImages"] = "idx",
        ["Idx.ReadLabels"] = "idx",
        ["ImageCache.InFile"] = "image-cache",
        ["ImageFolder.Open"] = "image",
        ["JsonLinesLogger..ctor"] = Writes,
        ["KerasFile.Load"] = "keras",
        ["KerasFile.LoadOptimizer"] = "keras-optimizer",
        ["KerasFile.LoadWeights"] = "weights-h5",
        ["KerasFile.Save"] = Writes,
        ["KerasFile.SaveKeras"] = Writes,
        ["KerasFile.SaveWeights"] = Writes,
        ["Model.FromJson"] = "keras-json",
        ["ModelCheckpoint..ctor"] = Writes,
        ["Npy.Open"] = "npy-open",
        ["Npy.Read"] = "npy",
        ["Npy.Write"] = Writes,
        ["Npz.Read"] = "npz",
        ["Npz.ReadAll"] = "npz",
        ["Npz.ReadNames"] = "npz",
        ["Npz.Write"] = Writes,
        ["OnnxExporter.ExportOnnx"] = Writes,
        ["OnnxFile.CheckWritable"] = Writes,
        ["ModelFile.Load"] = "load-model",
        ["OnnxFile.LoadModel"] = "import",
        ["OnnxFile.ReadMetadata"] = "metadata",
        ["OnnxFile.Summarize"] = "summarize",
        ["OnnxFile.Verify"] = "verify",
        ["OnnxModel.FromBytes"] = "onnx-bytes",
        ["OnnxModel.Load"] = "onnx-model",
        ["OnnxModelServices.AddOnnxModel"] = "onnx-model",
        ["OnnxTrainer.Load"] = "onnx-trainer",
        ["OnnxTrainer.Restore"] = "onnx-trainer-state",
        ["OnnxTrainer.Save"] = Writes,
        ["OnnxVerifier.Compare"] = "compare",
        ["ProfileReport.SaveTrace"] = Writes,
        ["QuantizedModel.ExportOnnx"] = Writes,
        ["ReducedPrecisionModel.ExportOnnx"] = Writes,
        ["ParquetRows.Open"] = "parquet",
        ["SafeTensors.Read"] = "safetensors",
        ["SafeTensors.ReadAll"] = "safetensors",
        ["SafeTensors.ReadMetadata"] = "safetensors",
        ["SafeTensors.ReadNames"] = "safetensors",
        ["SafeTensors.Write"] = Writes,
        ["TensorBoard..ctor"] = Writes,
        ["TrainerFile.Load"] = "trainer-load",
        ["TrainerFile.Restore"] = "trainer-restore",
        ["TrainerFile.Save"] = Writes,
        ["TrainingExporter.ExportTraining"] = Writes,
        ["TrainingStep.Restore"] = "step-state",
        ["TrainingStep.Save"] = Writes,
    };

    [TestMethod]
    public void Every_public_member_that_takes_a_file_has_a_reader()
    {
        var members = new[] { typeof(Model), typeof(Trainer), typeof(OnnxFile), typeof(ParquetRows) }
            .SelectMany(type => type.Assembly.GetExportedTypes())
            .Where(type => !type.IsNested)
            .SelectMany(type => type.GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .OfType<MethodBase>()
            .Where(member => member.GetParameters().Any(IsFile))
            .Select(member => $"{member.DeclaringType!.Name}.{member.Name}")
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        CollectionAssert.AreEqual(s_readers.Keys.Order(StringComparer.Ordinal).ToList(), members, string.Join(", ", members));
        Assert.IsEmpty(s_readers.Values.Except(Readers.All.Select(reader => reader.Name)).Except([Writes]));
    }

    private static bool IsFile(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(Stream)
        || parameter.ParameterType == typeof(ReadOnlySpan<byte>)
        || (parameter.ParameterType == typeof(string) && s_names.Contains(parameter.Name));
}
