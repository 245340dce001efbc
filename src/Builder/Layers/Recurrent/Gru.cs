using OnnxFunctional.Operators;

namespace OnnxFunctional.Layers;

/// <summary>Gated recurrent unit (Cho et al. 2014): one state, and gates that decide how much of it is renewed.</summary>
/// <remarks>
/// <para>
/// <c>z, r = recurrentActivation(x W + b + h R + d)</c>, <c>g = activation(x W + b + r (h R + d))</c>, <c>h' = z h + (1 - z) g</c>; the gates are in the order
/// z, r, g. With ResetAfter false <c>g = activation(x W + b + (r h) R)</c>.
/// </para>
/// <para>Input: (batch, time, features). Output: (batch, units), or (batch, time, units) with ReturnSequences. State: (batch, units).</para>
/// <para>Weights: kernel (features, 3 units), recurrent_kernel (units, 3 units), bias (2, 3 units), or (3 units) with ResetAfter false.</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/gru/</para>
/// </remarks>
/// <param name="units">The size of the output and of the state.</param>
/// <param name="activation">Activation of the new state; tanh by default.</param>
/// <param name="recurrentActivation">Activation of the gates; sigmoid by default.</param>
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
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="returnSequences">Whether the outputs of all steps are returned instead of the last one's.</param>
/// <param name="returnState">Whether a call also returns the final states.</param>
/// <param name="goBackwards">Whether the sequence is read backwards.</param>
/// <param name="stateful">Whether each batch starts from the final states of the previous one.</param>
/// <param name="unroll">Whether Keras unrolls the loop; the results are the same.</param>
/// <param name="resetAfter">Whether the reset gate is applied after the product with the recurrent kernel instead of before it.</param>
/// <param name="zeroOutputForMask">Whether a masked step outputs zeros instead of the previous output.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
/// <example><code>
/// var x = Model.Input([null, 8]);
/// var last = new Gru(32).Call(x);                                  // (None, 32)
/// var (all, state) = new Gru(32, returnSequences: true, returnState: true).CallWithState(x);
/// </code></example>
public sealed class Gru(
    int units,
    Activation? activation = null,
    Activation? recurrentActivation = null,
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
    int? seed = null,
    bool returnSequences = false,
    bool returnState = false,
    bool goBackwards = false,
    bool stateful = false,
    bool unroll = false,
    bool resetAfter = true,
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
    /// <summary>Activation of the gates.</summary>
    public Activation RecurrentActivation { get; } = recurrentActivation ?? Activation.Sigmoid;

    /// <summary>Whether the reset gate is applied after the product with the recurrent kernel, as in cuDNN, instead of before it.</summary>
    public bool ResetAfter { get; } = resetAfter;

    internal override string ClassName => "GRU";

    private protected override int Gates => 3;

    private protected override Shape BiasShape => ResetAfter ? Shape.Of(2, 3 * Units) : Shape.Of(3 * Units);

    private protected override IReadOnlyList<Activation> Activations => [Activation, RecurrentActivation];

    private protected override RecurrentOp Operator(RecurrentOptions options) =>
        new Operators.Gru(Gate(Activation), Gate(RecurrentActivation), ResetAfter, options);

    private protected override SymbolicTensor Project(SymbolicTensor x, SymbolicTensor kernel, SymbolicTensor? bias) =>
        base.Project(x, kernel, ResetAfter && bias is not null ? Ops.Squeeze(Ops.Slice(bias, 0, 0, 1), 0) : bias);

    private protected override (SymbolicTensor Output, SymbolicTensors States) Step(
        SymbolicTensor projected,
        SymbolicTensors states,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        SymbolicTensor? bias) =>
        RecurrentSteps.Gru(
            projected,
            states[0],
            hidden,
            recurrent,
            ResetAfter && bias is not null ? Ops.Squeeze(Ops.Slice(bias, 0, 1, 2), 0) : null,
            ResetAfter,
            Activation,
            RecurrentActivation);
}
