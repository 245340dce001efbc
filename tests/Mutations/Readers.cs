using System.Text;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Tests.Builder.Serialization;
using OnnxFunctional.Tests.Export.Keras;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>All readers of files. Every one ends in a result or in one of its documented exceptions, whatever it reads.</summary>
internal static class Readers
{
    private const int MostPixelBytes = 64 << 20;

    // Results of runs, which are as large as the limit of the file allows, times the few rows of the input.
    private const int MostComputed = 256 << 20;

    // A file whose numbers differ is compared with copies that have noise, and each is a plan of its own; recurrent layers are written out in them.
    private const int MostPlanned = 128 << 20;

    private static readonly Lazy<string> s_folder = new(() => Directory.CreateTempSubdirectory("onnxfunctional-mutations-").FullName);

    private static readonly Lazy<Trainer> s_resumed = new(ModelSamples.Trainer);
    private static readonly Lazy<IReadOnlyList<Model>> s_models = new(ModelSamples.All);
    private static readonly Lazy<Model> s_adapted = new(ModelSamples.Adapted);

    private static readonly Type[] s_fileOrModel = [typeof(OnnxFileException), typeof(ModelException)];
    private static readonly Type[] s_exportOrModel = [typeof(ExportException), typeof(ModelException)];
    private static readonly Type[] s_dataOrModel = [typeof(DataException), typeof(ModelException)];
    private static readonly Type[] s_cancelled = [typeof(ExportException), typeof(OperationCanceledException)];
    private static readonly Type[] s_file = [typeof(OnnxFileException)];
    private static readonly Type[] s_model = [typeof(ModelException)];
    private static readonly Type[] s_data = [typeof(DataException)];

    private static readonly Edit[] s_onnx = [OnnxEdits.Change, OnnxEdits.Change, OnnxEdits.Change, Edits.Bytes];
    private static readonly Edit[] s_twoFiles = [ZipEdits.Change(GraphOrBytes)];
    private static readonly Edit[] s_training = [ZipEdits.Change(GraphOrJson)];
    private static readonly Edit[] s_keras = [ZipEdits.Change(JsonOrWeights), ZipEdits.Change(JsonOrWeights), Edits.Bytes];
    private static readonly Edit[] s_arrays = [ZipEdits.Change(_ => TextOrBytes), Edits.Bytes];
    private static readonly Edit[] s_bytes = [Edits.Bytes, Edits.Aligned];
    private static readonly Edit[] s_text = [Edits.Text, Edits.Text, Edits.Bytes];

