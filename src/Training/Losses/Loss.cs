namespace OnnxFunctional.Training;

/// <summary>How the losses of the samples are reduced to one value.</summary>
public enum LossReduction
{
    /// <summary>The weighted sum, divided by the number of samples: Keras' sum_over_batch_size.</summary>
    SumOverBatchSize,

    /// <summary>The weighted sum.</summary>
    Sum,

    /// <summary>The weighted sum, divided by the sum of the weights.</summary>
    MeanWithSampleWeight,

    /// <summary>No reduction: one value per sample. Training needs one of the others.</summary>
    None,
}

/// <summary>What training minimizes: a function of targets and predictions, over tensors (https://keras.io/api/losses/).</summary>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
public abstract partial class Loss(LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null)
{
    /// <summary>How the losses of the samples are reduced to one value.</summary>
    public LossReduction Reduction { get; } = reduction;

    /// <summary>The given name; by default Keras' name of the class: <c>mean_squared_error</c>.</summary>
    public virtual string Name => GivenName ?? Naming.SnakeCase(GetType().Name);

    /// <summary>The name that was given; null if the class decides it.</summary>
    internal string? GivenName { get; } = name;

    /// <summary>Whether targets are class indices rather than values in the prediction's shape.</summary>
    internal virtual bool IsSparse => false;

    /// <summary>Whether predictions are logits rather than probabilities; null if the loss takes neither.</summary>
    internal virtual bool? TakesLogits => null;

    /// <summary>The number of classes that targets may name, given the prediction's shape; null if any value is allowed.</summary>
    internal virtual int? ClassesOf(Shape prediction) => null;

    /// <summary>A custom loss: a function of targets and predictions that returns one value per sample (or several, which are averaged).</summary>
    /// <param name="function">Computes a value per sample from targets and predictions.</param>
    /// <param name="name">Its name in logs.</param>
    /// <example><c>Loss logCosh = Loss.From((yTrue, yPred) => Ops.Mean(Ops.Log(Ops.Cosh(yPred - yTrue)), axis: -1));</c></example>
    public static Loss From(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function, string name = "custom_loss")
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function, name);
    }

    /// <summary>
    /// The loss as a tensor, for a custom training step or model: one value, unless <see cref="Reduction"/> is <see cref="LossReduction.None"/>.
    /// </summary>
    /// <param name="yTrue">Targets (batch, ...).</param>
    /// <param name="yPred">Predictions (batch, ...); its mask excludes positions.</param>
    /// <param name="sampleWeight">A weight per sample or per position.</param>
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
    /// <returns>One value per sample or position.</returns>
    protected internal abstract SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred);

    /// <summary>The loss as one value, unless <see cref="Reduction"/> is <see cref="LossReduction.None"/>.</summary>
    /// <param name="yTrue">Targets.</param>
    /// <param name="yPred">Predictions; its mask excludes positions.</param>
    /// <param name="weights">A weight per sample, or null.</param>
    internal SymbolicTensor Reduce(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights) => Term(yTrue, yPred, weights).Value;

    /// <summary>The loss, and what it is divided by, so that those of parts of a batch can be joined.</summary>
    /// <inheritdoc cref="Reduce"/>
    internal LossTerm Term(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        var losses = PerSample(yTrue, yPred);

        // A loss may itself mask positions.
        var mask = losses.Mask is { } own && yPred.Mask is { } given
            ? Ops.LogicalAnd(own, LossWeights.FitMask(given, own, yPred.Shape))
            : losses.Mask ?? yPred.Mask;
        var weighting = LossWeights.Of(losses, mask, yPred.Shape, weights, Reduction is LossReduction.SumOverBatchSize or LossReduction.MeanWithSampleWeight);
        var weighted = weighting is null ? losses : losses * weighting;
        return Reduction switch
        {
            LossReduction.Sum => new(Ops.Sum(weighted)) { IsSum = true },
            LossReduction.None => new(weighted),
            LossReduction.MeanWithSampleWeight when weighting is not null => new(Ops.Sum(weighted) / Ops.Sum(weighting + Ops.ZerosLike(losses)))
            {
                Divisor = () => Ops.Sum(LossWeights.Of(losses, mask, yPred.Shape, weights, rescaleMask: false)! + Ops.ZerosLike(losses)),
            },
            _ => new(Ops.Mean(weighted)) { Divisor = mask is null ? null : () => Ops.Sum(Ops.Cast(mask, DType.Float32)) },
        };
    }

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function, string name) : Loss(name: name)
    {
        protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) => function(yTrue, yPred);
    }
}

