using System.ComponentModel;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Resume;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>Trainings as files: <c>trainer.Save("run.onnx")</c> and <c>Trainer.Load("run.onnx")</c>. Any ONNX host runs such a file; this library also goes on training from it.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TrainerFile
{
    extension(Trainer trainer)
    {
        /// <summary>Writes model, optimizer's state, and where training stands, as one ONNX file, whole or not at all.</summary>
        /// <param name="path">The file; an older one of that name is replaced once the new one is complete and proved.</param>
        /// <param name="options">Opset, verification, metadata.</param>
        /// <returns>What was written and how far engine and ONNX Runtime were apart.</returns>
        /// <exception cref="ExportException">The model cannot be written or differs in ONNX Runtime, or the file cannot be written. An older file is untouched then.</exception>
        public ExportReport Save(string path, ExportOptions? options = null)
        {
            ArgumentNullException.ThrowIfNull(trainer);
            var (emitted, notRebuildable) = OnnxExporter.Emit(trainer.Model, options ??= new());
            TrainingState.Add(trainer, emitted.Proto);
            return OnnxExporter.Write(emitted, path, options, notRebuildable);
        }

        /// <summary>Puts the weights and the state of a file into this trainer; the next Fit goes on where the saved one stood, where that was unfinished.</summary>
        /// <param name="path">A file that <c>Save</c> or <see cref="BackupAndRestore"/> wrote from the same model and optimizer.</param>
        /// <exception cref="OnnxFileException">The file is missing, damaged or does not fit; nothing has changed then.</exception>
        public void Restore(string path)
        {
            ArgumentNullException.ThrowIfNull(trainer);
            var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
            var (metadata, state) = TrainingState.Read(file);
            if (metadata.Seed != trainer.Seed)
                throw new OnnxFileException($"{file.Source} was trained with seed {metadata.Seed}, this trainer has {trainer.Seed}, so order and dropout would differ. Pass seed: {metadata.Seed} to Compile.");
            TrainingState.Restore(trainer, file, state);
        }

        /// <summary>Rebuilds a model and its trainer from a file; training goes on with the same bits as if it had never stopped.</summary>
        /// <param name="path">A file that <c>Save</c> or <see cref="BackupAndRestore"/> wrote.</param>
        /// <param name="customObjects">Layers and activations of one's own that the model uses.</param>
        /// <param name="compile">How the model is compiled; needed only where optimizer, loss or metrics are classes or functions of one's own, which a file does not hold.</param>
        /// <param name="threads">Threads of the engine; results do not depend on it.</param>
        /// <returns>A trainer whose next Fit goes on where the saved one stood, where that was unfinished, given the same data and the same number of the last epoch.</returns>
        /// <exception cref="OnnxFileException">The file is missing, damaged, or holds no state of training.</exception>
        /// <exception cref="ModelException">The file names classes that are neither built in nor given.</exception>
        public static Trainer Load(string path, CustomObjects? customObjects = null, Func<Model, Trainer>? compile = null, int? threads = null)
        {
            var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
            var (metadata, state) = TrainingState.Read(file);
            var model = OnnxFile.Rebuild(file, customObjects, metadata.ModelSeed);
            var loaded = compile is not null ? compile(model)
                : metadata.Compile is { } config ? CompileConfig.Compile(config, model, metadata.Seed, threads)
                : throw new OnnxFileException($"{file.Source} does not say how the model is compiled: {metadata.NotStored}. Pass compile: model => model.Compile(optimizer, loss) with what it was trained with.");
            if (loaded.Seed != metadata.Seed)
                throw new OnnxFileException($"{file.Source} was trained with seed {metadata.Seed}, but compile gave {loaded.Seed}, so order and dropout would differ. Pass seed: {metadata.Seed} to Compile.");
            TrainingState.Restore(loaded, file, state);
            return loaded;
        }
    }
}
