using OnnxFunctional.Operators;

namespace OnnxFunctional.Layers;

/// <summary>The output is fed back as the state: <c>h' = activation(x W + h R + b)</c> (Elman 1990).</summary>
/// <remarks>
/// <para>Input: (batch, time, features). Output: (batch, units), or (batch, time, units) with ReturnSequences. State: (batch, units).</para>
/// <para>Weights: kernel (features, units), recurrent_kernel (units, units), bias (units).</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/simple_rnn/</para>
/// </remarks>
/// <param name="units">The size of the output and of the state.</param>
/// <param name="activation">Activation of the sum; tanh by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="recurrentInitializer">Initializer of the recurrent kernel; orthogonal by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="recurrentRegularizer">A penalty on the recurrent kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="recurrentConstraint">A constraint applied to the recurrent kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="dropout">The fraction of input features set to zero in training, from 0 to 1.</param>
/// <param name="recurrentDropout">The fraction of hidden features set to zero before the recurrent kernel in training, from 0 to 1.</param>
/// <param name="returnSequences">Whether the outputs of all steps are returned instead of the last one's.</param>
/// <param name="returnState">Whether a call also returns the final states.</param>
/// <param name="goBackwards">Whether the sequence is read backwards.</param>
/// <param name="stateful">Whether each batch starts from the final states of the previous one.</param>
/// <param name="unroll">Whether Keras unrolls the loop; the results are the same.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="zeroOutputForMask">Whether a masked step outputs zeros instead of the previous output.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
public sealed class SimpleRnn(
    int units,
    Activation? activation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? recurrentInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? recurrentRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? recurrentConstraint = null,
    Constraint? biasConstraint = null,
    double dropout = 0,
    double recurrentDropout = 0,
    bool returnSequences = false,
    bool returnState = false,
    bool goBackwards = false,
    bool stateful = false,
    bool unroll = false,
    int? seed = null,
    bool zeroOutputForMask = false,
    string? name = null)
    : FusedRecurrentLayer(
        units,
        activation,
        useBias,
        kernelInitializer,
        recurrentInitializer,
        biasInitializer,
        kernelRegularizer,
        recurrentRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        recurrentConstraint,
        biasConstraint,
        dropout,
        recurrentDropout,
        seed,
        returnSequences,
        returnState,
        goBackwards,
        stateful,
        unroll,
        zeroOutputForMask,
        name)
{
    internal override string ClassName => "SimpleRNN";

    private protected override int Gates => 1;

    private protected override IReadOnlyList<Activation> Activations => [Activation];

    private protected override RecurrentOp Operator(RecurrentOptions options) => new Operators.Rnn(Gate(Activation), options);

    private protected override (SymbolicTensor Output, SymbolicTensors States) Step(
        SymbolicTensor projected,
        SymbolicTensors states,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        SymbolicTensor? bias) =>
        RecurrentSteps.Simple(projected, hidden, recurrent, Activation);
}
