namespace OnnxFunctional.Training;

/// <summary>How the losses of samples become one number.</summary>
public enum LossReduction
{
    /// <summary>Their sum over the number of samples, weights applied: Keras' sum_over_batch_size.</summary>
    SumOverBatchSize,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>Their sum over the sum of the weights.</summary>
    MeanWithSampleWeight,

    /// <summary>None: one number a sample. Training needs one of the others.</summary>
    None,
}

/// <summary>What training makes small: a function of targets and predictions, over tensors (https://keras.io/api/losses/).</summary>
public abstract partial class Loss
{
    /// <summary>How the losses of samples become one number.</summary>
    public LossReduction Reduction { get; init; }

    /// <summary>Keras' name: <c>mean_squared_error</c>.</summary>
    public virtual string Name => Naming.SnakeCase(GetType().Name);

    /// <summary>Whether targets are class numbers rather than values of the prediction's shape.</summary>
    internal virtual bool IsSparse => false;

    /// <summary>The largest class number plus one that targets may have, given the prediction's shape; nothing where any value will do.</summary>
    internal virtual int? ClassesOf(Shape prediction) => null;

    /// <summary>A loss of one's own: a function of targets and predictions that gives one number for each sample (or more, which are averaged).</summary>
    /// <example><c>Loss logCosh = Loss.From((yTrue, yPred) => Ops.Mean(Ops.Log(Ops.Cosh(yPred - yTrue)), axis: -1));</c></example>
    public static Loss From(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function, string name = "custom_loss")
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function, name);
    }

    /// <summary>The loss as a tensor, for a step or a model of one's own: one number, unless <see cref="Reduction"/> is <see cref="LossReduction.None"/>.</summary>
    /// <param name="yTrue">Targets (batch, ...).</param>
    /// <param name="yPred">Predictions (batch, ...); its mask takes positions out.</param>
    /// <param name="sampleWeight">A weight for each sample, or each position.</param>
    /// <exception cref="ModelException">Targets do not fit predictions; the message says what was expected.</exception>
    public SymbolicTensor Call(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? sampleWeight = null)
    {
        ArgumentNullException.ThrowIfNull(yTrue);
        ArgumentNullException.ThrowIfNull(yPred);
        return Reduce(yTrue, yPred, sampleWeight);
    }

    /// <summary>The losses of all samples, before weighting.</summary>
    /// <param name="yTrue">Targets (batch, ...).</param>
    /// <param name="yPred">Predictions (batch, ...).</param>
    /// <returns>One number a sample or position.</returns>
    protected internal abstract SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred);

    /// <summary>The loss as one number, unless <see cref="Reduction"/> is <see cref="LossReduction.None"/>.</summary>
    /// <param name="yTrue">Targets.</param>
    /// <param name="yPred">Predictions; its mask takes positions out.</param>
    /// <param name="weights">A weight for each sample, or none.</param>
    internal SymbolicTensor Reduce(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        var losses = PerSample(yTrue, yPred);

        // A loss may itself say which positions count.
        var mask = losses.Mask is { } own && yPred.Mask is { } given ? Ops.LogicalAnd(own, LossWeights.Fit(given, own)) : losses.Mask ?? yPred.Mask;
        var weighting = LossWeights.Of(losses, mask, weights, Reduction is LossReduction.SumOverBatchSize or LossReduction.MeanWithSampleWeight);
        var weighted = weighting is null ? losses : losses * weighting;
        return Reduction switch
        {
            LossReduction.Sum => Ops.Sum(weighted),
            LossReduction.None => weighted,
            LossReduction.MeanWithSampleWeight when weighting is not null => Ops.Sum(weighted) / Ops.Sum(weighting + Ops.ZerosLike(losses)),
            _ => Ops.Mean(weighted),
        };
    }

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function, string name) : Loss
    {
        public override string Name => name;

        protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) => function(yTrue, yPred);
    }
}

/// <summary>The weights of samples and masks as one factor on the losses.</summary>
internal static class LossWeights
{
    /// <summary>Keras' rule: a mask multiplies the weights, and for means also by all positions over valid ones, so that masked positions do not dilute.</summary>
    public static SymbolicTensor? Of(SymbolicTensor losses, SymbolicTensor? mask, SymbolicTensor? weights, bool rescaleMask)
    {
        SymbolicTensor? result = null;
        if (mask is not null)
        {
            var valid = Ops.Cast(mask, DType.Float32);
            if (rescaleMask) valid *= Ops.Size(mask) / Ops.Maximum(Ops.Sum(valid), 1e-7f);
            result = Fit(valid, losses);
        }

        if (weights is not null)
        {
            var fitted = Fit(weights, losses);
            result = result is null ? fitted : result * fitted;
        }

        return result;
    }

    /// <summary>Trailing axes of size 1 added or taken away until the ranks agree.</summary>
    public static SymbolicTensor Fit(SymbolicTensor weights, SymbolicTensor losses)
    {
        while (weights.Rank > losses.Rank && weights.Shape[^1] == 1) weights = Ops.Squeeze(weights, -1);
        while (weights.Rank < losses.Rank) weights = Ops.ExpandDims(weights, weights.Rank);
        return weights.Rank == losses.Rank
            ? weights
            : throw new ModelException($"Weights of shape {weights.Shape} do not fit losses of shape {losses.Shape}; give one weight a sample, or one a position.");
    }
}
