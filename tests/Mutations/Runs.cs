using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Export;
using OnnxFunctional.Export.TrainingStep;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>Changed files in ONNX Runtime: what our checks let through is loaded and run.</summary>
internal static class Runs
{
    private const int MostElements = 100_000;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    private static readonly OnnxModelOptions s_options = new() { IntraOpThreads = 1, Limits = new OnnxFileLimits { MaxComputedBytes = 1 << 26 } };

    // One row takes the fewest comparisons; what is searched is not in the numbers.
    private static readonly ExportOptions s_verification = new() { BatchSizes = [1] };

    private static readonly ComparisonOptions s_comparison = new() { BatchSizes = [1] };
    private static readonly Lazy<OnnxTrainer> s_trainer = new(() => OnnxTrainer.Load(Unpack(ModelSamples.Exported()), options: s_options));

    /// <summary>Opens a file and runs it.</summary>
    public static void Run(byte[] content)
    {
        using var model = Load(() => OnnxModel.Load(Readers.Put("m.onnx", content), options: s_options));
        Run(model);
    }

    /// <summary>Opens the content of a file and runs it.</summary>
    public static void RunBytes(byte[] content)
    {
        using var model = Load(() => OnnxModel.FromBytes(content, options: s_options));
        Run(model);
    }

    /// <summary>Opens a file whose weights lie in a second one, runs it, and makes a model of it.</summary>
    public static void RunTwoFiles(byte[] archive)
    {
        var folder = Path.Combine(Path.GetDirectoryName(Readers.Put("unused", []))!, "two");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        foreach (var (name, content) in ZipEdits.Read(archive) ?? [])
        {
            var path = Path.Combine(folder, name);
            if (Path.GetDirectoryName(path) == folder && name is not (".." or " ") && !name.Contains('\0')) File.WriteAllBytes(path, content);
        }

        using (var model = Load(() => OnnxModel.Load(Path.Combine(folder, ModelSamples.FirstFile), options: s_options))) Run(model);
        Model.Load(Path.Combine(folder, ModelSamples.FirstFile));
    }

    public static void Verify(byte[] content) => OnnxFile.Verify(Readers.Put("m.onnx", content), s_verification);

    /// <summary>Compares a file with itself.</summary>
    public static void Compare(byte[] content)
    {
        var path = Readers.Put("m.onnx", content);
        OnnxVerifier.Compare(path, path, s_comparison);
    }

    /// <summary>Reads a .keras file and exports its model, as the command line's <c>convert</c> does.</summary>
    public static void Export(byte[] content)
    {
        var source = Readers.Put("m.keras", content);
        Model.Load(source).ExportOnnx(Path.ChangeExtension(source, ".onnx"), s_verification);
    }

    /// <summary>The states of an exported training before and after a step.</summary>
    public static IReadOnlyList<byte[]> States()
    {
        using var trainer = OnnxTrainer.Load(Unpack(ModelSamples.Exported()), options: s_options);
        var first = ModelSamples.File("a.npz", trainer.Save);
        var (x, y) = ModelSamples.Batch();
        trainer.TrainOnBatch(x, y);
        return [first, ModelSamples.File("a.npz", trainer.Save)];
    }

    public static void Restore(byte[] content) => s_trainer.Value.Restore(Readers.Put("m.npz", content));

    private static OnnxModel Load(Func<OnnxModel> load)
    {
        try
        {
            return load();
        }
        catch (ExportException refused) when (refused is not OnnxFileException)
        {
            throw new InvalidOperationException("A file that is not accepted is an OnnxFileException.", refused);
        }
    }

    /// <summary>Runs a model once on inputs of small sizes; loops without an end are cancelled.</summary>
    private static void Run(OnnxModel model)
    {
        var inputs = new Dictionary<string, OnnxValue>();
        var symbols = new Dictionary<string, long>();
        foreach (var input in model.Inputs)
        {
            if (Input(input, symbols) is not { } value) return;
            inputs.Add(input.Name, value);
        }

        using var source = new CancellationTokenSource(s_longest);
        try
        {
            model.Run(inputs, source.Token);
        }
        catch (ArgumentException)
        {
            // Inputs that cannot be right, because the file contradicts itself, or asks for empty ones.
            return;
        }
    }

    /// <summary>Opens an exported training and makes a step, an evaluation and a prediction.</summary>
    /// <param name="archive">Its files; their digests are put right, as whoever changes a file on purpose would do.</param>
    public static void Train(byte[] archive)
    {
        using var trainer = OnnxTrainer.Load(Unpack(WithDigests(archive)), options: s_options);
        var (x, y) = ModelSamples.Batch();
        trainer.TrainOnBatch(x, y);
        trainer.Evaluate(x, y);
        trainer.Predict(x);
    }

    /// <summary>Writes the files of an exported training to a folder.</summary>
    public static string Unpack(byte[] archive)
    {
        var folder = Path.GetDirectoryName(Readers.Put("unused", []))!;
        foreach (var (name, content) in ZipEdits.Read(archive) ?? [])
        {
            if (name == TrainingFolder.ManifestFile || TrainingFolder.Graphs.Contains(name)) Readers.Put(name, content);
        }

        return folder;
    }

    private static byte[] WithDigests(byte[] archive)
    {
        var entries = ZipEdits.Read(archive) ?? [];
        var index = entries.FindIndex(entry => entry.Name == TrainingFolder.ManifestFile);
        if (index < 0) return archive;
        try
        {
            var json = JsonNode.Parse(entries[index].Content)!;
            foreach (var file in json["files"]!.AsArray())
            {
                var (name, content) = entries.Find(entry => entry.Name == file!["name"]!.GetValue<string>());
                if (name is null) continue;
                file!["bytes"] = content.Length;
                file["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content));
            }

            entries[index] = (TrainingFolder.ManifestFile, JsonSerializer.SerializeToUtf8Bytes(json));
            return ZipEdits.Write(entries);
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException or NullReferenceException or ArgumentException or FormatException)
        {
            // The description itself is what was changed.
            return archive;
        }
    }

    private static OnnxValue? Input(OnnxTensorInfo input, Dictionary<string, long> symbols)
    {
        var lengths = new nint[input.Dimensions.Count];
        long count = 1;
        for (var i = 0; i < lengths.Length; i++)
        {
            var dimension = input.Dimensions[i];
            var length = dimension.Value ?? (dimension.Name is { } symbol ? symbols.TryGetValue(symbol, out var known) ? known : symbols[symbol] = 2 : 2);
            lengths[i] = (nint)length;
            count *= Math.Max(1, length);
            if (count > MostElements) return null;
        }

        if (input.ElementType == typeof(float)) return Fill(i => (float)((i % 5) - 2));
        if (input.ElementType == typeof(double)) return Fill(i => (double)((i % 5) - 2));
        if (input.ElementType == typeof(long)) return Fill(i => (long)(i % 3));
        if (input.ElementType == typeof(int)) return Fill(i => i % 3);
        if (input.ElementType == typeof(bool)) return Fill(i => i % 2 == 0);
        return input.ElementType == typeof(string) ? Fill(i => "s" + i) : null;

        OnnxValue Fill<T>(Func<int, T> value)
        {
            if (lengths.Length == 0) return OnnxValue.Scalar(value(1));
            var elements = new T[lengths.Aggregate((nint)1, (product, length) => product * length)];
            for (var i = 0; i < elements.Length; i++) elements[i] = value(i);
            return OnnxValue.From(Tensor.Create(elements, lengths));
        }
    }
}
