namespace OnnxFunctional.Training.Execution;

/// <summary>What a kernel is told of the run it is part of.</summary>
/// <param name="Pool">The threads.</param>
/// <param name="Step">The number of the training step, for random numbers.</param>
/// <param name="IsContinued">The kernel ran before on other rows of the same batch, so that what it made of its parameters still stands in its scratch memory.</param>
internal readonly record struct RunContext(WorkerPool Pool, ulong Step, bool IsContinued = false);

/// <summary>A computation bound to its buffers: made once with a plan, run as often as wanted, without allocating.</summary>
internal abstract class Kernel
{
    public abstract void Run(in RunContext context);
}

/// <summary>An activation applied while results are stored.</summary>
internal enum EpilogueActivation
{
    None,
    Relu,
}

/// <summary>What the planner put behind a product or convolution.</summary>
/// <param name="Bias">Added to every row.</param>
/// <param name="Addend">Values of a convolution's output shape that are added to it.</param>
/// <param name="Activation">Applied to the sum.</param>
/// <param name="BiasGradient">Where a convolution's weight gradient also puts the sum of the output gradient for each channel.</param>
internal sealed record Epilogue(ValueBuffer? Bias, ValueBuffer? Addend, EpilogueActivation Activation, ValueBuffer? BiasGradient)
{
    public static Epilogue None { get; } = new(null, null, EpilogueActivation.None, null);
}

/// <summary>What a kernel is made from: the operator and its buffers.</summary>
/// <param name="Node">The node with its concrete shapes.</param>
/// <param name="Inputs">One buffer an input; one of which only the shape is read may have no memory.</param>
/// <param name="Outputs">One buffer an output; none where nobody reads it.</param>
/// <param name="Epilogue">What is applied to the result before it is stored.</param>
internal sealed record KernelRequest(Node Node, ValueBuffer[] Inputs, ValueBuffer?[] Outputs, Epilogue Epilogue)
{
    private readonly List<(Storage Storage, long Floats)> _scratch = [];

    public Op Op => Node.Op;

    /// <summary>The seed and the stream of each source of random numbers.</summary>
    public required RandomStreams Random { get; init; }

    /// <summary>Whether a convolution may take the Winograd form.</summary>
    public bool Winograd { get; init; } = true;

    /// <summary>Memory asked for by <see cref="Scratch"/>.</summary>
    public IReadOnlyList<(Storage Storage, long Floats)> ScratchMemory => _scratch;

    public ValueBuffer Input(int i) => Inputs[i];

    /// <summary>The output, which must be one that somebody reads.</summary>
    public ValueBuffer Output(int i = 0) => Outputs[i] ?? throw new InvalidOperationException($"Output {i} of {Op.Name} is not read by anybody.");

    public bool Reads(int output) => Outputs[output] is not null;

    /// <summary>Memory for the time the kernel runs; its content is lost between runs. Other kernels use the same memory.</summary>
    public Storage Scratch(long floats)
    {
        var storage = new Storage();
        if (floats > 0) _scratch.Add((storage, floats));
        return storage;
    }
}
