using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Runs an LSTM, a GRU or a simple recurrent layer over whole sequences: one kernel object a node of the plan.</summary>
/// <remarks>
/// Keras' layouts: input [batch, time, inputs], kernel [inputs, gates * units], recurrent kernel [units, gates * units].
/// A masked step keeps the state and puts it out again, or zeros with <see cref="RecurrentShape.ZeroOutputForMask"/>.
/// </remarks>
internal sealed class RecurrentForward : IParallelWork
{
    // Below that, packing the weights takes less than waking a thread.
    private const long ParallelPacking = 65536;

    private readonly RecurrentLayout _layout;
    private RecurrentForwardBuffers _buffers;
    private Phase _phase;

    /// <param name="shape">what is fixed when the plan is made</param>
    /// <param name="training">whether to fill the reserve that <see cref="RecurrentBackward"/> reads</param>
    public RecurrentForward(RecurrentShape shape, bool training) => _layout = new(shape, training);

    private enum Phase
    {
        Pack,
        Input,
        Steps,
    }

    /// <summary>Floats of <see cref="RecurrentForwardBuffers.Reserve"/>.</summary>
    public long ReserveLength => _layout.ReserveLength;

    /// <summary>Floats of <see cref="RecurrentForwardBuffers.Workspace"/>; nothing in it is needed afterwards.</summary>
    public long WorkspaceLength => _layout.ForwardWorkspaceLength;

    public void Run(WorkerPool pool, in RecurrentForwardBuffers buffers)
    {
        Check(buffers);
        _buffers = buffers;
        Start(pool, Phase.Pack, RecurrentForwardPass.PackParts, _layout.PackedForwardLength >= ParallelPacking);
        if (_layout.SplitsInput) Start(pool, Phase.Input, _layout.Blocks * _layout.Chunks, true);
        Start(pool, Phase.Steps, _layout.Parts, true);
        _buffers = default;
    }

    void IParallelWork.Execute(int part)
    {
        switch (_phase)
        {
            case Phase.Pack:
                RecurrentForwardPass.Pack(_layout, _buffers, part);
                break;
            case Phase.Input:
                RecurrentForwardPass.Input(_layout, _buffers, part);
                break;
            default:
                RecurrentForwardPass.Steps(_layout, _buffers, part);
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

    private void Check(in RecurrentForwardBuffers buffers)
    {
        var shape = _layout.Shape;
        var columns = (long)shape.Gates * shape.Units;
        var states = (long)shape.Batch * shape.Units;
        RecurrentArguments.Exactly(buffers.Input.Length, (long)shape.Batch * shape.Time * shape.Inputs, nameof(buffers.Input));
        RecurrentArguments.Exactly(buffers.Kernel.Length, shape.Inputs * columns, nameof(buffers.Kernel));
        RecurrentArguments.Exactly(buffers.RecurrentKernel.Length, shape.Units * columns, nameof(buffers.RecurrentKernel));
        RecurrentArguments.ExactlyOrEmpty(buffers.Bias.Length, shape.BiasLength, nameof(buffers.Bias));
        RecurrentArguments.ExactlyOrEmpty(buffers.InitialState.Length, states, nameof(buffers.InitialState));
        RecurrentArguments.ExactlyOrEmpty(buffers.InitialCell.Length, _layout.HasCell ? states : 0, nameof(buffers.InitialCell));
        RecurrentArguments.ExactlyOrEmpty(buffers.Mask.Length, (long)shape.Batch * shape.Time, nameof(buffers.Mask));
        RecurrentArguments.ExactlyOrEmpty(buffers.Sequence.Length, states * shape.Time, nameof(buffers.Sequence));
        RecurrentArguments.ExactlyOrEmpty(buffers.LastState.Length, states, nameof(buffers.LastState));
        RecurrentArguments.ExactlyOrEmpty(buffers.LastCell.Length, _layout.HasCell ? states : 0, nameof(buffers.LastCell));
        RecurrentArguments.AtLeast(buffers.Reserve.Length, _layout.ReserveLength, nameof(buffers.Reserve));
        RecurrentArguments.AtLeast(buffers.Workspace.Length, _layout.ForwardWorkspaceLength, nameof(buffers.Workspace));
    }
}
