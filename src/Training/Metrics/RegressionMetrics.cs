using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training.Metrics;

/// <summary>The root of the mean of <c>(yPred - yTrue)^2</c>.</summary>
/// <remarks>https://keras.io/api/metrics/regression_metrics/#rootmeansquarederror-class</remarks>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
public sealed class RootMeanSquaredError(string? name = null) : MeanMetric(name)
{
    internal override bool? LargerIsBetter => false;

    /// <inheritdoc/>
    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Mean(Ops.Square(yPred - Targets.Like(yTrue, yPred, Name)), -1);

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals) => Math.Sqrt(base.Result(totals));
}

/// <summary>The mean cosine of the angle between targets and predictions.</summary>
internal sealed class CosineMetric(string? name = null) : MeanMetric(name)
{
    internal override bool? LargerIsBetter => true;

    private protected override string DefaultName => "cosine_similarity";

    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        OnnxFunctional.Training.Losses.CosineSimilarity.Cosine(Targets.Like(yTrue, yPred, Name), yPred, -1);
}

/// <summary>The correlation of targets and predictions along an axis: <c>mean((y - mean(y)) (p - mean(p))) / (std(y) std(p))</c>.</summary>
/// <remarks>https://keras.io/api/metrics/regression_metrics/#pearsoncorrelation-class</remarks>
/// <param name="axis">The axis along which values are correlated.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
public sealed class PearsonCorrelation(int axis = -1, string? name = null) : MeanMetric(name)
{
    internal override bool? LargerIsBetter => true;

    /// <summary>The axis along which values are correlated.</summary>
    public int Axis { get; } = axis;

    /// <inheritdoc/>
    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) =>
        Ops.Mean(Standardized(Targets.Like(yTrue, yPred, Name)) * Standardized(yPred), Axis);

    private SymbolicTensor Standardized(SymbolicTensor x)
    {
        var centered = x - Ops.Mean(x, Axis, keepdims: true);
        return centered * Ops.Rsqrt(Ops.Mean(Ops.Square(centered), Axis, keepdims: true));
    }
}

/// <summary>How close predictions are to the targets (Lin 1989): <c>2 cov / (var(y) + var(p) + (mean(y) - mean(p))^2)</c>, 1 for equal ones.</summary>
/// <remarks>https://keras.io/api/metrics/regression_metrics/#concordancecorrelation-class</remarks>
/// <param name="axis">The axis along which values are correlated.</param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
public sealed class ConcordanceCorrelation(int axis = -1, string? name = null) : MeanMetric(name)
{
    internal override bool? LargerIsBetter => true;

    /// <summary>The axis along which values are correlated.</summary>
    public int Axis { get; } = axis;

    /// <inheritdoc/>
    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.Like(yTrue, yPred, Name);
        var (yMean, pMean) = (Ops.Mean(y, Axis, keepdims: true), Ops.Mean(yPred, Axis, keepdims: true));
        var (yCentered, pCentered) = (y - yMean, yPred - pMean);
        var variances = Ops.Mean(Ops.Square(yCentered), Axis, keepdims: true) + Ops.Mean(Ops.Square(pCentered), Axis, keepdims: true);
        var norm = variances + Ops.Square(yMean - pMean);
        return Ops.Mean(2 * yCentered * pCentered / (norm + Targets.Epsilon), Axis);
    }
}

/// <summary>How the scores of several outputs are averaged.</summary>
public enum ScoreAggregation
{
    /// <summary>Their mean.</summary>
    UniformAverage,

    /// <summary>Their mean, weighted by the variances of their targets.</summary>
    VarianceWeightedAverage,
}

/// <summary>The share of the targets' variance that predictions explain: <c>1 - sum((y - p)^2) / sum((y - mean(y))^2)</c>.</summary>
/// <remarks>https://keras.io/api/metrics/regression_metrics/#r2score-class</remarks>
/// <param name="classAggregation">How the scores of several outputs are averaged.</param>
/// <param name="numRegressors">
/// The number of independent variables for the adjusted score <c>1 - (1 - R2) (n - 1) / (n - numRegressors - 1)</c>; 0 for the plain one.
/// </param>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class R2Score(ScoreAggregation classAggregation = ScoreAggregation.UniformAverage, int numRegressors = 0, string? name = null) : Metric(name)
{
    internal override bool? LargerIsBetter => true;

    /// <summary>How the scores of several outputs are averaged.</summary>
    public ScoreAggregation ClassAggregation { get; } = classAggregation;

    /// <summary>The number of independent variables for the adjusted score.</summary>
    public int NumRegressors { get; } = numRegressors >= 0
        ? numRegressors
        : throw Check.Option(nameof(R2Score), nameof(numRegressors), Check.Text(numRegressors), "a number of at least 0");

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var y = Targets.Like(yTrue, yPred, Name);
        var weighting = Counts.Weighting(yPred, weights);
        var samples = Ops.Cast(Ops.NotEqual(weighting, 0), DType.Float32);
        return
        [
            Counts.PerClass(y * weighting),
            Counts.PerClass(Ops.Square(y) * weighting),
            Counts.PerClass(Ops.Square(y - yPred) * weighting),
            Counts.PerClass(weighting),
            Counts.PerClass(samples),
        ];
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        var (sum, weight) = (0.0, 0.0);
        for (var i = 0; i < totals[0].Length; i++)
        {
            var variance = totals[1][i] - (totals[0][i] * totals[0][i] / totals[3][i]);
            var score = variance == 0 ? 0 : 1 - (totals[2][i] / variance);
            var share = ClassAggregation == ScoreAggregation.UniformAverage ? 1 : variance;
            sum += score * share;
            weight += share;
        }

        var all = weight == 0 ? 0 : sum / weight;
        var free = totals[4][0] - NumRegressors - 1;
        return NumRegressors == 0 || free <= 0 ? all : 1 - ((1 - all) * (totals[4][0] - 1) / free);
    }
}
