using System.Text.Json;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Keras;

/// <summary>A model of a Keras file, compiled as there, with the state of its optimizer.</summary>
internal static class KerasTrainer
{
    /// <summary>Whether a file is one of Keras, by its first bytes.</summary>
    public static bool IsOfKeras(string path) => File.Exists(path) && FileContent.Of(path) is FileContent.Zip or FileContent.Hdf5;

    /// <summary>Opens a file.</summary>
    /// <param name="path">A .keras or .h5 file.</param>
    /// <param name="open">Opens its model.</param>
    /// <param name="compile">Compiles the model; null to compile it as the file says.</param>
    /// <param name="threads">Threads of the engine.</param>
    /// <param name="distribution">How its work is shared by several processes.</param>
    /// <exception cref="ModelException">The file is damaged, was not compiled, or was with something unknown.</exception>
    public static Trainer Load(string path, Func<Model> open, Func<Model, Trainer>? compile, int? threads, Distribution? distribution)
    {
        var name = Path.GetFileName(path);
        var isArchive = FileContent.Of(path) == FileContent.Zip;
        var model = compile is not null ? open() : OpenOrListAll(path, name, open);
        var (config, arrays) = isArchive ? OfArchive(path, name) : OfLegacy(path);
        var trainer = compile is not null ? compile(model) : Compile(config, isArchive, name, model, threads, distribution);
        if (arrays.Count > 0) KerasOptimizer.Read(trainer, arrays, name);
        return trainer;
    }

    /// <summary>Writes the model, the arguments of Compile, and the state of the optimizer.</summary>
    /// <exception cref="ModelException">Something of them cannot be stored.</exception>
    public static void Save(Trainer trainer, string path)
    {
        var (model, precision) = (trainer.Model, trainer.Compiled.Precision);
        var json = ModelWriter.Write(model, merged: true, precision == MixedPrecision.Float32 ? null : precision.PolicyName());
        json["compile_config"] = KerasCompileWriter.Write(trainer.Compiled);
        var config = model.WriteJson(json, indented: false);
        var weights = MemoryShortage.Guard($"to save '{path}'", model, () => KerasWeights.Write(model, KerasOptimizer.Write(trainer)));
        AtomicFile.Write(path, stream => KerasArchive.Write(stream, config, weights));
    }

    /// <summary>The optimizer's variables by the paths that .keras files give them; none if the file holds none that are read.</summary>
    public static IReadOnlyDictionary<string, Hdf5Array> StateOf(string path) =>
        FileContent.Of(path) == FileContent.Zip ? OfArchive(path, Path.GetFileName(path)).Arrays : OfLegacy(path).Arrays;

    private static (string? Config, IReadOnlyDictionary<string, Hdf5Array> Arrays) OfArchive(string path, string name)
    {
        using var stream = FileContents.Open(path);
        var archive = KerasArchive.Read(stream, name);
        if (archive.Metadata.IsKeras2) return (archive.Config, new Dictionary<string, Hdf5Array>());
        var arrays = Hdf5Reader.Read(archive.Weights).Where(entry => entry.Key.StartsWith(KerasOptimizer.Folder, StringComparison.Ordinal));
        return (archive.Config, arrays.ToDictionary());
    }

    private static (string? Config, IReadOnlyDictionary<string, Hdf5Array> Arrays) OfLegacy(string path)
    {
        var file = Hdf5Reader.OpenFile(path);
        return (file.Text("training_config"), LegacyFile.OptimizerOf(file));
    }

    /// <summary>The model; if it cannot be read, what its arguments of compile name and nobody knows is told with it.</summary>
    private static Model OpenOrListAll(string path, string name, Func<Model> open)
    {
        try
        {
            return open();
        }
        catch (ModelException error)
        {
            IReadOnlyList<string> more;
            try
            {
                var isArchive = FileContent.Of(path) == FileContent.Zip;
                var config = isArchive ? OfArchive(path, name).Config : OfLegacy(path).Config;
                using var document = Parsed(config, name);
                more = KerasCompileProblems.Of(CompileArguments(document.RootElement, isArchive, name));
            }
            catch (ModelException)
            {
                // What is wrong with the file was told first.
                more = [];
            }

            if (more.Count == 0) throw;
            var lines = string.Concat(more.Select(problem => Environment.NewLine + "- " + problem));
            throw new ModelException($"{error.Message}{Environment.NewLine}It cannot be compiled as in Keras either:{lines}", error);
        }
    }

    private static Trainer Compile(string? config, bool isArchive, string name, Model model, int? threads, Distribution? distribution)
    {
        using var document = Parsed(config, name);
        var json = CompileArguments(document.RootElement, isArchive, name);
        try
        {
            return KerasCompileConfig.Compile(json, model, threads, distribution);
        }
        catch (Exception error) when (error is ModelException or InvalidOperationException)
        {
            throw new ModelException(
                $"'{name}' cannot be compiled as in Keras: {error.Message} "
                + "Pass compile: model => model.Compile(optimizer, loss) with those of the training.",
                error);
        }
    }

    private static JsonDocument Parsed(string? config, string name)
    {
        if (config is null) throw NotCompiled(name);
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = ModelLimits.JsonDepth, AllowDuplicateProperties = false };
            return JsonDocument.Parse(PythonNumbers.Quoted(config), options);
        }
        catch (JsonException error)
        {
            throw new ModelException($"The arguments of compile in '{name}' cannot be read: {error.Message}", error);
        }
    }

    private static JsonElement CompileArguments(JsonElement json, bool isArchive, string name)
    {
        if (isArchive && (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("compile_config", out json))) throw NotCompiled(name);
        return json.ValueKind == JsonValueKind.Object && json.EnumerateObject().Any() ? json : throw NotCompiled(name);
    }

    private static ModelException NotCompiled(string name) => new(
        $"'{name}' holds a model that was not compiled. Open it with Model.Load, or pass compile: model => model.Compile(optimizer, loss).");
}
