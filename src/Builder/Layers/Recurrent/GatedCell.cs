using System.ComponentModel;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Layers;

/// <summary>The base of the cells of Lstm, Gru and SimpleRnn.</summary>
/// <remarks>
/// The layers of these names compute a whole sequence at once and are faster; cells are for <see cref="Rnn"/> and <see cref="StackedRnnCells"/>.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class GatedCell : RecurrentCell
{
    private RandomStream? _inputStream;
    private RandomStream? _stateStream;
    private readonly GateOptions _gates;

    private protected GatedCell(
        int units,
        Activation? activation,
        bool useBias,
        Initializer? kernelInitializer,
        Initializer? recurrentInitializer,
        Initializer? biasInitializer,
        Regularizer? kernelRegularizer,
        Regularizer? recurrentRegularizer,
        Regularizer? biasRegularizer,
        Constraint? kernelConstraint,
        Constraint? recurrentConstraint,
        Constraint? biasConstraint,
        double dropout,
        double recurrentDropout,
        int? seed,
        string? name)
        : base(name)
    {
        _gates = new GateOptions(GetType().Name)
        {
            UseBias = useBias,
            KernelInitializer = kernelInitializer ?? Initializer.GlorotUniform,
            RecurrentInitializer = recurrentInitializer ?? Initializer.Orthogonal,
            BiasInitializer = biasInitializer ?? Initializer.Zeros,
            KernelRegularizer = kernelRegularizer,
            RecurrentRegularizer = recurrentRegularizer,
            BiasRegularizer = biasRegularizer,
            KernelConstraint = kernelConstraint,
            RecurrentConstraint = recurrentConstraint,
            BiasConstraint = biasConstraint,
            Dropout = dropout,
            RecurrentDropout = recurrentDropout,
            Seed = seed,
        };
        Units = Check.Positive(units, GetType().Name, nameof(units));
        Activation = activation ?? Activation.Tanh;
    }

    /// <summary>The size of the output and of each state.</summary>
    public int Units { get; }

    /// <summary>Activation of the new state.</summary>
    public Activation Activation { get; }

    /// <summary>Whether a bias is added.</summary>
    public bool UseBias => _gates.UseBias;

    /// <summary>Initializer of the kernel.</summary>
    public Initializer KernelInitializer => _gates.KernelInitializer;

    /// <summary>Initializer of the recurrent kernel.</summary>
    public Initializer RecurrentInitializer => _gates.RecurrentInitializer;

    /// <summary>Initializer of the bias.</summary>
    public Initializer BiasInitializer => _gates.BiasInitializer;

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? KernelRegularizer => _gates.KernelRegularizer;

    /// <summary>A penalty on the recurrent kernel.</summary>
    public Regularizer? RecurrentRegularizer => _gates.RecurrentRegularizer;

    /// <summary>A penalty on the bias.</summary>
    public Regularizer? BiasRegularizer => _gates.BiasRegularizer;

    /// <summary>A constraint applied to the kernel after each step.</summary>
    public Constraint? KernelConstraint => _gates.KernelConstraint;

    /// <summary>A constraint applied to the recurrent kernel after each step.</summary>
    public Constraint? RecurrentConstraint => _gates.RecurrentConstraint;

    /// <summary>A constraint applied to the bias after each step.</summary>
    public Constraint? BiasConstraint => _gates.BiasConstraint;

    /// <summary>The fraction of input features set to zero in training, the same ones at every time step.</summary>
    public double Dropout => _gates.Dropout;

    /// <summary>The fraction of hidden features set to zero before the recurrent kernel in training, the same ones at every time step.</summary>
    public double RecurrentDropout => _gates.RecurrentDropout;

    /// <summary>The seed for dropout; by default the trainer's.</summary>
    public int? Seed => _gates.Seed;

    private protected abstract int Gates { get; }

    private protected virtual Shape BiasShape => Shape.Of(Gates * Units);

    /// <summary>Whether the forget gate's bias starts at one.</summary>
    private protected virtual bool StartsRemembering => false;

    internal sealed override LayerBase CopyUncalled(string? name)
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
        var (kernel, recurrent, bias) = _gates.Weights(
            this,
            "",
            Shape.Of(features, Gates * Units),
            Shape.Of(Units, Gates * Units),
            BiasShape,
            StartsRemembering);

        // The same stream draws the same numbers at every step, so dropout is constant over time, as in Keras.
        x = _gates.WithInputDropout(x, _inputStream ??= _gates.NewStream(), []);
        var hidden = _gates.WithStateDropout(states[0], _stateStream ??= _gates.NewStream());
        return Step(Ops.MatMul(x, kernel), states, hidden, recurrent, bias);
    }

    private protected abstract (SymbolicTensor Output, SymbolicTensors States) Step(
        SymbolicTensor product,
        SymbolicTensors states,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        SymbolicTensor? bias);

    private protected static SymbolicTensor Plus(SymbolicTensor product, SymbolicTensor? bias) => bias is null ? product : product + bias;
}

