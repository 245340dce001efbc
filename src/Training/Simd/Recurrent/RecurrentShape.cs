namespace OnnxFunctional.Training.Simd;

/// <summary>The kinds of recurrent cells.</summary>
internal enum RecurrentKind
{
    /// <summary>Gates in the order i, f, c, o.</summary>
    Lstm,

    /// <summary>Gates in the order z, r, h; the reset gate multiplies the recurrent product, which has a bias of its own.</summary>
    Gru,

    /// <summary>Gates in the order z, r, h; the reset gate multiplies the state before the product.</summary>
    GruResetBefore,

    /// <summary>One gate: <c>h = activation(x W + h R + b)</c>.</summary>
    Simple,
}

/// <summary>The options of a recurrent computation, all fixed when a plan is made.</summary>
/// <param name="Kind">The cell.</param>
/// <param name="Batch">Sequences.</param>
/// <param name="Time">The number of steps, at least one.</param>
/// <param name="Inputs">The number of features per step.</param>
/// <param name="Units">The number of values of the state.</param>
internal sealed record RecurrentShape(RecurrentKind Kind, int Batch, int Time, int Inputs, int Units)
{
    /// <summary>The activation of the candidate, of the cell's output, and of a simple cell.</summary>
    public RecurrentActivation Activation { get; init; } = RecurrentActivation.Tanh;

    /// <summary>The activation of the gates; a simple cell has none.</summary>
    public RecurrentActivation GateActivation { get; init; } = RecurrentActivation.Sigmoid;

    /// <summary>Whether to run from the last step to the first; outputs stay at the index of their step.</summary>
    public bool Reverse { get; init; }

    /// <summary>Whether masked steps output zeros instead of the state.</summary>
    public bool ZeroOutputForMask { get; init; }

    /// <summary>The number of weight columns per unit.</summary>
    public int Gates => Kind switch { RecurrentKind.Lstm => 4, RecurrentKind.Simple => 1, _ => 3 };

    /// <summary>The length of the bias: one row per gate, two for <see cref="RecurrentKind.Gru"/>.</summary>
    public int BiasLength => (Kind == RecurrentKind.Gru ? 2 : 1) * Gates * Units;
}
