namespace OnnxFunctional.Training.Simd;

/// <summary>The cells the recurrent kernels know.</summary>
internal enum RecurrentKind
{
    /// <summary>Gates in the order i, f, c, o.</summary>
    Lstm,

    /// <summary>Gates in the order z, r, h; the reset gate multiplies the recurrent product, which has a bias of its own.</summary>
    Gru,

    /// <summary>Gates in the order z, r, h; the reset gate multiplies the state before the product.</summary>
    GruResetBefore,

    /// <summary>One gate: h = activation(x W + h R + b).</summary>
    Simple,
}

/// <summary>All that decides how a recurrent kernel runs: everything here is fixed when a plan is made.</summary>
/// <param name="Kind">The cell.</param>
/// <param name="Batch">Sequences.</param>
/// <param name="Time">Steps, at least one.</param>
/// <param name="Inputs">Features of a step.</param>
/// <param name="Units">Values of the state.</param>
internal sealed record RecurrentShape(RecurrentKind Kind, int Batch, int Time, int Inputs, int Units)
{
    /// <summary>Of the candidate, the cell's output and the whole of a simple cell.</summary>
    public RecurrentActivation Activation { get; init; } = RecurrentActivation.Tanh;

    /// <summary>Of the gates; a simple cell has none.</summary>
    public RecurrentActivation GateActivation { get; init; } = RecurrentActivation.Sigmoid;

    /// <summary>Runs from the last step to the first; outputs stay at the index of their step.</summary>
    public bool Reverse { get; init; }

    /// <summary>A masked step puts out zeros instead of the state it keeps.</summary>
    public bool ZeroOutputForMask { get; init; }

    /// <summary>Weight columns per unit.</summary>
    public int Gates => Kind switch { RecurrentKind.Lstm => 4, RecurrentKind.Simple => 1, _ => 3 };

    /// <summary>Floats of the bias: one row a gate, two for <see cref="RecurrentKind.Gru"/>.</summary>
    public int BiasLength => (Kind == RecurrentKind.Gru ? 2 : 1) * Gates * Units;
}
