using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>Metrics for predictions and the targets that a loss takes.</summary>
internal static class MetricForm
{
    private static readonly string[] s_losses = ["MeanSquaredError", "CosineSimilarity", "Huber"];

    // Of targets in the predictions' shape.
    private static readonly Dictionary<string, (Func<Shape, bool> Fits, Func<Shape, Draw, Metric> Make)> s_alike = new()
    {
        ["Accuracy"] = (_ => true, (_, _) => new Accuracy()),
        ["AUC"] = (HasKnownLast, (shape, draw) => new Auc(
            draw.Of(2, 7, 200),
            draw.Of(Enum.GetValues<AucCurve>()),
            draw.Of(Enum.GetValues<AucSummation>()),
            multiLabel: shape.Rank == 2 && draw.Chance(0.3),
            fromLogits: draw.Chance(0.3))),
        ["BinaryAccuracy"] = (_ => true, (_, draw) => new BinaryAccuracy(draw.Between(0.2f, 0.8f))),
        ["BinaryIoU"] = (_ => true, (_, draw) => new BinaryIoU([draw.Below(2)], draw.Between(0.2f, 0.8f))),
        ["CategoricalAccuracy"] = (HasClasses, (_, _) => new CategoricalAccuracy()),
        ["ConcordanceCorrelation"] = (HasClasses, (_, _) => new ConcordanceCorrelation()),
        ["CosineSimilarity"] = (_ => true, (_, _) => new CosineMetric()),
        ["F1Score"] = (IsMatrix, (_, draw) => new F1Score(draw.Of(Enum.GetValues<ScoreAverage>()), Threshold(draw))),
        ["FBetaScore"] = (IsMatrix, (_, draw) => new FBetaScore(draw.Of(Enum.GetValues<ScoreAverage>()), draw.Between(0.5f, 2f), Threshold(draw))),
        ["FalseNegatives"] = (_ => true, (_, draw) => new FalseNegatives(Thresholds(draw))),
        ["FalsePositives"] = (_ => true, (_, draw) => new FalsePositives(Thresholds(draw))),
        ["OneHotIoU"] = (HasClasses, (shape, draw) => new OneHotIoU(shape.Dims[^1], [draw.Below(shape.Dims[^1])])),
        ["OneHotMeanIoU"] = (HasClasses, (shape, _) => new OneHotMeanIoU(shape.Dims[^1])),
        ["PearsonCorrelation"] = (HasClasses, (_, _) => new PearsonCorrelation()),
        ["Precision"] = (HasKnownLast, (shape, draw) => new Precision(Thresholds(draw), Top(shape, draw), Class(shape, draw))),
        ["PrecisionAtRecall"] = (HasKnownLast, (shape, draw) => new PrecisionAtRecall(draw.Between(0f, 1f), draw.Of(2, 50), Class(shape, draw))),
        ["R2Score"] = (IsMatrix, (_, draw) => new R2Score(draw.Of(Enum.GetValues<ScoreAggregation>()))),
        ["Recall"] = (HasKnownLast, (shape, draw) => new Recall(Thresholds(draw), Top(shape, draw), Class(shape, draw))),
        ["RecallAtPrecision"] = (HasKnownLast, (shape, draw) => new RecallAtPrecision(draw.Between(0f, 1f), draw.Of(2, 50), Class(shape, draw))),
        ["RootMeanSquaredError"] = (_ => true, (_, _) => new RootMeanSquaredError()),
        ["SensitivityAtSpecificity"] = (HasKnownLast, (shape, draw) => new SensitivityAtSpecificity(draw.Between(0f, 1f), draw.Of(2, 50), Class(shape, draw))),
        ["SpecificityAtSensitivity"] = (HasKnownLast, (shape, draw) => new SpecificityAtSensitivity(draw.Between(0f, 1f), draw.Of(2, 50), Class(shape, draw))),
        ["TopKCategoricalAccuracy"] = (HasClasses, (shape, draw) => new TopKCategoricalAccuracy(draw.Between(1, shape.Dims[^1]))),
        ["TrueNegatives"] = (_ => true, (_, draw) => new TrueNegatives(Thresholds(draw))),
        ["TruePositives"] = (_ => true, (_, draw) => new TruePositives(Thresholds(draw))),
        ["LossAsMetric"] = (_ => true, (_, draw) => (Loss)CompileTypes.Losses[draw.Of(s_losses)].Create(new Dictionary<string, object?>(), null)),
    };

    // Of targets that are indices of classes.
    private static readonly Dictionary<string, (Func<Shape, bool> Fits, Func<Shape, Draw, Metric> Make)> s_ofIndices = new()
    {
        ["IoU"] = (HasClasses, (shape, draw) => new IoU(shape.Dims[^1], [draw.Below(shape.Dims[^1])], sparseYPred: false)),
        ["MeanIoU"] = (HasClasses, (shape, draw) => new MeanIoU(shape.Dims[^1], draw.Chance(0.3) ? 0 : null, sparseYPred: false)),
        ["SparseCategoricalAccuracy"] = (HasClasses, (_, _) => new SparseCategoricalAccuracy()),
        ["SparseTopKCategoricalAccuracy"] = (HasClasses, (shape, draw) => new SparseTopKCategoricalAccuracy(draw.Between(1, shape.Dims[^1]))),
    };

    public static IEnumerable<string> Names => s_alike.Keys.Concat(s_ofIndices.Keys);

    /// <summary>Up to two metrics for an output, none for sequences of labels.</summary>
    public static Metric[] Draw(string loss, Shape shape, Draw draw)
    {
        if (loss == "CTC" || !draw.Chance(0.4)) return [];
        var indices = loss is "CategoricalGeneralizedCrossEntropy" or "Circle" or "SparseCategoricalCrossentropy";
        var fitting = (indices ? s_ofIndices : s_alike).Where(form => form.Value.Fits(shape)).OrderBy(form => form.Key, StringComparer.Ordinal).ToArray();
        if (fitting.Length == 0) return [];
        var names = new HashSet<string> { draw.Of(fitting).Key, draw.Of(fitting).Key };
        return [.. fitting.Where(form => names.Contains(form.Key)).Select(form => form.Value.Make(shape, draw.For(form.Key)))];
    }

    private static bool HasClasses(Shape shape) => shape.Rank > 1 && shape[^1] is > 1;

    private static bool HasKnownLast(Shape shape) => shape.Rank > 1 && shape[^1] is not null;

    private static bool IsMatrix(Shape shape) => shape.Rank == 2 && shape[^1] is not null;

    private static float? Threshold(Draw draw) => draw.Chance(0.5) ? draw.Between(0.2f, 0.8f) : null;

    private static DoubleValues? Thresholds(Draw draw) => draw.Below(3) switch
    {
        0 => draw.Between(0.2f, 0.8f),
        1 => DoubleValues.Create([0.25f, draw.Between(0.3f, 0.9f)]),
        _ => null,
    };

    private static int? Top(Shape shape, Draw draw) => draw.Chance(0.3) ? draw.Between(1, shape.Dims[^1]) : null;

    private static int? Class(Shape shape, Draw draw) => draw.Chance(0.3) ? draw.Below(shape.Dims[^1]) : null;
}
