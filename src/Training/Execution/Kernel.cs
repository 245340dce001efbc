namespace OnnxFunctional.Training.Execution;

/// <summary>The run that a kernel is part of.</summary>
/// <param name="Pool">The threads.</param>
/// <param name="Step">The number of the training step, for random numbers.</param>
/// <param name="IsContinued">
/// Whether the kernel has already run on other rows of the same batch, so that its scratch memory still holds what it computed from the weights.
/// </param>
internal readonly record struct RunContext(WorkerPool Pool, ulong Step, bool IsContinued = false);

/// <summary>A computation bound to its buffers. It is created once, with its plan, and runs any number of times without allocating.</summary>
internal abstract class Kernel
{
    public abstract void Run(in RunContext context);
}
