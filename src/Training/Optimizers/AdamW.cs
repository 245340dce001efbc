namespace OnnxFunctional.Training;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2017): each step also subtracts <c>lr decay w</c> from the weights.</summary>
/// <remarks>https://keras.io/api/optimizers/adamw/</remarks>
public sealed class AdamW : Adam
{
    /// <summary>Creates the optimizer.</summary>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="weightDecay">The share of the weights, times the learning rate, that each step subtracts.</param>
    /// <param name="beta1">How much of the mean gradient is kept.</param>
    /// <param name="beta2">How much of the mean square is kept.</param>
    /// <param name="epsilon">A small value added to the root.</param>
    /// <param name="amsgrad">Whether to divide by the largest mean square so far.</param>
    public AdamW(
        Schedule? learningRate = null, float weightDecay = 0.004f, float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-7f, bool amsgrad = false)
        : base(learningRate, beta1, beta2, epsilon, amsgrad) => WeightDecay = weightDecay;
}
