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
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
public sealed class SimpleRnn(int units, Activation? activation = null, string? name = null) : FusedRecurrentLayer(units, activation, name)
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
