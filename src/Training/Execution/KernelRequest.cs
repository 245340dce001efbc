namespace OnnxFunctional.Training.Execution;

/// <summary>What a kernel is created from: an operator and its buffers.</summary>
/// <param name="Node">The node, with concrete shapes.</param>
/// <param name="Inputs">One buffer per input. If only an input's shape is read, its buffer may have no memory.</param>
/// <param name="Outputs">One buffer per output; null if nobody reads the output.</param>
/// <param name="Epilogue">What is applied to the result before it is stored.</param>
internal sealed record KernelRequest(Node Node, ValueBuffer[] Inputs, ValueBuffer?[] Outputs, Epilogue Epilogue)
{
    private readonly List<(Storage Storage, long Floats)> _scratch = [];

    public Op Op => Node.Op;

    /// <summary>The seeds and numbers of the graph's random streams.</summary>
    public required RandomStreams Random { get; init; }

    /// <summary>Whether a convolution may take the Winograd form.</summary>
    public bool Winograd { get; init; } = true;

    /// <summary>The memory requested by <see cref="Scratch"/>.</summary>
    public IReadOnlyList<(Storage Storage, long Floats)> ScratchMemory => _scratch;

    public ValueBuffer Input(int i) => Inputs[i];

    /// <summary>The buffer of an output that somebody reads.</summary>
    public ValueBuffer Output(int i = 0) =>
        Outputs[i] ?? throw new InvalidOperationException($"Output {i} of {Op.Name} has no buffer because nobody reads it.");

    public bool Reads(int output) => Outputs[output] is not null;

    /// <summary>Requests memory for the time that the kernel runs. Its content is lost between runs, because other kernels use the same memory.</summary>
    public Storage Scratch(long floats)
    {
        var storage = new Storage();
        if (floats > 0) _scratch.Add((storage, floats));
        return storage;
    }
}
