using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The gradients of <see cref="RecurrentForward"/> with respect to input, weights and initial states, from its reserve: one kernel object a node of the plan.</summary>
/// <remarks>
/// Threads take blocks of rows back through all steps, and then pieces of the weight gradients over all rows and steps.
/// Each number is summed by one thread in an order that follows from the shape alone.
/// </remarks>
internal sealed class RecurrentBackward : IParallelWork
{
    private const long ParallelPacking = 65536;

    private readonly RecurrentLayout _layout;
    private RecurrentBackwardBuffers _buffers;
    private Phase _phase;

    public RecurrentBackward(RecurrentShape shape) => _layout = new(shape, training: true);

    private enum Phase
    {
        Pack,
        Steps,
        Input,
        Weights,
    }

    /// <summary>Floats of <see cref="RecurrentBackwardBuffers.Reserve"/>, as of a training <see cref="RecurrentForward"/> of the same shape.</summary>
    public long ReserveLength => _layout.ReserveLength;

    /// <summary>Floats of <see cref="RecurrentBackwardBuffers.Workspace"/>.</summary>
    public long WorkspaceLength => _layout.BackwardWorkspaceLength;

    public void Run(WorkerPool pool, in RecurrentBackwardBuffers buffers)
    {
        Check(buffers);
        _buffers = buffers;
        Start(pool, Phase.Pack, RecurrentBackwardPass.PackParts, _layout.TransposedTotalLength >= ParallelPacking);
        Start(pool, Phase.Steps, _layout.Parts, true);
        if (_layout.SplitsInput && !buffers.InputGradient.IsEmpty) Start(pool, Phase.Input, _layout.Blocks * _layout.Chunks, true);
        if (!buffers.KernelGradient.IsEmpty || !buffers.RecurrentKernelGradient.IsEmpty) Start(pool, Phase.Weights, _layout.WeightParts, true);
        if (!buffers.BiasGradient.IsEmpty) RecurrentWeightGradient.Bias(_layout, buffers);
        _buffers = default;
    }

    void IParallelWork.Execute(int part)
    {
        switch (_phase)
        {
            case Phase.Pack:
                RecurrentBackwardPass.Pack(_layout, _buffers, part);
                break;
            case Phase.Steps:
                RecurrentBackwardPass.Steps(_layout, _buffers, part);
                break;
            case Phase.Input:
                RecurrentBackwardPass.Input(_layout, _buffers, part);
                break;
            default:
                RecurrentWeightGradient.Product(_layout, _buffers, part);
                break;
        }
    }

    private void Start(WorkerPool pool, Phase phase, int parts, bool parallel)
    {
        _phase = phase;
        if (parallel)
        {
            pool.Run(this, parts);
            return;
        }

        IParallelWork work = this;
        for (var part = 0; part < parts; part++) work.Execute(part);
    }

    private void Check(in RecurrentBackwardBuffers buffers)
    {
        var shape = _layout.Shape;
        var columns = (long)shape.Gates * shape.Units;
        var states = (long)shape.Batch * shape.Units;
        var cells = _layout.HasCell ? states : 0;
        RecurrentArguments.Exactly(buffers.Input.Length, (long)shape.Batch * shape.Time * shape.Inputs, nameof(buffers.Input));
        RecurrentArguments.Exactly(buffers.Kernel.Length, shape.Inputs * columns, nameof(buffers.Kernel));
        RecurrentArguments.Exactly(buffers.RecurrentKernel.Length, shape.Units * columns, nameof(buffers.RecurrentKernel));
        RecurrentArguments.ExactlyOrEmpty(buffers.Mask.Length, (long)shape.Batch * shape.Time, nameof(buffers.Mask));
        RecurrentArguments.ExactlyOrEmpty(buffers.SequenceGradient.Length, states * shape.Time, nameof(buffers.SequenceGradient));
        RecurrentArguments.ExactlyOrEmpty(buffers.LastStateGradient.Length, states, nameof(buffers.LastStateGradient));
        RecurrentArguments.ExactlyOrEmpty(buffers.LastCellGradient.Length, cells, nameof(buffers.LastCellGradient));
        RecurrentArguments.ExactlyOrEmpty(buffers.InputGradient.Length, buffers.Input.Length, nameof(buffers.InputGradient));
        RecurrentArguments.ExactlyOrEmpty(buffers.KernelGradient.Length, buffers.Kernel.Length, nameof(buffers.KernelGradient));
        RecurrentArguments.ExactlyOrEmpty(buffers.RecurrentKernelGradient.Length, buffers.RecurrentKernel.Length, nameof(buffers.RecurrentKernelGradient));
        RecurrentArguments.ExactlyOrEmpty(buffers.BiasGradient.Length, shape.BiasLength, nameof(buffers.BiasGradient));
        RecurrentArguments.ExactlyOrEmpty(buffers.InitialStateGradient.Length, states, nameof(buffers.InitialStateGradient));
        RecurrentArguments.ExactlyOrEmpty(buffers.InitialCellGradient.Length, cells, nameof(buffers.InitialCellGradient));
        RecurrentArguments.AtLeast(buffers.Reserve.Length, _layout.ReserveLength, nameof(buffers.Reserve));
        RecurrentArguments.AtLeast(buffers.Workspace.Length, _layout.BackwardWorkspaceLength, nameof(buffers.Workspace));
    }
}
