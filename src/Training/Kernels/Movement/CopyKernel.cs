using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Copies elements without changing their order or type.</summary>
internal sealed class CopyKernel(ValueBuffer source, Storage destination, int floats) : Kernel
{
    public override void Run(in RunContext context) => source.Storage.Memory.Span[..floats].CopyTo(destination.Memory.Span);
}