/// <summary>Sample weights and masks as one factor on the losses.</summary>
internal static class LossWeights
{
    /// <summary>
    /// Keras' rule: a mask multiplies the weights; for means also by the number of positions over that of valid ones, so that masked positions do not dilute
    /// the mean.
    /// </summary>
    public static SymbolicTensor? Of(SymbolicTensor losses, SymbolicTensor? mask, Shape predictions, SymbolicTensor? weights, bool rescaleMask)
    {
        SymbolicTensor? result = null;
        if (mask is not null)
        {
            var valid = Ops.Cast(mask, DType.Float32);
            if (rescaleMask) valid *= Ops.Size(mask) / Ops.Maximum(Ops.Sum(valid), 1e-7f);
            result = FitMask(valid, losses, predictions);
        }

        if (weights is not null)
        {
            var fitted = Fit(weights, losses);
            result = result is null ? fitted : result * fitted;
        }

        return result;
    }

    /// <summary>Adds or removes trailing axes of size 1 until the ranks agree; a loss of the whole batch is weighted as it is.</summary>
    public static SymbolicTensor Fit(SymbolicTensor weights, SymbolicTensor losses) => FitOrNull(weights, losses)
        ?? throw new ModelException($"Weights of shape {weights.Shape} do not fit losses of shape {losses.Shape}; pass one weight per sample or per position.");

    /// <summary>The same for a mask, which travels with the predictions and is not the caller's argument.</summary>
    public static SymbolicTensor FitMask(SymbolicTensor mask, SymbolicTensor losses, Shape predictions) =>
        (LostItsAxis(mask.Shape, losses.Shape, predictions) ? null : FitOrNull(mask, losses))
        ?? throw new ModelException(
            $"The mask of the predictions, of shape {mask.Shape}, does not fit losses of shape {losses.Shape}: a loss that has no value per position cannot "
            + "leave positions out. End the mask at the output: the result of an operator, such as x * 1, has none.");

    /// <summary>Whether an axis of the mask, of unknown size, is the one over which the losses were taken: the axis after it is at its place then.</summary>
    private static bool LostItsAxis(Shape mask, Shape losses, Shape predictions)
    {
        for (var axis = 1; axis < Math.Min(mask.Rank, losses.Rank) && axis + 1 < predictions.Rank; axis++)
        {
            var masks = mask.Symbol(axis) < Shape.Batch && mask.Symbol(axis) == predictions.Symbol(axis) && losses.Symbol(axis) != mask.Symbol(axis);
            if (masks && losses.Symbol(axis) != 1 && losses.Symbol(axis) == predictions.Symbol(axis + 1)) return true;
        }

        return false;
    }

    private static SymbolicTensor? FitOrNull(SymbolicTensor weights, SymbolicTensor losses)
    {
        if (losses.Rank == 0) return weights;
        while (weights.Rank > losses.Rank && weights.Shape[^1] == 1) weights = Ops.Squeeze(weights, -1);
        while (weights.Rank < losses.Rank) weights = Ops.ExpandDims(weights, weights.Rank);
        if (weights.Rank != losses.Rank) return null;
        for (var axis = 0; axis < losses.Rank; axis++)
        {
            // Losses that classes along another axis leave have other positions than a mask of steps.
            if (weights.Shape[axis] is { } a && losses.Shape[axis] is { } b && a != b && a != 1 && b != 1) return null;
        }

        return weights;
    }
}
