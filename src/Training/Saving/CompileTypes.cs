using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training.Losses;
using OnnxFunctional.Training.Metrics;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Training;

/// <summary>All classes that a file's account of Compile may name, one row a class. Nothing else is ever made from a file.</summary>
internal static class CompileTypes
{
    public static FrozenDictionary<string, KerasType> Optimizers { get; } = ByName(
        Row<Adadelta>("Adadelta", "keras.optimizers"), Row<Adafactor>("Adafactor", "keras.optimizers"), Row<Adagrad>("Adagrad", "keras.optimizers"), Row<Adam>("Adam", "keras.optimizers"),
        Row<AdamW>("AdamW", "keras.optimizers"), Row<Adamax>("Adamax", "keras.optimizers"), Row<Ftrl>("Ftrl", "keras.optimizers"), Row<Lamb>("Lamb", "keras.optimizers"),
        Row<Lion>("Lion", "keras.optimizers"), Row<Muon>("Muon", "keras.optimizers"), Row<Nadam>("Nadam", "keras.optimizers"), Row<RmsProp>("RMSprop", "keras.optimizers"),
        Row<Sgd>("SGD", "keras.optimizers"));

    public static FrozenDictionary<string, KerasType> Schedules { get; } = ByName(
        Row<ExponentialDecay>("ExponentialDecay", "keras.optimizers.schedules"), Row<PiecewiseConstantDecay>("PiecewiseConstantDecay", "keras.optimizers.schedules"),
        Row<PolynomialDecay>("PolynomialDecay", "keras.optimizers.schedules"), Row<InverseTimeDecay>("InverseTimeDecay", "keras.optimizers.schedules"),
        Row<CosineDecay>("CosineDecay", "keras.optimizers.schedules"), Row<CosineDecayRestarts>("CosineDecayRestarts", "keras.optimizers.schedules"), Row<WarmUp>("WarmUp", null));

    public static FrozenDictionary<string, KerasType> Losses { get; } = ByName(
        Row<BinaryCrossentropy>("BinaryCrossentropy", "keras.losses"), Row<BinaryFocalCrossentropy>("BinaryFocalCrossentropy", "keras.losses"),
        Row<CategoricalCrossentropy>("CategoricalCrossentropy", "keras.losses"), Row<CategoricalFocalCrossentropy>("CategoricalFocalCrossentropy", "keras.losses"),
        Row<CategoricalGeneralizedCrossEntropy>("CategoricalGeneralizedCrossEntropy", "keras.losses"), Row<CategoricalHinge>("CategoricalHinge", "keras.losses"),
        Row<Circle>("Circle", "keras.losses"), Row<CosineSimilarity>("CosineSimilarity", "keras.losses"), Row<Ctc>("CTC", "keras.losses"), Row<Dice>("Dice", "keras.losses"),
        Row<Hinge>("Hinge", "keras.losses"), Row<Huber>("Huber", "keras.losses"), Row<KLDivergence>("KLDivergence", "keras.losses"), Row<LogCosh>("LogCosh", "keras.losses"),
        Row<MeanAbsoluteError>("MeanAbsoluteError", "keras.losses"), Row<MeanAbsolutePercentageError>("MeanAbsolutePercentageError", "keras.losses"),
        Row<MeanSquaredError>("MeanSquaredError", "keras.losses"), Row<MeanSquaredLogarithmicError>("MeanSquaredLogarithmicError", "keras.losses"), Row<Poisson>("Poisson", "keras.losses"),
        Row<SparseCategoricalCrossentropy>("SparseCategoricalCrossentropy", "keras.losses"), Row<SquaredHinge>("SquaredHinge", "keras.losses"), Row<Tversky>("Tversky", "keras.losses"));

    public static FrozenDictionary<string, KerasType> Metrics { get; } = ByName(
        Row<Accuracy>("Accuracy", "keras.metrics"), Row<Auc>("AUC", "keras.metrics"), Row<BinaryAccuracy>("BinaryAccuracy", "keras.metrics"), Row<BinaryIoU>("BinaryIoU", "keras.metrics"),
        Row<CategoricalAccuracy>("CategoricalAccuracy", "keras.metrics"), Row<ConcordanceCorrelation>("ConcordanceCorrelation", "keras.metrics"),
        Row<CosineMetric>("CosineSimilarity", "keras.metrics"), Row<F1Score>("F1Score", "keras.metrics"), Row<FBetaScore>("FBetaScore", "keras.metrics"),
        Row<FalseNegatives>("FalseNegatives", "keras.metrics"), Row<FalsePositives>("FalsePositives", "keras.metrics"), Row<IoU>("IoU", "keras.metrics"), Row<MeanIoU>("MeanIoU", "keras.metrics"),
        Row<OneHotIoU>("OneHotIoU", "keras.metrics"), Row<OneHotMeanIoU>("OneHotMeanIoU", "keras.metrics"), Row<PearsonCorrelation>("PearsonCorrelation", "keras.metrics"),
        Row<Precision>("Precision", "keras.metrics"), Row<PrecisionAtRecall>("PrecisionAtRecall", "keras.metrics"), Row<R2Score>("R2Score", "keras.metrics"), Row<Recall>("Recall", "keras.metrics"),
        Row<RecallAtPrecision>("RecallAtPrecision", "keras.metrics"), Row<RootMeanSquaredError>("RootMeanSquaredError", "keras.metrics"),
        Row<SensitivityAtSpecificity>("SensitivityAtSpecificity", "keras.metrics"), Row<SparseCategoricalAccuracy>("SparseCategoricalAccuracy", "keras.metrics"),
        Row<SparseTopKCategoricalAccuracy>("SparseTopKCategoricalAccuracy", "keras.metrics"), Row<SpecificityAtSensitivity>("SpecificityAtSensitivity", "keras.metrics"),
        Row<TopKCategoricalAccuracy>("TopKCategoricalAccuracy", "keras.metrics"), Row<TrueNegatives>("TrueNegatives", "keras.metrics"), Row<TruePositives>("TruePositives", "keras.metrics"),
        Row<Metric.FromLoss>("LossAsMetric", null));

    /// <summary>The table a class belongs to and what messages call its kind.</summary>
    public static (FrozenDictionary<string, KerasType> Table, string Kind) For(Type kind) =>
        kind == typeof(Optimizer) ? (Optimizers, "optimizer") : kind == typeof(Schedule) ? (Schedules, "schedule") : kind == typeof(Loss) ? (Losses, "loss") : (Metrics, "metric");

    private static KerasType Row<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(string name, string? module) => KerasType.Of<T>(name, module);

    private static FrozenDictionary<string, KerasType> ByName(params KerasType[] types) => types.ToFrozenDictionary(type => type.Name);
}
