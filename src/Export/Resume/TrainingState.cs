using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Resume;

/// <summary>The state of training in an ONNX file: tensors in <c>training_info</c>, which inference hosts ignore, the rest in the metadata.</summary>
internal static class TrainingState
{
    /// <summary>The key of <see cref="TrainingMetadata"/> in the file's metadata.</summary>
    public const string MetadataKey = "onnxfunctional.training";

    private const string Prefix = "optimizer/";
    private const string Slots = Prefix + "slots/";
    private const string Iterations = Prefix + "iterations";
    private const string LearningRate = Prefix + "learning_rate";

    /// <summary>Adds the trainer's state to its emitted model.</summary>
    public static void Add(Trainer trainer, ModelProto proto)
    {
        var state = trainer.State;
        var graph = new OnnxGraph("training");
        graph.Initializer(Iterations, Shape.Of(), DType.Float32, [(float)state.Iterations]);
        graph.Initializer(LearningRate, Shape.Of(), DType.Float32, [state.LearningRate]);
        foreach (var (name, shape, values) in state.Slots) graph.Initializer(Slots + name, shape, DType.Float32, values);
        proto.TrainingInfo.Add(new TrainingInfoProto { Algorithm = graph.Proto });
        proto.MetadataProps.Add(MetadataKey, TrainingMetadata.Write(trainer, state.Position));
    }

    /// <summary>Reads the state of a checked file.</summary>
    /// <exception cref="OnnxFileException">The file holds no such state, or it is damaged.</exception>
    public static (TrainingMetadata Metadata, SavedState State) Read(CheckedModel file)
    {
        var text = file.Model.MetadataProps.Find(MetadataKey)
            ?? throw new OnnxFileException(
                $"{file.Source} holds no state of training, so training cannot be resumed from it; trainer.Save writes one. "
                + "Model.Load loads the model with its weights.");
        try
        {
            var metadata = TrainingMetadata.Read(text, file.Source);
            var tensors = file.Model.TrainingInfo
                .Where(training => training.Algorithm is not null)
                .SelectMany(training => training.Algorithm.Initializer)
                .ToList();
            var slots = tensors
                .Where(tensor => tensor.Name.StartsWith(Slots, StringComparison.Ordinal))
                .Select(tensor => (tensor.Name[Slots.Length..], OnnxProto.ShapeOf(tensor), Values(file, tensor)))
                .ToList();
            if (tensors.GroupBy(tensor => tensor.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Skip(1).Any()) is { } twice)
                throw new FormatException($"it holds '{twice.Key}' twice");
            if (metadata.Iterations < 0 || One(file, tensors, Iterations) != metadata.Iterations)
                throw new FormatException($"it counts {One(file, tensors, Iterations)} steps in one place and {metadata.Iterations} in another");
            return (metadata, new SavedState(metadata.Iterations, One(file, tensors, LearningRate), slots, metadata.Position));
        }
        catch (Exception misfit) when (misfit is FormatException or OverflowException)
        {
            throw new OnnxFileException(
                $"The state of training in {file.Source} is damaged: {misfit.Message.TrimEnd('.')}. Use an older copy of the file.",
                misfit);
        }
    }

    /// <summary>
    /// Replaces the trainer's weights and state by those of a file. Everything is read and checked first, so the trainer is changed completely or not at all.
    /// </summary>
    public static void Restore(Trainer trainer, CheckedModel file, SavedState state)
    {
        var weights = WeightReader.Read(trainer.Model, file);
        Check(trainer, state, file.Source);
        trainer.Restore(state);
        foreach (var (weight, data) in weights) data.CopyTo(weight.Storage.AsSpan());
    }

    private static void Check(Trainer trainer, SavedState state, string source)
    {
        // A slot is named after its weight; its shape is up to the optimizer, so it is known only for slots that exist already.
        var known = trainer.Compiled.State.Slots.ToDictionary(slot => slot.Name, slot => slot.Shape);
        var paths = trainer.Model.WeightPaths().Select(named => named.Path).ToHashSet();
        foreach (var (name, shape, _) in state.Slots)
        {
            if (known.TryGetValue(name, out var expected) && expected != shape)
                throw new OnnxFileException(
                    $"The optimizer's state '{name}' has shape {shape} in {source}, but {expected} here. "
                    + "Load it into the model and the optimizer it was saved with.");
            if (!known.ContainsKey(name) && !IsOfWeight(name))
                throw new OnnxFileException(
                    $"The optimizer's state '{name}' in {source} belongs to no weight of model '{trainer.Model.Name}'. "
                    + "Load it into the model it was saved from.");
        }

        bool IsOfWeight(string name)
        {
            for (var end = name.LastIndexOf('/'); end > 0; end = name.LastIndexOf('/', end - 1))
            {
                if (paths.Contains(name[..end])) return true;
            }

            return false;
        }
    }

    private static float One(CheckedModel file, List<TensorProto> tensors, string name)
    {
        var tensor = tensors.Find(tensor => tensor.Name == name) ?? throw new FormatException($"'{name}' is missing");
        return Values(file, tensor) is [var value] && float.IsFinite(value) ? value : throw new FormatException($"'{name}' is not one finite number");
    }

    private static float[] Values(CheckedModel file, TensorProto tensor)
    {
        var values = file.Floats(tensor) ?? throw new FormatException($"'{tensor.Name}' is not stored as float");
        var shape = OnnxProto.ShapeOf(tensor);
        return values.Length == shape.ElementCount ? values : throw new FormatException($"'{tensor.Name}' has {values.Length} elements, but shape {shape}");
    }
}
