using System.ComponentModel;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>Opens the model of a file: <c>Model.Load("model.keras")</c>, <c>Model.Load("model.onnx")</c>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ModelFile
{
    extension(Model)
    {
        /// <summary>Opens a model with its weights. What a file holds is read from its bytes, whatever its name is.</summary>
        /// <remarks>
        /// <para>
        /// A .keras file that Keras 3, tf.keras 2.12 to 2.15 or <see cref="KerasFile.Save"/> wrote; a whole model as .h5 of tf.keras 2 or Keras 3; an ONNX file
        /// that <see cref="OnnxExporter.ExportOnnx(Model, string, ExportOptions?)"/> or <see cref="TrainerFile.Save"/> wrote; Keras' architecture as JSON,
        /// whose weights are newly initialized.
        /// </para>
        /// <para>
        /// Related: <see cref="KerasFile.LoadWeights"/> reads .weights.h5 files into a model, <see cref="TrainerFile.Load"/> also resumes the training,
        /// <see cref="OnnxModel.Load"/> runs an ONNX file of any origin.
        /// </para>
        /// <para>Files are treated as untrusted: sizes are checked before memory is allocated, and no code in them is run.</para>
        /// </remarks>
        /// <param name="path">The file.</param>
        /// <param name="customObjects">Custom layers, activations and functions that the model uses.</param>
        /// <exception cref="OnnxFileException">An ONNX file is damaged, or holds no architecture because another program wrote it.</exception>
        /// <exception cref="ModelException">
        /// The file is missing or of another kind, a .keras file, .h5 file or JSON is damaged, weights do not fit, or a class is neither built in nor in
        /// <paramref name="customObjects"/>.
        /// </exception>
        /// <example><code>
        /// var model = Model.Load("model.keras");
        /// model.ExportOnnx("model.onnx");
        /// </code></example>
        public static Model Load(string path, CustomObjects? customObjects = null)
        {
            ArgumentException.ThrowIfNullOrEmpty(path);
            return MemoryShortage.GuardReading(path, () => FileContent.Of(path) switch
            {
                FileContent.Zip => KerasFile.Read(path, customObjects),
                FileContent.Json => Model.FromJson(FileContent.Text(path), customObjects),
                FileContent.Hdf5 => KerasFile.ReadLegacy(path, customObjects),
                _ => OnnxFile.Rebuild(OnnxFileGuard.ReadFile(path, new OnnxFileLimits()), customObjects),
            });
        }
    }
}
