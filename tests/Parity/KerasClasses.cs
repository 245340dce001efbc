using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Our classes by Keras' names of them.</summary>
internal static class KerasClasses
{
    /// <summary>By section of the file of signatures: <c>optimizers</c>, <c>layers</c>.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, Type>> All { get; } = new Dictionary<string, IReadOnlyDictionary<string, Type>>
    {
        ["optimizers"] = CompileTypes.Optimizers.ToDictionary(entry => entry.Key, entry => entry.Value.Type),
        ["schedules"] = CompileTypes.Schedules.ToDictionary(entry => entry.Key, entry => entry.Value.Type),
        ["losses"] = CompileTypes.Losses.ToDictionary(entry => entry.Key, entry => entry.Value.Type),
        ["metrics"] = CompileTypes.Metrics.Where(entry => entry.Value.Type.IsVisible).ToDictionary(entry => entry.Key, entry => entry.Value.Type),
        ["callbacks"] = new Dictionary<string, Type>
        {
            ["BackupAndRestore"] = typeof(BackupAndRestore),
            ["CSVLogger"] = typeof(CsvLogger),
            ["EarlyStopping"] = typeof(EarlyStopping),
            ["History"] = typeof(History),
            ["JsonLinesLogger"] = typeof(JsonLinesLogger),
            ["LambdaCallback"] = typeof(LambdaCallback),
            ["LearningRateScheduler"] = typeof(LearningRateScheduler),
            ["LoggerCallback"] = typeof(LoggerCallback),
            ["WeightHistograms"] = typeof(WeightHistograms),
            ["MagnitudePruning"] = typeof(MagnitudePruning),
            ["ModelCheckpoint"] = typeof(ModelCheckpoint),
            ["ReduceLROnPlateau"] = typeof(ReduceLROnPlateau),
            ["TensorBoard"] = typeof(TensorBoard),
            ["TerminateOnNaN"] = typeof(TerminateOnNaN),
        },
        ["layers"] = Named(KerasRegistry.Layers).Append(new("Lambda", typeof(Lambda))).ToDictionary(),
        ["initializers"] = Named(KerasRegistry.Initializers).ToDictionary(),
        ["regularizers"] = Named(KerasRegistry.Regularizers).ToDictionary(),
        ["constraints"] = Named(KerasRegistry.Constraints).ToDictionary(),
    };

    private static IEnumerable<KeyValuePair<string, Type>> Named(IReadOnlyDictionary<string, KerasType> table) =>
        table.Where(entry => entry.Key == entry.Value.Name).Select(entry => new KeyValuePair<string, Type>(entry.Key, entry.Value.Type));
}
