using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The gradients of <see cref="RecurrentForward"/> with respect to input, weights and initial states, from its reserve.</summary>
/// <remarks>
/// Threads take blocks of rows back through all steps, and then pieces of the weight gradients over all rows and steps.
/// Each value is summed by one thread in an order that follows from the shape alone.
/// </remarks>
/// <param name="shape">The sizes, as of the forward run.</param>
internal sealed class RecurrentBackward(RecurrentShape shape) : RecurrentDriver(new(shape, training: true))
{
    private RecurrentBackwardBuffers _buffers;

    /// <summary>Floats of <see cref="RecurrentBackwardBuffers.Workspace"/>.</summary>
    public long WorkspaceLength => Layout.BackwardWorkspaceLength;

    public void Run(WorkerPool pool, in RecurrentBackwardBuffers buffers)
    {
        Check(buffers);
        _buffers = buffers;
        StartPacking(pool, RecurrentBackwardPass.PackParts, Layout.TransposedTotalLength);
        Start(pool, Phase.Steps, Layout.Parts);
        if (Layout.SplitsInput && !buffers.InputGradient.IsEmpty) Start(pool, Phase.Input, Layout.Blocks * Layout.Chunks);
        if (!buffers.KernelGradient.IsEmpty || !buffers.RecurrentKernelGradient.IsEmpty) Start(pool, Phase.Weights, Layout.WeightParts);
        if (!buffers.BiasGradient.IsEmpty) RecurrentWeightGradient.Bias(Layout, buffers);
        _buffers = default;
    }

    protected override void Execute(Phase phase, int part)
    {
        switch (phase)
        {
            case Phase.Pack:
                RecurrentBackwardPass.Pack(Layout, _buffers, part);
                break;
            case Phase.Steps:
                RecurrentBackwardPass.Steps(Layout, _buffers, part);
                break;
            case Phase.Input:
                RecurrentBackwardPass.Input(Layout, _buffers, part);
                break;
            default:
                RecurrentWeightGradient.Product(Layout, _buffers, part);
                break;
        }
    }

    private void Check(in RecurrentBackwardBuffers buffers)
    {
        var shape = Layout.Shape;
        var states = (long)shape.Batch * shape.Units;
        var cells = Layout.HasCell ? states : 0;
        CheckOperands(buffers.Input.Length, buffers.Kernel.Length, buffers.RecurrentKernel.Length, buffers.Mask.Length);
        CheckLengthOrEmpty(buffers.SequenceGradient.Length, states * shape.Time, nameof(buffers.SequenceGradient));
        CheckLengthOrEmpty(buffers.LastStateGradient.Length, states, nameof(buffers.LastStateGradient));
        CheckLengthOrEmpty(buffers.LastCellGradient.Length, cells, nameof(buffers.LastCellGradient));
        CheckLengthOrEmpty(buffers.InputGradient.Length, buffers.Input.Length, nameof(buffers.InputGradient));
        CheckLengthOrEmpty(buffers.KernelGradient.Length, buffers.Kernel.Length, nameof(buffers.KernelGradient));
        CheckLengthOrEmpty(buffers.RecurrentKernelGradient.Length, buffers.RecurrentKernel.Length, nameof(buffers.RecurrentKernelGradient));
        CheckLengthOrEmpty(buffers.BiasGradient.Length, shape.BiasLength, nameof(buffers.BiasGradient));
        CheckLengthOrEmpty(buffers.InitialStateGradient.Length, states, nameof(buffers.InitialStateGradient));
        CheckLengthOrEmpty(buffers.InitialCellGradient.Length, cells, nameof(buffers.InitialCellGradient));
        CheckLengthAtLeast(buffers.Reserve.Length, Layout.ReserveLength, nameof(buffers.Reserve));
        CheckLengthAtLeast(buffers.Workspace.Length, Layout.BackwardWorkspaceLength, nameof(buffers.Workspace));
    }
}
