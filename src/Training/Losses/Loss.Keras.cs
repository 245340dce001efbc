namespace OnnxFunctional.Training;

/// <content>Keras' losses with their default options.</content>
public abstract partial class Loss
{
    /// <summary>For yes or no; predictions are probabilities.</summary>
    public static Loss BinaryCrossentropy { get; } = new BinaryCrossentropy();

    /// <summary>For one class of several; targets one-hot, predictions probabilities.</summary>
    public static Loss CategoricalCrossentropy { get; } = new CategoricalCrossentropy();

    /// <summary>The mean over the last axis of <c>(yPred - yTrue)^2</c>.</summary>
    public static Loss MeanSquaredError { get; } = new MeanSquaredError();

    /// <summary>For one class of several; targets class numbers, predictions probabilities.</summary>
    public static Loss SparseCategoricalCrossentropy { get; } = new SparseCategoricalCrossentropy();
}
