using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Hands on what a mean divides by, one number per sample, and warns where it is 0.</summary>
internal sealed class MaskCountKernel(KernelRequest request) : Kernel
{
    private readonly ValueBuffer _counts = request.Input(0);
    private readonly ValueBuffer _result = request.Output();
    private bool _warned;

    public override void Run(in RunContext context)
    {
        _counts.Floats.CopyTo(_result.Floats);
        if (!_warned && _counts.Floats.Contains(0)) _warned = Warn();
    }

    private bool Warn()
    {
        var node = request.Node;
        return Warnings.Once(
            (object?)node.Scope?.Layer ?? node,
            WarningKind.NothingUnmasked,
            () => $"{node.Outputs[0].Origin} takes the mean over the unmasked steps of each sample, and a sample of the batch has none, so its result is NaN. "
                + "Leave such samples out, or give each one step that is not masked.");
    }
}
