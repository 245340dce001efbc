using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training.Losses;
using OnnxFunctional.Training.Metrics;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Training;

/// <summary>All classes that a file may name as arguments of Compile, one row per class. Nothing else is ever created from a file.</summary>
internal static class CompileTypes
{
    public static FrozenDictionary<string, KerasType> Optimizers { get; } = ByName(
        OptimizerRow<Adadelta>("Adadelta"),
        OptimizerRow<Adafactor>("Adafactor"),
        OptimizerRow<Adagrad>("Adagrad"),
        OptimizerRow<Adam>("Adam"),
        OptimizerRow<AdamW>("AdamW"),
        OptimizerRow<Adamax>("Adamax"),
        OptimizerRow<Ftrl>("Ftrl"),
        OptimizerRow<Lamb>("Lamb"),
        Row<LazyAdam>("LazyAdam", null),
        OptimizerRow<Lion>("Lion"),
        OptimizerRow<Muon>("Muon"),
        OptimizerRow<Nadam>("Nadam"),
        OptimizerRow<RmsProp>("RMSprop"),
        OptimizerRow<Sgd>("SGD"));

    public static FrozenDictionary<string, KerasType> Schedules { get; } = ByName(
        ScheduleRow<ExponentialDecay>("ExponentialDecay"),
        ScheduleRow<PiecewiseConstantDecay>("PiecewiseConstantDecay"),
        ScheduleRow<PolynomialDecay>("PolynomialDecay"),
        ScheduleRow<InverseTimeDecay>("InverseTimeDecay"),
        ScheduleRow<CosineDecay>("CosineDecay"),
        ScheduleRow<CosineDecayRestarts>("CosineDecayRestarts"),
        Row<WarmUp>("WarmUp", null));

    public static FrozenDictionary<string, KerasType> Losses { get; } = ByName(
        LossRow<BinaryCrossentropy>("BinaryCrossentropy"),
        LossRow<BinaryFocalCrossentropy>("BinaryFocalCrossentropy"),
        LossRow<CategoricalCrossentropy>("CategoricalCrossentropy"),
        LossRow<CategoricalFocalCrossentropy>("CategoricalFocalCrossentropy"),
        LossRow<CategoricalGeneralizedCrossEntropy>("CategoricalGeneralizedCrossEntropy"),
        LossRow<CategoricalHinge>("CategoricalHinge"),
        LossRow<Circle>("Circle"),
        LossRow<CosineSimilarity>("CosineSimilarity"),
        LossRow<Ctc>("CTC"),
        LossRow<Dice>("Dice"),
        LossRow<Hinge>("Hinge"),
        LossRow<Huber>("Huber"),
        LossRow<KLDivergence>("KLDivergence"),
        LossRow<LogCosh>("LogCosh"),
        LossRow<MeanAbsoluteError>("MeanAbsoluteError"),
        LossRow<MeanAbsolutePercentageError>("MeanAbsolutePercentageError"),
        LossRow<MeanSquaredError>("MeanSquaredError"),
        LossRow<MeanSquaredLogarithmicError>("MeanSquaredLogarithmicError"),
        LossRow<Poisson>("Poisson"),
        LossRow<SparseCategoricalCrossentropy>("SparseCategoricalCrossentropy"),
        LossRow<SquaredHinge>("SquaredHinge"),
        LossRow<Tversky>("Tversky"));

    public static FrozenDictionary<string, KerasType> Metrics { get; } = ByName(
        MetricRow<Accuracy>("Accuracy"),
        MetricRow<Auc>("AUC"),
        MetricRow<BinaryAccuracy>("BinaryAccuracy"),
        MetricRow<BinaryIoU>("BinaryIoU"),
        MetricRow<CategoricalAccuracy>("CategoricalAccuracy"),
        MetricRow<ConcordanceCorrelation>("ConcordanceCorrelation"),
        MetricRow<CosineMetric>("CosineSimilarity"),
        MetricRow<F1Score>("F1Score"),
        MetricRow<FBetaScore>("FBetaScore"),
        MetricRow<FalseNegatives>("FalseNegatives"),
        MetricRow<FalsePositives>("FalsePositives"),
        MetricRow<IoU>("IoU"),
        MetricRow<MeanIoU>("MeanIoU"),
        MetricRow<OneHotIoU>("OneHotIoU"),
        MetricRow<OneHotMeanIoU>("OneHotMeanIoU"),
        MetricRow<PearsonCorrelation>("PearsonCorrelation"),
        MetricRow<Precision>("Precision"),
        MetricRow<PrecisionAtRecall>("PrecisionAtRecall"),
        MetricRow<R2Score>("R2Score"),
        MetricRow<Recall>("Recall"),
        MetricRow<RecallAtPrecision>("RecallAtPrecision"),
        MetricRow<RootMeanSquaredError>("RootMeanSquaredError"),
        MetricRow<SensitivityAtSpecificity>("SensitivityAtSpecificity"),
        MetricRow<SparseCategoricalAccuracy>("SparseCategoricalAccuracy"),
        MetricRow<SparseTopKCategoricalAccuracy>("SparseTopKCategoricalAccuracy"),
        MetricRow<SpecificityAtSensitivity>("SpecificityAtSensitivity"),
        MetricRow<TopKCategoricalAccuracy>("TopKCategoricalAccuracy"),
        MetricRow<TrueNegatives>("TrueNegatives"),
        MetricRow<TruePositives>("TruePositives"),
        Row<Metric.FromLoss>("LossAsMetric", null));

    /// <summary>The table of a kind of class, and the name of the kind in messages.</summary>
    public static (FrozenDictionary<string, KerasType> Table, string Kind) For(Type kind) =>
        kind == typeof(Optimizer) ? (Optimizers, "optimizer")
        : kind == typeof(Schedule) ? (Schedules, "schedule")
        : kind == typeof(Loss) ? (Losses, "loss")
        : (Metrics, "metric");

    private static KerasType OptimizerRow<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(string name) => Row<T>(name, "keras.optimizers");

    private static KerasType ScheduleRow<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(string name) => Row<T>(name, "keras.optimizers.schedules");

    private static KerasType LossRow<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(string name) => Row<T>(name, "keras.losses");

    private static KerasType MetricRow<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(string name) => Row<T>(name, "keras.metrics");

    private static KerasType Row<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(string name, string? module) => KerasType.Of<T>(name, module);

    private static FrozenDictionary<string, KerasType> ByName(params KerasType[] types) => types.ToFrozenDictionary(type => type.Name);
}
