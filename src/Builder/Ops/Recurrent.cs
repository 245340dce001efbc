namespace OnnxFunctional.Operators;

/// <summary>The activations that recurrent operators support; layers with others are built step by step from a cell.</summary>
internal enum GateActivation
{
    Linear,
    Tanh,
    Sigmoid,
    HardSigmoid,
    Relu,
    Elu,
    Selu,
    Softplus,
    Softsign,
}

/// <summary>Options of all recurrent operators.</summary>
/// <param name="Reverse">Whether time runs backwards; each output stays at the time of its input.</param>
/// <param name="Bias">Whether a bias follows the two kernels.</param>
/// <param name="InitialState">Whether initial states follow.</param>
/// <param name="Masked">
/// Whether a bool mask (batch, time) follows: a masked step keeps the state and repeats the output before it, zeros if there is none, even where the initial
/// state is not zero.
/// </param>
/// <param name="ZeroMaskedOutput">Whether a masked step gives zeros instead of the previous output.</param>
internal readonly record struct RecurrentOptions(bool Reverse, bool Bias, bool InitialState, bool Masked, bool ZeroMaskedOutput);

/// <summary>
/// A recurrent layer over a whole sequence. Inputs: x (batch, time, in), kernel (in, gates * units), recurrent kernel (units, gates * units), then those
/// that the options name: bias, initial states, mask.
/// </summary>
/// <remarks>Outputs: the sequence, the last states, and a reserve for the gradient, whose layout only the engine knows.</remarks>
internal abstract record RecurrentOp(RecurrentOptions Options) : Op
{
    public override bool TakesFloats(int input) => input == 0;

    public abstract int Gates { get; }

    /// <summary>The number of state tensors: the hidden state and, for the LSTM, the cell state.</summary>
    public abstract int States { get; }

    public int InputCount => 3 + (Options.Bias ? 1 : 0) + (Options.InitialState ? States : 0) + (Options.Masked ? 1 : 0);

    public int? BiasInput => Options.Bias ? 3 : null;

    public int? StateInput => Options.InitialState ? 3 + (Options.Bias ? 1 : 0) : null;

    public int? MaskInput => Options.Masked ? InputCount - 1 : null;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var x = inputs[0].Shape;
        ShapeRules.RequireFloat(inputs[0], Name);
        if (x.Rank != 3)
        {
            throw new ModelException(
                $"{Name} takes (batch, time, features), but got {x}. A recurrent layer before it needs returnSequences: true; a Reshape adds a missing axis.");
        }

        if (inputs.Length != InputCount) throw new ModelException($"{Name} takes {InputCount} inputs here, but got {inputs.Length}.");
        var units = inputs[2].Shape.Dims[0];
        if (x.Dims[2] != Shape.Unknown && x.Dims[2] != inputs[1].Shape.Dims[0])
            throw new ModelException($"{Name}: the kernel {inputs[1].Shape} takes {inputs[1].Shape.Dims[0]} features, but got {x.Dims[2]} in {x}.");
        if (MaskInput is { } mask && (inputs[mask].Type != DType.Bool || !inputs[mask].Shape.IsCompatibleWith(x.Slice(0, 2))))
            throw new ModelException($"{Name} takes a bool mask of shape {x.Slice(0, 2)}, but got {inputs[mask]}.");
        var state = new TensorSpec(Shape.Of(x.Symbols[0], units), inputs[0].Type);
        if (StateInput is { } first)
        {
            for (var i = 0; i < States; i++)
            {
                if (!inputs[first + i].Shape.IsCompatibleWith(state.Shape))
                    throw new ModelException($"{Name} takes initial states of shape {state.Shape}, but got {inputs[first + i]}.");
            }
        }

        var sequence = new TensorSpec(Shape.Of(x.Symbols[0], x.Symbols[1], units), inputs[0].Type);
        // Only the engine knows its size, so it has none in the graph.
        var reserve = new TensorSpec(Shape.Of(0), DType.Float32);
        return States == 2 ? [sequence, state, state, reserve] : [sequence, state, reserve];
    }
}

internal sealed record Lstm(GateActivation Activation, GateActivation RecurrentActivation, RecurrentOptions Options) : RecurrentOp(Options)
{
    public override int Gates => 4;

    public override int States => 2;
}

internal sealed record Gru(GateActivation Activation, GateActivation RecurrentActivation, bool ResetAfter, RecurrentOptions Options) : RecurrentOp(Options)
{
    public override int Gates => 3;

    public override int States => 1;
}

/// <summary>A simple recurrent network: ONNX's RNN.</summary>
internal sealed record Rnn(GateActivation Activation, RecurrentOptions Options) : RecurrentOp(Options)
{
    public override int Gates => 1;

    public override int States => 1;
}

/// <summary>
/// The gradient of a recurrent operator. Inputs: all of the operator's inputs, its sequence output, its reserve, then the gradients that exist: of the
/// sequence and of each last state.
/// </summary>
/// <param name="Forward">The operator.</param>
/// <param name="SequenceGradient">Whether there is a gradient of the sequence output.</param>
/// <param name="StateGradients">The last states that have a gradient.</param>
/// <remarks>Outputs: the gradients of x, kernel and recurrent kernel, then of the bias and the initial states if these are inputs.</remarks>
internal sealed record RecurrentGradient(RecurrentOp Forward, bool SequenceGradient, IntList StateGradients) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) =>
        [.. inputs[..(Forward.InputCount - (Forward.Options.Masked ? 1 : 0))]];
}
