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
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
public sealed class Gru(int units, Activation? activation = null, Activation? recurrentActivation = null, string? name = null)
    : FusedRecurrentLayer(units, activation, name)
{
    /// <summary>Activation of the gates.</summary>
    public Activation RecurrentActivation { get; } = recurrentActivation ?? Activation.Sigmoid;

    /// <summary>Whether the reset gate is applied after the product with the recurrent kernel, as in cuDNN, instead of before it.</summary>
    public bool ResetAfter { get; init; } = true;

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
