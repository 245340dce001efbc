using System.ComponentModel;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Layers;

/// <summary>What the cells of Lstm, Gru and SimpleRnn share.</summary>
/// <remarks>The layers of these names compute a whole sequence at once and are faster; cells are for <see cref="Rnn"/> and <see cref="StackedRnnCells"/>.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class GatedCell : RecurrentCell
{
    private RandomStream? _inputStream;
    private RandomStream? _stateStream;

    private protected GatedCell(int units, Activation? activation, string? name)
        : base(name)
    {
        Units = Check.Positive(units, GetType().Name, nameof(units));
        Activation = activation ?? Activation.Tanh;
    }

    /// <summary>The size of the output and of each state.</summary>
    public int Units { get; }

    /// <summary>Applied to the new state.</summary>
    public Activation Activation { get; }

    /// <summary>Whether a bias is added.</summary>
    public bool UseBias { get; init; } = true;

    /// <summary>First values of the kernel.</summary>
    public Initializer KernelInitializer { get; init; } = Initializer.GlorotUniform;

    /// <summary>First values of the recurrent kernel.</summary>
    public Initializer RecurrentInitializer { get; init; } = Initializer.Orthogonal;

    /// <summary>First values of the bias.</summary>
    public Initializer BiasInitializer { get; init; } = Initializer.Zeros;

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? KernelRegularizer { get; init; }

    /// <summary>A penalty on the recurrent kernel.</summary>
    public Regularizer? RecurrentRegularizer { get; init; }

    /// <summary>A penalty on the bias.</summary>
    public Regularizer? BiasRegularizer { get; init; }

    /// <summary>A rule the kernel follows after each step.</summary>
    public Constraint? KernelConstraint { get; init; }

    /// <summary>A rule the recurrent kernel follows after each step.</summary>
    public Constraint? RecurrentConstraint { get; init; }

    /// <summary>A rule the bias follows after each step.</summary>
    public Constraint? BiasConstraint { get; init; }

    /// <summary>While training, the share of input features set to zero, the same ones at every time.</summary>
    public float Dropout { get; init => field = Check.Rate(value, GetType().Name, nameof(Dropout)); }

    /// <summary>While training, the share of hidden state features set to zero before the recurrent kernel, the same ones at every time.</summary>
    public float RecurrentDropout { get; init => field = Check.Rate(value, GetType().Name, nameof(RecurrentDropout)); }

    /// <summary>Its own seed for dropout; the trainer's if none is given.</summary>
    public int? Seed { get; init; }

    private protected abstract int Gates { get; }

    private protected virtual Shape BiasShape => Shape.Of(Gates * Units);

    private protected virtual Initializer BiasFirst => BiasInitializer;

    internal sealed override LayerBase CopyUncalled(string name)
    {
        var copy = (GatedCell)base.CopyUncalled(name);
        (copy._inputStream, copy._stateStream) = (null, null);
        return copy;
    }

    /// <inheritdoc/>
    protected sealed override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
    {
        ArgumentNullException.ThrowIfNull(x);
        var features = Check.Known(x, -1, "the number of features");
        var kernel = Weight("kernel", Shape.Of(features, Gates * Units), KernelInitializer, regularizer: KernelRegularizer, constraint: KernelConstraint);
        var recurrent = Weight("recurrent_kernel", Shape.Of(Units, Gates * Units), RecurrentInitializer, regularizer: RecurrentRegularizer, constraint: RecurrentConstraint);
        var bias = UseBias ? Weight("bias", BiasShape, BiasFirst, regularizer: BiasRegularizer, constraint: BiasConstraint) : null;

        // The same source draws the same numbers at every step, so dropout is constant over time as in Keras.
        if (Dropout > 0) x = Dropped(x, Dropout, _inputStream ??= new RandomStream((ulong?)Seed));
        var hidden = RecurrentDropout > 0 ? Dropped(states[0], RecurrentDropout, _stateStream ??= new RandomStream((ulong?)Seed)) : states[0];
        return Step(Ops.MatMul(x, kernel), states, hidden, recurrent, bias);
    }

    private protected abstract (SymbolicTensor Output, SymbolicTensors States) Step(SymbolicTensor product, SymbolicTensors states, SymbolicTensor hidden, SymbolicTensor recurrent, SymbolicTensor? bias);

    private protected static SymbolicTensor Plus(SymbolicTensor product, SymbolicTensor? bias) => bias is null ? product : product + bias;

    private static SymbolicTensor Dropped(SymbolicTensor x, float rate, RandomStream stream) => Ops.WhenTraining(Ops.Make(new Operators.Dropout(stream, rate, []), x), x);
}

