using System.Numerics.Tensors;
using System.Text;
using OnnxFunctional.Export;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>All readers of files. Every one ends in a result or in one of its documented exceptions, whatever it reads.</summary>
internal static class Readers
{
    private const int MostPixels = 1 << 20;

    private static readonly Lazy<string> s_folder = new(() => Directory.CreateTempSubdirectory("onnxfunctional-mutations-").FullName);

    private static readonly Lazy<Trainer> s_trainer = new(() => KerasFile.Load(Reference("adam.keras")).Compile(new Adam(), Loss.MeanSquaredError));
    private static readonly Lazy<Trainer> s_resumed = new(ModelSamples.Trainer);
    private static readonly Lazy<IReadOnlyList<Model>> s_models = new(ModelSamples.All);

    private static readonly Type[] s_fileOrModel = [typeof(OnnxFileException), typeof(ModelException)];
    private static readonly Type[] s_model = [typeof(ModelException)];
    private static readonly Type[] s_data = [typeof(DataException)];

    private static readonly Edit[] s_onnx = [OnnxEdits.Change, OnnxEdits.Change, OnnxEdits.Change, Edits.Bytes];

    public static IReadOnlyList<ReaderCase> All { get; } =
    [
        new("summarize", OnnxSamples.All, s_onnx, content => OnnxFile.Summarize(Put("m.onnx", content)), s_fileOrModel),
        new("load-model", Exported, s_onnx, content => OnnxFile.LoadModel(Put("m.onnx", content)), s_fileOrModel),
        new("onnx-model", OnnxSamples.All, s_onnx, Runs.Run, [typeof(ExportException), typeof(OperationCanceledException)]) { IsNative = true },
        new("trainer-load", ModelSamples.Resumable, s_onnx, content => Trainer.Load(Put("m.onnx", content)), s_fileOrModel),
        new("trainer-restore", ModelSamples.Resumable, s_onnx, content => s_resumed.Value.Restore(Put("m.onnx", content)), s_fileOrModel),
        new("training-json", Trainings, [ZipEdits.Change(Json)], content => TrainingFolder.Open(Runs.Unpack(content), new()), [typeof(OnnxFileException)]),
        new("onnx-trainer", Trainings, [ZipEdits.Change(GraphOrJson)], Runs.Train, [typeof(ExportException), typeof(ModelException)]) { IsNative = true },
        new("keras", Archives, [ZipEdits.Change(JsonOrWeights), ZipEdits.Change(JsonOrWeights), Edits.Bytes], ReadArchive, s_model),
        new("weights-h5", Weights, [Edits.Bytes, Edits.Aligned, Edits.Aligned], LoadWeights, s_model),
        new("keras-optimizer", Optimizers, [ZipEdits.Change(JsonOrWeights), Edits.Bytes], LoadOptimizer, s_model),
        new("keras-json", Configs, [JsonEdits.Change, JsonEdits.Change, Edits.Text], ReadConfig, s_model),
        new("npz", Arrays, [ZipEdits.Change(_ => TextOrBytes), Edits.Bytes], content => Npz.ReadAll<float>(Put("m.npz", content)), s_data),
        new("npy", SingleArrays, [Edits.Bytes, Edits.Aligned, Edits.Text], ReadArray, s_data),
        new("csv", Tables, [Edits.Text, Edits.Text, Edits.Bytes], ReadTable, s_data),
        new("idx", Bytes, [Edits.Bytes, Edits.Aligned], ReadIdx, s_data),
        new("image", Images, [Edits.Bytes, Edits.Aligned], ReadImage, s_data),
    ];

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

    private static string Reference(string file) => Repository.PathOf("tests", "Reference", "keras-optimizers", file);

    private static bool IsJson(string entry) => entry.EndsWith(".json", StringComparison.Ordinal);

    private static Edit? Json(string entry) => IsJson(entry) ? JsonEdits.Change : null;

    private static Edit GraphOrJson(string entry) => IsJson(entry) ? JsonEdits.Change : OnnxEdits.Change;

    private static Edit JsonOrWeights(string entry) => IsJson(entry) ? JsonEdits.Change : BytesOrAligned;

