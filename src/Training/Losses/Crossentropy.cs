using OnnxFunctional.Operators;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training;

/// <summary>
/// For binary classification: the mean over <see cref="Axis"/> of <c>-(y log(p) + (1 - y) log(1 - p))</c>. A sigmoid before it is merged into a numerically
/// stable form.
/// </summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#binarycrossentropy-class</remarks>
/// <param name="fromLogits">Whether predictions are logits rather than probabilities.</param>
/// <param name="labelSmoothing">The fraction by which targets are moved towards one half.</param>
/// <param name="axis">The axis of the mean.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class BinaryCrossentropy(
    bool fromLogits = false, double labelSmoothing = 0, int axis = -1, LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null)
    : Loss(reduction, name)
{
    /// <summary>Whether predictions are logits rather than probabilities.</summary>
    public bool FromLogits { get; } = fromLogits;

    /// <summary>The fraction by which targets are moved towards one half.</summary>
    public double LabelSmoothing { get; } = Check.Rate(labelSmoothing, nameof(BinaryCrossentropy), nameof(labelSmoothing));

    /// <summary>The axis of the mean.</summary>
    public int Axis { get; } = axis;

    internal override bool? TakesLogits => FromLogits;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Smoothed(Targets.Like(yTrue, yPred, Name), (float)LabelSmoothing);
        return Ops.Mean(Elements(y, yPred, FromLogits), Axis);
    }

    /// <summary>Targets moved towards one half.</summary>
    internal static SymbolicTensor Smoothed(SymbolicTensor y, float fraction) => fraction == 0 ? y : (y * (1 - fraction)) + (fraction / 2);

    /// <summary>The loss of each element.</summary>
    internal static SymbolicTensor Elements(SymbolicTensor y, SymbolicTensor yPred, bool fromLogits)
    {
        if ((fromLogits ? yPred : Targets.LogitsOfSigmoid(yPred)) is { } z)
        {
            // max(z, 0) - z y + log(1 + exp(-|z|)). At z = 0, where a new output layer of zeros is, max and |z| have no derivatives; chosen together, theirs
            // add up to that of the loss, sigmoid(z) - y.
            var positive = Ops.GreaterEqual(z, 0);
            return Ops.Where(positive, z, 0) - (z * y) + Ops.Softplus(Ops.Where(positive, -z, z));
        }

        var p = Ops.Clip(yPred, Targets.Epsilon, 1 - Targets.Epsilon);
        return -((y * Ops.Log(p)) + ((1 - y) * Ops.Log(1 - p)));
    }
}

/// <summary>
/// For targets as class probabilities (one-hot): <c>-sum(y log(p))</c> over <see cref="Axis"/>. A softmax before it is merged into a numerically stable form.
/// </summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#categoricalcrossentropy-class</remarks>
/// <param name="fromLogits">Whether predictions are logits rather than probabilities.</param>
/// <param name="labelSmoothing">The fraction by which targets are moved towards equal probabilities.</param>
/// <param name="axis">The axis of the classes.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class CategoricalCrossentropy(
    bool fromLogits = false, double labelSmoothing = 0, int axis = -1, LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null)
    : Loss(reduction, name)
{
    /// <summary>Whether predictions are logits rather than probabilities.</summary>
    public bool FromLogits { get; } = fromLogits;

    /// <summary>The fraction by which targets are moved towards equal probabilities.</summary>
    public double LabelSmoothing { get; } = Check.Rate(labelSmoothing, nameof(CategoricalCrossentropy), nameof(labelSmoothing));

    /// <summary>The axis of the classes.</summary>
    public int Axis { get; } = axis;

    internal override bool? TakesLogits => FromLogits;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.AxisLast(Targets.Like(yTrue, yPred, Name), Axis);
        yPred = Targets.AxisLast(yPred, Axis);
        y = Smoothed(y, yPred, (float)LabelSmoothing);
        if ((FromLogits ? yPred : Targets.LogitsOfSoftmax(yPred)) is { } logits)
            return Ops.MakeAll(new SoftmaxCrossEntropy(Sparse: false), logits, y)[0];

        return -Ops.Sum(y * Ops.Log(Normalized(yPred)), -1);
    }

    /// <summary>Targets moved towards equal probabilities.</summary>
    internal static SymbolicTensor Smoothed(SymbolicTensor y, SymbolicTensor yPred, float fraction)
    {
        if (fraction == 0) return y;
        var classes = yPred.Shape[^1] ?? throw new ModelException($"label smoothing needs the number of classes, which is unknown in {yPred.Shape}.");
        return (y * (1 - fraction)) + (fraction / classes);
    }

    /// <summary>Predictions scaled to sum to one and clipped so that they have a logarithm.</summary>
    internal static SymbolicTensor Normalized(SymbolicTensor yPred) =>
        Ops.Clip(yPred / Ops.Sum(yPred, -1, keepdims: true), Targets.Epsilon, 1 - Targets.Epsilon);
}

/// <summary>For targets as class indices: <c>-log(p[y])</c>. A softmax before it is merged into a numerically stable form.</summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#sparsecategoricalcrossentropy-class</remarks>
/// <param name="fromLogits">Whether predictions are logits rather than probabilities.</param>
/// <param name="ignoreClass">A class whose positions are ignored.</param>
/// <param name="axis">The axis of the classes.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
/// <example><code>
/// var trainer = model.Compile(new Adam(), new SparseCategoricalCrossentropy(fromLogits: true));
/// </code></example>
public sealed class SparseCategoricalCrossentropy(
    bool fromLogits = false, int? ignoreClass = null, int axis = -1, LossReduction reduction = LossReduction.SumOverBatchSize, string? name = null)
    : Loss(reduction, name)
{
    /// <summary>Whether predictions are logits rather than probabilities.</summary>
    public bool FromLogits { get; } = fromLogits;

    /// <summary>A class whose positions are ignored.</summary>
    public int? IgnoreClass { get; } = ignoreClass;

    /// <summary>The axis of the classes.</summary>
    public int Axis { get; } = axis;

    internal override bool? TakesLogits => FromLogits;

    internal override bool IsSparse => true;

    internal override int? ClassesOf(Shape prediction) => prediction[Axis < 0 ? Axis + prediction.Rank : Axis];

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        yPred = Targets.AxisLast(yPred, Axis);
        var y = Targets.Classes(yTrue, yPred, Name);
        SymbolicTensor? valid = null;
        if (IgnoreClass is { } ignored)
        {
            valid = Ops.NotEqual(y, ignored);
            y = Ops.Where(valid, y, Ops.Cast(0, y.DType));
        }

        SymbolicTensor losses;
        if ((FromLogits ? yPred : Targets.LogitsOfSoftmax(yPred)) is { } logits)
        {
            losses = Ops.MakeAll(new SoftmaxCrossEntropy(Sparse: true), logits, y)[0];
        }
        else
        {
            var classes = yPred.Shape[^1] ?? throw new ModelException($"the number of classes is unknown in {yPred.Shape}.");
            losses = -Ops.Sum(Ops.Make(new OneHot(classes, Strict: true), y) * Ops.Log(OnnxFunctional.Training.CategoricalCrossentropy.Normalized(yPred)), -1);
        }

        return valid is null ? losses : Ops.Where(valid, losses, 0).WithMask(valid);
    }
}