/// <summary>One step of an <see cref="Lstm"/>.</summary>
/// <remarks>
/// <para>Input: (batch, features); states: hidden and cell, each (batch, units). Output: (batch, units). Weights: kernel (features, 4 units), recurrent_kernel (units, 4 units), bias (4 units).</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/lstm_cell/</para>
/// </remarks>
/// <param name="units">The size of the output and of each state.</param>
/// <param name="activation">Applied to the new input and the cell state; tanh if none is given.</param>
/// <param name="recurrentActivation">Applied to the gates; sigmoid if none is given.</param>
/// <param name="name">Its name.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
public sealed class LstmCell(int units, Activation? activation = null, Activation? recurrentActivation = null, string? name = null) : GatedCell(units, activation, name)
{
    /// <summary>Applied to the gates.</summary>
    public Activation RecurrentActivation { get; } = recurrentActivation ?? Activation.Sigmoid;

    /// <summary>Whether the forget gate's bias begins at one.</summary>
    public bool UnitForgetBias { get; init; } = true;

    /// <inheritdoc/>
    public override IntValues StateSize => (Units, Units);

    internal override string ClassName => "LSTMCell";

    private protected override int Gates => 4;

    private protected override Initializer BiasFirst => UnitForgetBias ? new ForgetGateOnes(BiasInitializer) : BiasInitializer;

    private protected override (SymbolicTensor Output, SymbolicTensors States) Step(SymbolicTensor product, SymbolicTensors states, SymbolicTensor hidden, SymbolicTensor recurrent, SymbolicTensor? bias) =>
        RecurrentSteps.Lstm(Plus(product, bias), states[1], hidden, recurrent, Activation, RecurrentActivation);
}

/// <summary>One step of a <see cref="Gru"/>.</summary>
/// <remarks>
/// <para>Input: (batch, features); state: (batch, units). Output: (batch, units). Weights: kernel (features, 3 units), recurrent_kernel (units, 3 units), bias (2, 3 units), or (3 units) with ResetAfter false.</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/gru_cell/</para>
/// </remarks>
/// <param name="units">The size of the output and of the state.</param>
/// <param name="activation">Applied to the new state; tanh if none is given.</param>
/// <param name="recurrentActivation">Applied to the gates; sigmoid if none is given.</param>
/// <param name="name">Its name.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
public sealed class GruCell(int units, Activation? activation = null, Activation? recurrentActivation = null, string? name = null) : GatedCell(units, activation, name)
{
    /// <summary>Applied to the gates.</summary>
    public Activation RecurrentActivation { get; } = recurrentActivation ?? Activation.Sigmoid;

    /// <summary>Whether the reset gate is applied after the product with the recurrent kernel, or before it.</summary>
    public bool ResetAfter { get; init; } = true;

    /// <inheritdoc/>
    public override IntValues StateSize => Units;

    internal override string ClassName => "GRUCell";

    private protected override int Gates => 3;

    private protected override Shape BiasShape => ResetAfter ? Shape.Of(2, 3 * Units) : Shape.Of(3 * Units);

    private protected override (SymbolicTensor Output, SymbolicTensors States) Step(SymbolicTensor product, SymbolicTensors states, SymbolicTensor hidden, SymbolicTensor recurrent, SymbolicTensor? bias)
    {
        var (input, recurrentBias) = (bias, (SymbolicTensor?)null);
        if (ResetAfter && bias is not null) (input, recurrentBias) = (Ops.Squeeze(Ops.Slice(bias, 0, 0, 1), 0), Ops.Squeeze(Ops.Slice(bias, 0, 1, 2), 0));
        return RecurrentSteps.Gru(Plus(product, input), states[0], hidden, recurrent, recurrentBias, ResetAfter, Activation, RecurrentActivation);
    }
}

/// <summary>One step of a <see cref="SimpleRnn"/>.</summary>
/// <remarks>
/// <para>Input: (batch, features); state: (batch, units). Output: (batch, units). Weights: kernel (features, units), recurrent_kernel (units, units), bias (units).</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/simple_rnn_cell/</para>
/// </remarks>
/// <param name="units">The size of the output and of the state.</param>
/// <param name="activation">Applied to the sum; tanh if none is given.</param>
/// <param name="name">Its name.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
public sealed class SimpleRnnCell(int units, Activation? activation = null, string? name = null) : GatedCell(units, activation, name)
{
    /// <inheritdoc/>
    public override IntValues StateSize => Units;

    internal override string ClassName => "SimpleRNNCell";

    private protected override int Gates => 1;

    private protected override (SymbolicTensor Output, SymbolicTensors States) Step(SymbolicTensor product, SymbolicTensors states, SymbolicTensor hidden, SymbolicTensor recurrent, SymbolicTensor? bias) =>
        RecurrentSteps.Simple(Plus(product, bias), hidden, recurrent, Activation);
}