    public static IReadOnlyList<ReaderCase> All { get; } =
    [
        new("guard", OnnxSamples.Handmade, s_onnx, Guard, s_file) { Source = "the model is not accepted: ", MostAllocated = 4_000_000, IsSmall = true },
        new("summarize", OnnxSamples.All, s_onnx, Summarize, s_fileOrModel) { Source = "m.onnx" },
        new("metadata", OnnxSamples.All, s_onnx, content => OnnxFile.ReadMetadata(Put("m.onnx", content)), s_fileOrModel) { Source = "m.onnx" },
        new("load-model", Exported, s_onnx, content => Model.Load(Put("m.onnx", content)), s_fileOrModel) { Source = "m.onnx" },
        new("import", OnnxSamples.OfModels, s_onnx, Import, s_fileOrModel) { Source = "m.onnx", MostAllocated = 4L * MostComputed },
        new("adapter", ModelSamples.Adapters, [Edits.Bytes, Edits.Aligned], Adapter, s_file) { Source = "m.onnx_adapter" },
        new("verify", Exported, s_onnx, Runs.Verify, s_exportOrModel) { Source = "m.onnx", MostAllocated = MostPlanned },
        new("compare", Exported, s_onnx, Runs.Compare, s_exportOrModel) { Source = "m.onnx", MostAllocated = MostPlanned },
        new("onnx-model", OnnxSamples.All, s_onnx, Runs.Run, s_cancelled) { Source = "m.onnx", MostAllocated = MostComputed },
        new("onnx-bytes", OnnxSamples.All, s_onnx, Runs.RunBytes, s_cancelled) { Source = "the model", MostAllocated = MostComputed },
        new("external-data", ModelSamples.TwoFiles, s_twoFiles, Runs.RunTwoFiles, [.. s_cancelled, .. s_model]) { MostAllocated = MostComputed },
        new("trainer-load", ModelSamples.Resumable, s_onnx, content => Trainer.Load(Put("m.onnx", content)), s_fileOrModel) { Source = "m.onnx" },
        new("trainer-restore", ModelSamples.Resumable, s_onnx, content => s_resumed.Value.Restore(Put("m.onnx", content)), s_fileOrModel)
        {
            Source = "m.onnx",
        },
        new("training-json", Trainings, [ZipEdits.Change(Json)], content => TrainingFolder.Open(Runs.Unpack(content), new()), s_file),
        new("onnx-trainer", Trainings, s_training, Runs.Train, s_exportOrModel),
        new("onnx-trainer-state", Runs.States, s_arrays, Runs.Restore, s_dataOrModel),
        new("step-state", StepStates.All, s_arrays, StepStates.Restore, s_data),
        new("keras", Archives, s_keras, content => KerasFile.Load(new MemoryStream(content)), s_model),
        new("keras-convert", Archives, s_keras, Runs.Export, s_exportOrModel) { MostAllocated = MostPlanned },
        new("weights-h5", Weights, [Edits.Bytes, Edits.Aligned, Edits.Aligned], LoadWeights, s_model),
        new("legacy-h5", LegacyFiles, [Edits.Bytes, Edits.Aligned, Edits.Text], content => Trainer.Load(Put("m.h5", content)), s_fileOrModel),
        new("keras-optimizer", KerasOptimizers.All, [ZipEdits.Change(JsonOrWeights), Edits.Bytes], KerasOptimizers.Load, s_model),
        new("keras-json", Configs, [JsonEdits.Change, JsonEdits.Change, Edits.Text], ReadConfig, s_model),
        new("npz", DataReaders.Arrays, s_arrays, DataReaders.ReadArchive, s_data),
        new("npy", DataReaders.SingleArrays, [.. s_bytes, Edits.Text], DataReaders.ReadArray, s_data),
        new("npy-open", DataReaders.SingleArrays, [.. s_bytes, Edits.Text], DataReaders.OpenArray, s_data),
        new("safetensors", DataReaders.SafeTensorsFiles, [.. s_bytes, Edits.Text], DataReaders.ReadSafeTensors, s_data),
        new("parquet", DataReaders.ParquetFiles, [.. s_bytes, Edits.Text], DataReaders.ReadParquet, [.. s_data, typeof(ArgumentException)])
        {
            MostAllocated = 64 << 20,
        },
        new("csv", DataReaders.Tables, s_text, DataReaders.ReadTable, s_data),
        new("csv-rows", DataReaders.Tables, s_text, DataReaders.ReadRows, s_data),
        new("csv-log", DataReaders.Logs, s_text, DataReaders.ContinueLog, s_data),
        new("history", DataReaders.Histories, s_text, content => Assert.IsNotNull(History.FromCsv(Put("log.csv", content)).ToString()), s_data)
        {
            Source = "log.csv",
        },
        new("idx", DataReaders.Bytes, s_bytes, DataReaders.ReadIdx, s_data),
        new("packed", DataReaders.Packed, s_bytes, DataReaders.ReadPacked, s_data) { MostAllocated = 64 << 20 },
        new("image", DataReaders.Images, [DataReaders.ChangeImage, Edits.Aligned], DataReaders.ReadImage, s_data) { MostAllocated = MostPixelBytes },
        new("image-cache", DataReaders.ImageCaches, s_bytes, DataReaders.ReadImageCache, s_data),
    ];