/// <summary>One step of an <see cref="Lstm"/>.</summary>
/// <remarks>
/// <para>
/// Input: (batch, features); states: hidden and cell, each (batch, units). Output: (batch, units). Weights: kernel (features, 4 units), recurrent_kernel
/// (units, 4 units), bias (4 units).
/// </para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/lstm_cell/</para>
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
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="recurrentConstraint">A constraint applied to the recurrent kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="dropout">The fraction of input features set to zero in training, from 0 to 1.</param>
/// <param name="recurrentDropout">The fraction of hidden features set to zero before the recurrent kernel in training, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="name">The cell's name.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
public sealed class LstmCell(
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
    Constraint? kernelConstraint = null,
    Constraint? recurrentConstraint = null,
    Constraint? biasConstraint = null,
    double dropout = 0,
    double recurrentDropout = 0,
    int? seed = null,
    string? name = null)
    : GatedCell(
        units,
        activation,
        useBias,
        kernelInitializer,
        recurrentInitializer,
        biasInitializer,
        kernelRegularizer,
        recurrentRegularizer,
        biasRegularizer,
        kernelConstraint,
        recurrentConstraint,
        biasConstraint,
        dropout,
        recurrentDropout,
        seed,
        name)
{
    /// <summary>Activation of the gates.</summary>
    public Activation RecurrentActivation { get; } = recurrentActivation ?? Activation.Sigmoid;

    /// <summary>Whether the forget gate's bias starts at one.</summary>
    public bool UnitForgetBias { get; } = unitForgetBias;

    /// <inheritdoc/>
    public override IntValues StateSize => (Units, Units);

    internal override string ClassName => "LSTMCell";

    private protected override int Gates => 4;

    private protected override bool StartsRemembering => UnitForgetBias;

    private protected override (SymbolicTensor Output, SymbolicTensors States) Step(
        SymbolicTensor product,
        SymbolicTensors states,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        SymbolicTensor? bias) =>
        RecurrentSteps.Lstm(Plus(product, bias), states[1], hidden, recurrent, Activation, RecurrentActivation);
}

/// <summary>One step of a <see cref="Gru"/>.</summary>
/// <remarks>
/// <para>
/// Input: (batch, features); state: (batch, units). Output: (batch, units). Weights: kernel (features, 3 units), recurrent_kernel (units, 3 units), bias (2, 3
/// units), or (3 units) with ResetAfter false.
/// </para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/gru_cell/</para>
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
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="recurrentConstraint">A constraint applied to the recurrent kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="dropout">The fraction of input features set to zero in training, from 0 to 1.</param>
/// <param name="recurrentDropout">The fraction of hidden features set to zero before the recurrent kernel in training, from 0 to 1.</param>
/// <param name="resetAfter">Whether the reset gate is applied after the product with the recurrent kernel instead of before it.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="name">The cell's name.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
public sealed class GruCell(
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
    Constraint? kernelConstraint = null,
    Constraint? recurrentConstraint = null,
    Constraint? biasConstraint = null,
    double dropout = 0,
    double recurrentDropout = 0,
    bool resetAfter = true,
    int? seed = null,
    string? name = null)
    : GatedCell(
        units,
        activation,
        useBias,
        kernelInitializer,
        recurrentInitializer,
        biasInitializer,
        kernelRegularizer,
        recurrentRegularizer,
        biasRegularizer,
        kernelConstraint,
        recurrentConstraint,
        biasConstraint,
        dropout,
        recurrentDropout,
        seed,
        name)
{
    /// <summary>Activation of the gates.</summary>
    public Activation RecurrentActivation { get; } = recurrentActivation ?? Activation.Sigmoid;

    /// <summary>Whether the reset gate is applied after the product with the recurrent kernel instead of before it.</summary>
    public bool ResetAfter { get; } = resetAfter;

    /// <inheritdoc/>
    public override IntValues StateSize => Units;

    internal override string ClassName => "GRUCell";

    private protected override int Gates => 3;

    private protected override Shape BiasShape => ResetAfter ? Shape.Of(2, 3 * Units) : Shape.Of(3 * Units);

    private protected override (SymbolicTensor Output, SymbolicTensors States) Step(
        SymbolicTensor product,
        SymbolicTensors states,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        SymbolicTensor? bias)
    {
        var (input, recurrentBias) = (bias, (SymbolicTensor?)null);
        if (ResetAfter && bias is not null) (input, recurrentBias) = (Ops.Squeeze(Ops.Slice(bias, 0, 0, 1), 0), Ops.Squeeze(Ops.Slice(bias, 0, 1, 2), 0));
        return RecurrentSteps.Gru(Plus(product, input), states[0], hidden, recurrent, recurrentBias, ResetAfter, Activation, RecurrentActivation);
    }
}

/// <summary>One step of a <see cref="SimpleRnn"/>.</summary>
/// <remarks>
/// <para>
/// Input: (batch, features); state: (batch, units). Output: (batch, units). Weights: kernel (features, units), recurrent_kernel (units, units), bias (units).
/// </para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/simple_rnn_cell/</para>
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
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="recurrentConstraint">A constraint applied to the recurrent kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="dropout">The fraction of input features set to zero in training, from 0 to 1.</param>
/// <param name="recurrentDropout">The fraction of hidden features set to zero before the recurrent kernel in training, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="name">The cell's name.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
public sealed class SimpleRnnCell(
    int units,
    Activation? activation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? recurrentInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? recurrentRegularizer = null,
    Regularizer? biasRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? recurrentConstraint = null,
    Constraint? biasConstraint = null,
    double dropout = 0,
    double recurrentDropout = 0,
    int? seed = null,
    string? name = null)
    : GatedCell(
        units,
        activation,
        useBias,
        kernelInitializer,
        recurrentInitializer,
        biasInitializer,
        kernelRegularizer,
        recurrentRegularizer,
        biasRegularizer,
        kernelConstraint,
        recurrentConstraint,
        biasConstraint,
        dropout,
        recurrentDropout,
        seed,
        name)
{
    /// <inheritdoc/>
    public override IntValues StateSize => Units;

    internal override string ClassName => "SimpleRNNCell";

    private protected override int Gates => 1;

    private protected override (SymbolicTensor Output, SymbolicTensors States) Step(
        SymbolicTensor product,
        SymbolicTensors states,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        SymbolicTensor? bias) =>
        RecurrentSteps.Simple(Plus(product, bias), hidden, recurrent, Activation);
}
