namespace OnnxFunctional.Training.Execution;

/// <summary>A kernel over independent items, such as rows or slices, that are cut into parts for the threads.</summary>
internal abstract class CutKernel(Cut cut) : Kernel, IParallelWork
{
    public override void Run(in RunContext context) => context.Pool.Run(this, cut.Parts);

    void IParallelWork.Execute(int part)
    {
        var (first, end) = cut.Range(part);
        Compute(first, end);
    }

    /// <summary>Computes the items from <paramref name="first"/> up to, but not including, <paramref name="end"/>.</summary>
    protected abstract void Compute(int first, int end);
}
