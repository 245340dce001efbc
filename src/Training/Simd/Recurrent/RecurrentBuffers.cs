namespace OnnxFunctional.Training.Simd;

/// <summary>What a recurrent forward pass reads and writes. Empty members are absent.</summary>
internal readonly struct RecurrentForwardBuffers
{
    /// <summary>[batch, time, inputs]</summary>
    public ReadOnlyMemory<float> Input { get; init; }

    /// <summary>[inputs, gates * units]</summary>
    public ReadOnlyMemory<float> Kernel { get; init; }

    /// <summary>[units, gates * units]</summary>
    public ReadOnlyMemory<float> RecurrentKernel { get; init; }

    /// <summary>[gates * units], for <see cref="RecurrentKind.Gru"/> [2, gates * units]; or empty</summary>
    public ReadOnlyMemory<float> Bias { get; init; }

    /// <summary>[batch, units] or empty for zeros</summary>
    public ReadOnlyMemory<float> InitialState { get; init; }

    /// <summary>[batch, units] or empty for zeros; LSTM only</summary>
    public ReadOnlyMemory<float> InitialCell { get; init; }

    /// <summary>[batch, time], 0 for skipped steps; or empty</summary>
    public ReadOnlyMemory<byte> Mask { get; init; }

    /// <summary>[batch, time, units] or empty</summary>
    public Memory<float> Sequence { get; init; }

    /// <summary>[batch, units] or empty</summary>
    public Memory<float> LastState { get; init; }

    /// <summary>[batch, units] or empty; LSTM only</summary>
    public Memory<float> LastCell { get; init; }

    /// <summary>[reserve length]; empty if no gradient is needed</summary>
    public Memory<float> Reserve { get; init; }

    /// <summary>[workspace length]</summary>
    public Memory<float> Workspace { get; init; }
}

/// <summary>What a recurrent backward pass reads and writes. Empty members are absent.</summary>
internal readonly struct RecurrentBackwardBuffers
{
    /// <summary>[batch, time, inputs]</summary>
    public ReadOnlyMemory<float> Input { get; init; }

    /// <summary>[inputs, gates * units]</summary>
    public ReadOnlyMemory<float> Kernel { get; init; }

    /// <summary>[units, gates * units]</summary>
    public ReadOnlyMemory<float> RecurrentKernel { get; init; }

    /// <summary>[batch, time], 0 for skipped steps; or empty</summary>
    public ReadOnlyMemory<byte> Mask { get; init; }

    /// <summary>[reserve length], as the forward pass left it; read only</summary>
    public ReadOnlyMemory<float> Reserve { get; init; }

    /// <summary>[batch, time, units] or empty for zeros</summary>
    public ReadOnlyMemory<float> SequenceGradient { get; init; }

    /// <summary>[batch, units] or empty for zeros</summary>
    public ReadOnlyMemory<float> LastStateGradient { get; init; }

    /// <summary>[batch, units] or empty for zeros; LSTM only</summary>
    public ReadOnlyMemory<float> LastCellGradient { get; init; }

    /// <summary>[batch, time, inputs] or empty</summary>
    public Memory<float> InputGradient { get; init; }

    /// <summary>[inputs, gates * units] or empty</summary>
    public Memory<float> KernelGradient { get; init; }

    /// <summary>[units, gates * units] or empty</summary>
    public Memory<float> RecurrentKernelGradient { get; init; }

    /// <summary>Shaped like the bias, or empty</summary>
    public Memory<float> BiasGradient { get; init; }

    /// <summary>[batch, units] or empty</summary>
    public Memory<float> InitialStateGradient { get; init; }

    /// <summary>[batch, units] or empty; LSTM only</summary>
    public Memory<float> InitialCellGradient { get; init; }

    /// <summary>[workspace length]</summary>
    public Memory<float> Workspace { get; init; }
}
