using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Training;

/// <content>Keras' metrics with their default options.</content>
public abstract partial class Metric
{
    /// <summary>The share of correct predictions, by the shapes of targets and predictions.</summary>
    public static Metric Accuracy { get; } = new Accuracy();

    /// <summary>The area under the ROC curve.</summary>
    public static Metric Auc { get; } = new Auc();

    /// <summary>The share of predictions on the correct side of one half.</summary>
    public static Metric BinaryAccuracy { get; } = new BinaryAccuracy();

    /// <summary>The mean binary cross-entropy.</summary>
    public static Metric BinaryCrossentropy { get; } = From(Loss.BinaryCrossentropy);

    /// <summary>The share of samples whose largest output is at the one-hot target's class.</summary>
    public static Metric CategoricalAccuracy { get; } = new CategoricalAccuracy();

    /// <summary>The mean cross-entropy over classes, for one-hot targets.</summary>
    public static Metric CategoricalCrossentropy { get; } = From(Loss.CategoricalCrossentropy);

    /// <summary>The mean margin between the right class and the best wrong one.</summary>
    public static Metric CategoricalHinge { get; } = From(Loss.CategoricalHinge);

    /// <summary>How close predictions are to the targets, 1 for equal ones (Lin 1989).</summary>
    public static Metric ConcordanceCorrelation { get; } = new ConcordanceCorrelation();

    /// <summary>The mean cosine of the angle between targets and predictions.</summary>
    public static Metric CosineSimilarity { get; } = new CosineMetric();

    /// <summary>The harmonic mean of precision and recall, per class.</summary>
    public static Metric F1Score { get; } = new F1Score();

    /// <summary>How many positives were predicted as negatives.</summary>
    public static Metric FalseNegatives { get; } = new FalseNegatives();

    /// <summary>How many negatives were predicted as positives.</summary>
    public static Metric FalsePositives { get; } = new FalsePositives();

    /// <summary>The mean hinge loss of binary targets.</summary>
    public static Metric Hinge { get; } = From(Loss.Hinge);

    /// <summary>How far predicted probabilities are from the true ones.</summary>
    public static Metric KLDivergence { get; } = From(Loss.KLDivergence);

    /// <summary>The mean of <c>log(cosh(yPred - yTrue))</c>.</summary>
    public static Metric LogCoshError { get; } = new FromLoss(Loss.LogCosh, "logcosh");

    /// <summary>The mean of <c>|yPred - yTrue|</c>.</summary>
    public static Metric MeanAbsoluteError { get; } = From(Loss.MeanAbsoluteError);

    /// <summary>The mean of <c>100 |yPred - yTrue| / |yTrue|</c>.</summary>
    public static Metric MeanAbsolutePercentageError { get; } = From(Loss.MeanAbsolutePercentageError);

    /// <summary>The mean of <c>(yPred - yTrue)^2</c>.</summary>
    public static Metric MeanSquaredError { get; } = From(Loss.MeanSquaredError);

    /// <summary>The mean of <c>(log(yPred + 1) - log(yTrue + 1))^2</c>.</summary>
    public static Metric MeanSquaredLogarithmicError { get; } = From(Loss.MeanSquaredLogarithmicError);

    /// <summary>The correlation of targets and predictions along the last axis.</summary>
    public static Metric PearsonCorrelation { get; } = new PearsonCorrelation();

    /// <summary>The mean of <c>yPred - yTrue log(yPred)</c>.</summary>
    public static Metric Poisson { get; } = From(Loss.Poisson);

    /// <summary>The share of predicted positives that are correct.</summary>
    public static Metric Precision { get; } = new Precision();

    /// <summary>The share of the targets' variance that predictions explain.</summary>
    public static Metric R2Score { get; } = new R2Score();

    /// <summary>The share of positives that are predicted as such.</summary>
    public static Metric Recall { get; } = new Recall();

    /// <summary>The root of the mean of <c>(yPred - yTrue)^2</c>.</summary>
    public static Metric RootMeanSquaredError { get; } = new RootMeanSquaredError();

    /// <summary>The share of samples whose largest output is at the target's class index.</summary>
    public static Metric SparseCategoricalAccuracy { get; } = new SparseCategoricalAccuracy();

    /// <summary>The mean cross-entropy over classes, for class indices.</summary>
    public static Metric SparseCategoricalCrossentropy { get; } = From(Loss.SparseCategoricalCrossentropy);

    /// <summary>The mean squared hinge loss of binary targets.</summary>
    public static Metric SquaredHinge { get; } = From(Loss.SquaredHinge);

    /// <summary>The share of samples for which the one-hot target's class is among the 5 largest outputs.</summary>
    public static Metric TopKCategoricalAccuracy { get; } = new TopKCategoricalAccuracy();

    /// <summary>How many negatives were predicted as such.</summary>
    public static Metric TrueNegatives { get; } = new TrueNegatives();

    /// <summary>How many positives were predicted as such.</summary>
    public static Metric TruePositives { get; } = new TruePositives();

    private static Metric[] All =>
    [
        Accuracy, Auc, BinaryAccuracy, BinaryCrossentropy, CategoricalAccuracy, CategoricalCrossentropy, CategoricalHinge, ConcordanceCorrelation,
        CosineSimilarity, F1Score, FalseNegatives, FalsePositives, Hinge, KLDivergence, LogCoshError, MeanAbsoluteError, MeanAbsolutePercentageError,
        MeanSquaredError, MeanSquaredLogarithmicError, PearsonCorrelation, Poisson, Precision, R2Score, Recall, RootMeanSquaredError,
        SparseCategoricalAccuracy, SparseCategoricalCrossentropy, SquaredHinge, TopKCategoricalAccuracy, TrueNegatives, TruePositives,
    ];

    /// <summary>A metric with default options by Keras' name: <c>mean_absolute_error</c>, <c>mae</c>.</summary>
    /// <param name="name">Keras' name: <c>accuracy</c>, <c>mean_absolute_error</c>.</param>
    /// <exception cref="ModelException">There is no metric of that name; the message names the nearest.</exception>
    public static Metric Named(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var wanted = name switch
        {
            "acc" => "accuracy",
            "bce" => "binary_crossentropy",
            "mse" => "mean_squared_error",
            "rmse" => "root_mean_squared_error",
            "mae" => "mean_absolute_error",
            "mape" => "mean_absolute_percentage_error",
            "msle" => "mean_squared_logarithmic_error",
            "kld" => "kl_divergence",
            _ => name,
        };
        if (Array.Find(All, metric => Letters(metric.Name).Equals(Letters(wanted), StringComparison.OrdinalIgnoreCase)) is { } found) return found;
        var nearest = Naming.Nearest(name, All.Select(metric => metric.Name));
        throw new ModelException(
            $"There is no metric '{name}'." + (nearest is null ? " Metric.From(function) makes a custom one." : $" Did you mean '{nearest}'?"));

        static string Letters(string text) => text.Replace("_", "", StringComparison.Ordinal);
    }
}
