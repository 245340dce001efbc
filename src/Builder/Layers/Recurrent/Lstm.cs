using OnnxFunctional.Operators;

namespace OnnxFunctional.Layers;

/// <summary>Long short-term memory (Hochreiter and Schmidhuber 1997): a cell state that gates write to, forget and read.</summary>
/// <remarks>
/// <para>
/// <c>i, f, o = recurrentActivation(x W + h R + b)</c>, <c>g = activation(x W + h R + b)</c>, <c>c' = f c + i g</c>, <c>h' = o activation(c')</c>; the gates
/// are in the order i, f, g, o.
/// </para>
/// <para>
/// Input: (batch, time, features). Output: (batch, units), or (batch, time, units) with ReturnSequences. States: hidden and cell, each (batch, units).
/// </para>
/// <para>Weights: kernel (features, 4 units), recurrent_kernel (units, 4 units), bias (4 units).</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/lstm/</para>
/// </remarks>
/// <param name="units">The size of the output and of each state.</param>
/// <param name="activation">Activation of the new input and the cell state; tanh by default.</param>
/// <param name="recurrentActivation">Activation of the gates; sigmoid by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="recurrentInitializer">Initializer of the recurrent kernel; orthogonal by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="unitForgetBias">Whether the forget gate's bias starts at one.</param>
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
/// <param name="zeroOutputForMask">Whether a masked step outputs zeros instead of the previous output.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
/// <example><code>
/// var x = Model.Input([null, 8]);
/// var last = x.Apply(new Lstm(64, returnSequences: true), new Lstm(32));                            // (None, 32)
/// var (all, hidden, cell) = new Lstm(32, returnSequences: true, returnState: true).CallWithState(x);
/// </code></example>
public sealed class Lstm(
    int units,
    Activation? activation = null,
    Activation? recurrentActivation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? recurrentInitializer = null,
    Initializer? biasInitializer = null,
    bool unitForgetBias = true,
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

    /// <summary>Whether the forget gate's bias starts at one, so that the cell state is kept at first (Jozefowicz et al. 2015).</summary>
    public bool UnitForgetBias { get; } = unitForgetBias;

    internal override string ClassName => "LSTM";

    private protected override int Gates => 4;

    private protected override int States => 2;

    private protected override bool StartsRemembering => UnitForgetBias;

    private protected override IReadOnlyList<Activation> Activations => [Activation, RecurrentActivation];

    private protected override RecurrentOp Operator(RecurrentOptions options) => new Operators.Lstm(Gate(Activation), Gate(RecurrentActivation), options);

    private protected override (SymbolicTensor Output, SymbolicTensors States) Step(
        SymbolicTensor projected,
        SymbolicTensors states,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        SymbolicTensor? bias) =>
        RecurrentSteps.Lstm(projected, states[1], hidden, recurrent, Activation, RecurrentActivation);
}

/// <summary>The initial bias of an LSTM: ones for the forget gate, the second of four.</summary>
internal sealed class ForgetGateOnes(Initializer others) : Initializer
{
    protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values)
    {
        var units = values.Length / 4;
        others.Fill(Shape.Of(units), random, values[..units]);
        values.Slice(units, units).Fill(1);
        others.Fill(Shape.Of(2 * units), random, values[(2 * units)..]);
    }
}
