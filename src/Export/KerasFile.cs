using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.Keras;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>
/// Files of Keras: models with their weights (.keras, and .h5 to read), and weights alone (.weights.h5). Python is not needed, and code in the files is never
/// run.
/// </summary>
/// <example><code>
/// var model = Model.Load("model.keras");
/// model.Save("copy.keras");
/// </code></example>
public static class KerasFile
{
    /// <summary>Loads a model with its weights from the content of a .keras file; <see cref="ModelFile.Load"/> opens files.</summary>
    /// <remarks>
    /// The content is treated as untrusted: sizes are checked before memory is allocated, only built-in classes
    /// and those in <paramref name="customObjects"/> are instantiated, nothing is written to the disk.
    /// </remarks>
    /// <param name="stream">The content; it must allow seeking.</param>
    /// <param name="customObjects">Custom classes and functions that the content may name.</param>
    /// <exception cref="ModelException">The content does not hold a model, names an unknown
    /// class, or its weights do not fit; all problems are in one message.</exception>
    public static Model Load(Stream stream, CustomObjects? customObjects = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Load(stream, "the stream", customObjects);
    }

    /// <summary>The model of a .keras file.</summary>
    internal static Model Read(string path, CustomObjects? customObjects)
    {
        using var stream = FileContents.Open(path);
        return Load(stream, Path.GetFileName(path), customObjects);
    }

    /// <summary>The model of an .h5 file, with its weights.</summary>
    internal static Model ReadLegacy(string path, CustomObjects? customObjects) =>
        LegacyFile.Read(Hdf5Reader.OpenFile(path), Path.GetFileName(path), customObjects);

    /// <summary>
    /// Writes the model and its weights as a .keras file, which Keras' <c>load_model</c>
    /// opens. The file is written completely or not at all, and equal models give equal files.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <exception cref="ModelException">The model holds something that cannot be stored, such as a function.</exception>
    /// <exception cref="ExportException">The file system refuses.</exception>
    public static void Save(this Model model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckName(path);
        var config = model.WriteJson(indented: false, merged: true);
        var weights = MemoryShortage.Guard($"to save '{path}'", model, () => KerasWeights.Write(model));
        AtomicFile.Write(path, stream => KerasArchive.Write(stream, config, weights));
    }

    /// <summary>
    /// Writes the model, the arguments of Compile and the state of the optimizer as a .keras file: Keras' <c>load_model</c> and <c>Trainer.Load</c> resume the
    /// training from it, with the policy of its precision. The file is written completely or not at all.
    /// </summary>
    /// <remarks>The position within an unfinished Fit is not part of Keras' format; <c>trainer.Save</c> keeps it, in an ONNX file.</remarks>
    /// <param name="trainer">The trainer.</param>
    /// <param name="path">The file, whose name ends in .keras; an existing one is replaced.</param>
    /// <exception cref="ModelException">Model or arguments of Compile hold something that Keras' files cannot, such as a function.</exception>
    /// <exception cref="ExportException">The file system refuses, or the name ends otherwise.</exception>
    /// <example><code>
    /// trainer.Fit(x, y, epochs: 5);
    /// trainer.SaveKeras("trained.keras");           // in Python: keras.models.load_model("trained.keras").fit(x, y)
    /// </code></example>
    public static void SaveKeras(this Trainer trainer, string path)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        CheckName(path);
        using var held = WeightGate.Hold(trainer.Model.Weights);
        KerasTrainer.Save(trainer, path);
    }

    /// <summary>
    /// Loads the weights of a model from a .weights.h5 file, written by Keras' <c>save_weights</c> or by <see cref="SaveWeights"/>, or from an .h5 file of
    /// Keras 2.
    /// </summary>
    /// <param name="model">A model of the same architecture.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="ModelException">The file is damaged, or arrays are missing, superfluous or of another shape; no weight is changed then.</exception>
    public static void LoadWeights(this Model model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = MemoryShortage.GuardReading(path, () => Hdf5Reader.OpenFile(path));
        if (LegacyFile.HoldsWeights(file)) LegacyFile.ReadWeights(model, file);
        else KerasWeights.Read(model, file.Arrays);
    }

    /// <summary>Writes only the weights as a .weights.h5 file, which Keras' <c>load_weights</c> reads.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <exception cref="ExportException">The file system refuses.</exception>
    public static void SaveWeights(this Model model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        AtomicFile.Write(path, MemoryShortage.Guard($"to save '{path}'", model, () => KerasWeights.Write(model)));
    }

    /// <summary>Loads the state of Keras' optimizer, so that training resumes where it stopped there: number of steps, learning rate, moments.</summary>
    /// <param name="trainer">A trainer of the same architecture with the same optimizer; with a schedule if Keras had one.</param>
    /// <param name="path">A .keras file of a trained model, or an .h5 file that Keras 3 wrote.</param>
    /// <exception cref="ModelException">The file holds no optimizer, or the state of another one; nothing is changed then.</exception>
    public static void LoadOptimizer(this Trainer trainer, string path)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentException.ThrowIfNullOrEmpty(path);
        KerasOptimizer.Read(trainer, KerasTrainer.StateOf(path), Path.GetFileName(path));
    }

    /// <summary>Whether a name is that of a .keras file.</summary>
    internal static bool IsNamed(string path) => path.EndsWith(".keras", StringComparison.OrdinalIgnoreCase);

    private static void CheckName(string path)
    {
        if (IsNamed(path)) return;
        throw new ExportException(
            $"Save writes Keras' format, whose files end in .keras, but got '{path}'. "
            + $"Use \"{Path.ChangeExtension(path, ".keras")}\", or ExportOnnx for .onnx.");
    }

    private static Model Load(Stream stream, string name, CustomObjects? customObjects)
    {
        var archive = KerasArchive.Read(stream, name);
        try
        {
            var config = KerasVocabularies.Insert(archive.Config, archive.Vocabularies);
            var model = ModelReader.Read(config, customObjects, 0, archive.Metadata.IsOurs, archive.Metadata.Version);
            KerasWeights.Read(model, Hdf5Reader.Read(archive.Weights));
            return model;
        }
        catch (ModelException error) when (archive.Metadata.Unknown is { } unknown)
        {
            throw new ModelException($"{error.Message} {unknown}", error) { NamesLayer = true };
        }
    }
}
