using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training;

/// <content>Keras' losses with their default options.</content>
public abstract partial class Loss
{
    /// <summary>For binary classification; predictions are probabilities.</summary>
    public static Loss BinaryCrossentropy { get; } = new BinaryCrossentropy();

    /// <summary>For binary classification where one class is rare.</summary>
    public static Loss BinaryFocalCrossentropy { get; } = new BinaryFocalCrossentropy();

    /// <summary>For several classes; targets are one-hot, predictions probabilities.</summary>
    public static Loss CategoricalCrossentropy { get; } = new CategoricalCrossentropy();

    /// <summary>For several classes of which some are rare; targets are one-hot.</summary>
    public static Loss CategoricalFocalCrossentropy { get; } = new CategoricalFocalCrossentropy();

    /// <summary>For class indices of which some may be wrong.</summary>
    public static Loss CategoricalGeneralizedCrossEntropy { get; } = new CategoricalGeneralizedCrossEntropy();

    /// <summary>The margin between the right class and the best wrong one; targets are one-hot.</summary>
    public static Loss CategoricalHinge { get; } = new CategoricalHinge();

    /// <summary>For embeddings of norm 1; targets are class indices.</summary>
    public static Loss Circle { get; } = new Circle();

    /// <summary>Minus the cosine of the angle between targets and predictions.</summary>
    public static Loss CosineSimilarity { get; } = new CosineSimilarity();

    /// <summary>For label sequences that are not aligned with the input; predictions are logits.</summary>
    public static Loss Ctc { get; } = new Ctc();

    /// <summary>For segmentation.</summary>
    public static Loss Dice { get; } = new Dice();

    /// <summary>For binary classification with targets 1 and -1.</summary>
    public static Loss Hinge { get; } = new Hinge();

    /// <summary>Quadratic near 0 and linear beyond 1.</summary>
    public static Loss Huber { get; } = new Huber();

    /// <summary>How far predicted probabilities are from the true ones.</summary>
    public static Loss KLDivergence { get; } = new KLDivergence();

    /// <summary>Quadratic near 0 and linear beyond, smooth.</summary>
    public static Loss LogCosh { get; } = new LogCosh();

    /// <summary>The mean over the last axis of <c>|yPred - yTrue|</c>.</summary>
    public static Loss MeanAbsoluteError { get; } = new MeanAbsoluteError();

    /// <summary>The mean over the last axis of <c>100 |yPred - yTrue| / |yTrue|</c>.</summary>
    public static Loss MeanAbsolutePercentageError { get; } = new MeanAbsolutePercentageError();

    /// <summary>The mean over the last axis of <c>(yPred - yTrue)^2</c>.</summary>
    public static Loss MeanSquaredError { get; } = new MeanSquaredError();

    /// <summary>The mean over the last axis of <c>(log(yPred + 1) - log(yTrue + 1))^2</c>.</summary>
    public static Loss MeanSquaredLogarithmicError { get; } = new MeanSquaredLogarithmicError();

    /// <summary>For counts.</summary>
    public static Loss Poisson { get; } = new Poisson();

    /// <summary>For several classes; targets are class indices, predictions probabilities.</summary>
    public static Loss SparseCategoricalCrossentropy { get; } = new SparseCategoricalCrossentropy();

    /// <summary>For binary classification with targets 1 and -1; the margin is squared.</summary>
    public static Loss SquaredHinge { get; } = new SquaredHinge();

    /// <summary>For segmentation, with weights for the kinds of errors.</summary>
    public static Loss Tversky { get; } = new Tversky();

    private static Loss[] All =>
    [
        BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy, CategoricalGeneralizedCrossEntropy,
        CategoricalHinge, Circle, CosineSimilarity, Ctc, Dice, Hinge, Huber, KLDivergence, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError,
        MeanSquaredError, MeanSquaredLogarithmicError, Poisson, SparseCategoricalCrossentropy, SquaredHinge, Tversky,
    ];

    /// <summary>A loss with default options by Keras' name: <c>mean_squared_error</c>, <c>mse</c>.</summary>
    /// <param name="name">Keras' name: <c>mse</c>, <c>categorical_crossentropy</c>.</param>
    /// <exception cref="ModelException">There is no loss of that name; the message names the nearest.</exception>
    public static Loss Named(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var wanted = name switch
        {
            "bce" => nameof(BinaryCrossentropy),
            "mse" => nameof(MeanSquaredError),
            "mae" => nameof(MeanAbsoluteError),
            "mape" => nameof(MeanAbsolutePercentageError),
            "msle" => nameof(MeanSquaredLogarithmicError),
            "kld" => nameof(KLDivergence),
            _ => name.Replace("_", "", StringComparison.Ordinal),
        };
        if (Array.Find(All, loss => string.Equals(loss.GetType().Name, wanted, StringComparison.OrdinalIgnoreCase)) is { } found) return found;
        var nearest = Naming.Nearest(name, All.Select(loss => loss.Name));
        throw new ModelException(
            $"There is no loss '{name}'." + (nearest is null ? " Loss.From(function) makes a custom one." : $" Did you mean '{nearest}'?"));
    }
}