    /// <summary>The reader of a name.</summary>
    public static ReaderCase Find(string name) => All.Append(Misbehaviour.Reader).Single(reader => reader.Name == name);

    /// <summary>Writes a content to the file that is read next.</summary>
    public static string Put(string name, byte[] content)
    {
        var path = Path.Combine(s_folder.Value, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public static void RemoveFiles()
    {
        if (s_folder.IsValueCreated) Directory.Delete(s_folder.Value, recursive: true);
    }

    private static bool IsJson(string entry) => entry.EndsWith(".json", StringComparison.Ordinal);

    private static Edit? Json(string entry) => IsJson(entry) ? JsonEdits.Change : null;

    private static Edit GraphOrJson(string entry) => IsJson(entry) ? JsonEdits.Change : OnnxEdits.Change;

    private static Edit GraphOrBytes(string entry) => entry.EndsWith(".onnx", StringComparison.Ordinal) ? OnnxEdits.Change : BytesOrAligned;

    private static Edit JsonOrWeights(string entry) => IsJson(entry) ? JsonEdits.Change : BytesOrAligned;

    private static byte[] BytesOrAligned(byte[] content, Random random) => random.One<Edit>([Edits.Bytes, Edits.Aligned])(content, random);

    private static byte[] TextOrBytes(byte[] content, Random random) => random.One<Edit>([Edits.Text, Edits.Bytes, Edits.Bytes])(content, random);

    private static IReadOnlyList<byte[]> Trainings() => [ModelSamples.Exported()];

    private static IReadOnlyList<byte[]> Archives() => [.. s_models.Value.Select(model => ModelSamples.File("m.keras", path => model.Save(path)))];

    private static IReadOnlyList<byte[]> Weights() => [.. s_models.Value.Select(model => ModelSamples.File("m.weights.h5", path => model.SaveWeights(path)))];

    private static IReadOnlyList<byte[]> LegacyFiles() =>
    [
        .. s_models.Value.Select(model => new LegacySample
        {
            Texts =
            {
                ["model_config"] = model.ToJson(),
                ["keras_version"] = "3.16.0",
                ["training_config"] = """
                    {"loss": "mse", "loss_weights": null, "metrics": ["mae"], "optimizer_config": {"class_name": "Adam", "config": {"learning_rate": 0.01}}}
                    """,
            },
        }.Add(model).Whole()),
    ];

    private static IReadOnlyList<byte[]> Configs() =>
        [.. s_models.Value.Select(model => model.ToJson()).Append(Keras2Tests.OfTensorFlow()).Select(Encoding.UTF8.GetBytes)];

    private static void Guard(byte[] content) => OnnxFileGuard.ReadBytes(content, "the model", null, new OnnxFileLimits());

    private static void Import(byte[] content) => OnnxFile.LoadModel(
        Put("m.onnx", content), new ImportOptions { Verify = false, Limits = new OnnxFileLimits { MaxComputedBytes = MostComputed / 16 } });

    private static void Adapter(byte[] content) => s_adapted.Value.LoadAdapter(Put("m.onnx_adapter", content));

    private static void Summarize(byte[] content) => Assert.IsNotNull(OnnxFile.Summarize(Put("m.onnx", content)));

    private static void ReadConfig(byte[] content) => Assert.IsNotNull(Model.FromJson(Encoding.UTF8.GetString(content)).ToString());

    private static IReadOnlyList<byte[]> Exported() =>
        [.. s_models.Value.Select(model => ModelSamples.File("m.onnx", path => model.ExportOnnx(path, new ExportOptions { Verify = false })))];

    private static void LoadWeights(byte[] content)
    {
        // The layout of all samples differs, so each fits one model.
        var path = Put("m.weights.h5", content);
        for (var i = 0; ; i++)
        {
            try
            {
                s_models.Value[i].LoadWeights(path);
                return;
            }
            catch (ModelException) when (i < s_models.Value.Count - 1)
            {
                continue;
            }
        }
    }
}
