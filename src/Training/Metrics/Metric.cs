using System.Globalization;

namespace OnnxFunctional.Training;

/// <summary>A measure of how good predictions are, accumulated over batches (https://keras.io/api/metrics/).</summary>
/// <remarks>Each batch yields sums, computed in the training graph. They are added up over the batches, and the result is a function of the totals.</remarks>
/// <param name="name">The name in logs, history and files; default: Keras' name of the class.</param>
/// <example><code>
/// Metric bias = Metric.From((yTrue, yPred) => Ops.Mean(yPred - yTrue, axis: -1), "bias");
/// var trainer = model.Compile(new Adam(), Loss.MeanSquaredError, metrics: [Metric.MeanAbsoluteError, bias]);
/// </code></example>
public abstract partial class Metric(string? name = null)
{
    private readonly string? _name = name;

    /// <summary>The name in logs and history.</summary>
    public string Name => _name ?? DefaultName;

    private protected virtual string DefaultName => Naming.SnakeCase(GetType().Name);

    /// <summary>A loss as a metric: its mean over samples, under the loss's name.</summary>
    /// <param name="loss">The loss.</param>
    public static Metric From(Loss loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        return new FromLoss(loss, loss.Name);
    }

    /// <summary>A loss as a metric: its mean over samples, under the loss's name.</summary>
    public static implicit operator Metric(Loss loss) => From(loss);

    /// <summary>A custom metric: the mean of a function of targets and predictions.</summary>
    /// <param name="function">Computes a value per sample from targets and predictions.</param>
    /// <param name="name">Its name in logs.</param>
    public static Metric From(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function, string name)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function, name);
    }

    /// <summary>The sums of one batch.</summary>
    /// <param name="yTrue">Targets.</param>
    /// <param name="yPred">Predictions.</param>
    /// <param name="weights">A weight per sample, or null.</param>
    protected internal abstract SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights);

    /// <summary>The value of the metric, from the totals of <see cref="Sums"/> over all batches.</summary>
    /// <param name="totals">What <see cref="Sums"/> returned, added up over all batches.</param>
    protected internal abstract double Result(IReadOnlyList<double[]> totals);

    /// <summary>
    /// All values of the metric: one, or one per threshold or class. Several are numbered from 0 in logs, <c>precision_0</c>; <see cref="Result"/> is their
    /// mean.
    /// </summary>
    /// <param name="totals">What <see cref="Sums"/> returned, added up over all batches.</param>
    protected internal virtual IReadOnlyList<double> Results(IReadOnlyList<double[]> totals) => [Result(totals)];

    /// <summary>Writes the values into logs.</summary>
    internal void Report(Dictionary<string, double> logs, string log, IReadOnlyList<double[]> totals)
    {
        var results = Results(totals);
        for (var i = 0; i < results.Count; i++)
            logs[results.Count == 1 ? log : string.Create(CultureInfo.InvariantCulture, $"{log}_{i}")] = results[i];
    }

    /// <summary>Whether larger values are better; null if that is unknown, as for a function of the user's.</summary>
    internal virtual bool? LargerIsBetter => null;

    /// <summary>Whether the result is the first sum over the second, so that a host that has the sums needs no code for it.</summary>
    internal virtual bool IsMean => false;

    /// <summary>The metric to use for these shapes; a more specific one if the shapes decide, as for accuracy.</summary>
    internal virtual Metric For(Shape yTrue, Shape yPred) => this;

    internal sealed class FromLoss(Loss loss, string? name = null) : MeanMetric(name)
    {
        public Loss Loss { get; } = loss;

        internal override bool? LargerIsBetter => false;

        protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) => Loss.PerSample(yTrue, yPred);
    }

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function, string name) : MeanMetric(name)
    {
        protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) => function(yTrue, yPred);
    }
}

/// <summary>A metric that is the weighted mean of one value per sample.</summary>
/// <param name="name">Its name in logs, history and files; default: Keras' name of the class.</param>
public abstract class MeanMetric(string? name = null) : Metric(name)
{
    // A derived class may compute something else from the sums.
    internal override bool IsMean =>
        ((Func<IReadOnlyList<double[]>, double>)Result).Method.DeclaringType == typeof(MeanMetric)
        && ((Func<IReadOnlyList<double[]>, IReadOnlyList<double>>)Results).Method.DeclaringType == typeof(Metric);

    /// <summary>The value of each sample or position.</summary>
    /// <param name="yTrue">The targets.</param>
    /// <param name="yPred">The predictions.</param>
    protected abstract SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred);

    /// <inheritdoc/>
    protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        ArgumentNullException.ThrowIfNull(yPred);
        var values = PerSample(yTrue, yPred);
        var weighting = LossWeights.Of(values, yPred.Mask, yPred.Shape, weights, rescaleMask: false);
        return weighting is null
            ? [Ops.Sum(values), Ops.Size(values)]
            : [Ops.Sum(values * weighting), Ops.Sum(weighting + Ops.ZerosLike(values))];
    }

    /// <inheritdoc/>
    protected internal override double Result(IReadOnlyList<double[]> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return totals[1][0] == 0 ? 0 : totals[0][0] / totals[1][0];
    }
}