    private static byte[] BytesOrAligned(byte[] content, Random random) => random.One<Edit>([Edits.Bytes, Edits.Aligned])(content, random);

    private static byte[] TextOrBytes(byte[] content, Random random) => random.One<Edit>([Edits.Text, Edits.Bytes, Edits.Bytes])(content, random);

    private static IReadOnlyList<byte[]> Trainings() => [ModelSamples.Exported()];

    private static IReadOnlyList<byte[]> Archives() => [.. s_models.Value.Select(model => ModelSamples.File("m.keras", path => model.Save(path)))];

    private static IReadOnlyList<byte[]> Weights() => [.. s_models.Value.Select(model => ModelSamples.File("m.weights.h5", path => model.SaveWeights(path)))];

    private static IReadOnlyList<byte[]> Optimizers() => [File.ReadAllBytes(Reference("adam.keras"))];

    private static IReadOnlyList<byte[]> Configs() => [.. s_models.Value.Select(model => Encoding.UTF8.GetBytes(model.ToJson()))];

    private static void ReadArchive(byte[] content) => KerasFile.Load(new MemoryStream(content));

    private static void LoadOptimizer(byte[] content) => s_trainer.Value.LoadOptimizer(Put("m.keras", content));

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

    private static IReadOnlyList<byte[]> Arrays()
    {
        using var folder = new TemporaryFolder();
        Npz.Write(folder.File("a.npz"), new Dictionary<string, Tensor<float>>
        {
            ["a"] = Tensor.Create([.. Enumerable.Range(0, 300).Select(i => i / 7f)], [100, 3]),
            ["b/c"] = Tensor.Create([7f], [1]),
        });
        var numbers = new Dictionary<string, Tensor<long>> { ["n"] = Tensor.Create([1L, -2], [2]) };
        Npz.Write(folder.File("b.npz"), numbers);
        return [File.ReadAllBytes(folder.File("a.npz")), File.ReadAllBytes(folder.File("b.npz"))];
    }

    private static IReadOnlyList<byte[]> SingleArrays() => [.. Arrays().SelectMany(archive => ZipEdits.Read(archive)!.Select(entry => entry.Content))];

    private static void ReadArray(byte[] content)
    {
        var path = Put("m.npy", content);
        try
        {
            Npy.Read<long>(path);
        }
        catch (DataException)
        {
            Npy.Read<float>(path);
        }
    }

    private static IReadOnlyList<byte[]> Tables() =>
    [
        "a,b,class\n1,2.5,x\n-3,4e2,\"y, z\"\n0,0,\"with \"\"quotes\"\"\"\n"u8.ToArray(),
        "1;2;3\r\n4;5;6\r\n"u8.ToArray(),
        "n\n1\n2\n\n3\n"u8.ToArray(),
    ];

    private static void ReadTable(byte[] content)
    {
        var path = Put("m.csv", content);
        var table = CsvTable.Read(path, separator: content.Contains((byte)';') ? ';' : ',');
        foreach (var column in table.Columns)
        {
            table.GetTexts(column);
            table.GetClasses(column, out _);
        }

        table.GetFloats(table.Columns[0]);
        table.GetLabels(table.Columns[0]);
    }

    private static IReadOnlyList<byte[]> Bytes() =>
    [
        [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, .. Enumerable.Range(0, 12).Select(value => (byte)value)],
        [0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3, 4, 5],
    ];

    private static void ReadIdx(byte[] content)
    {
        var path = Put("m.idx", content);
        try
        {
            Idx.ReadLabels(path);
        }
        catch (DataException)
        {
            Idx.ReadImages(path);
        }
    }

    private static IReadOnlyList<byte[]> Images() =>
    [
        .. Directory.EnumerateFiles(Repository.PathOf("tests", "Reference", "images"))
            .Where(path => !path.EndsWith(".ppm", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(File.ReadAllBytes),
    ];

    private static void ReadImage(byte[] content) =>
        new ImageReader(5, 4, 3, Interpolation.Bilinear, cropToAspectRatio: true, MostPixels).Read([Put("m.png", content)]);
}
