using System.ComponentModel;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>ONNX Runtime as the backend of a training.</summary>
/// <example><code>
/// var trainer = model.Compile(new Adam(), Loss.MeanSquaredError, backend: Backend.OnnxRuntime(ExecutionProvider.Cpu));
/// trainer.Fit(x, y, epochs: 10);
/// </code></example>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class OnnxRuntimeTraining
{
    extension(Backend)
    {
        /// <summary>
        /// Makes training steps in ONNX Runtime, as <see cref="TrainingExporter.ExportTraining"/> writes them, with weights and optimizer state on the device.
        /// They are copied when somebody reads or sets them, such as a callback, an evaluation or a file.
        /// </summary>
        /// <remarks>
        /// Evaluations are made on the device, too, if a step with such targets was; predictions and diagnoses are the engine's. Compile throws a
        /// <see cref="ModelException"/> with all reasons if the steps cannot be made. The memory of the device is freed when the trainer is collected.
        /// </remarks>
        /// <param name="provider">The device; <see cref="ExecutionProvider.Cpu"/> by default.</param>
        /// <param name="options">Threads and optimization.</param>
        public static Backend OnnxRuntime(ExecutionProvider? provider = null, OnnxModelOptions? options = null) =>
            new OnnxBackend(provider ?? ExecutionProvider.Cpu, options ?? new OnnxModelOptions());
    }
}
