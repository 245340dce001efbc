using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Runs an LSTM, a GRU or a simple recurrent layer over whole sequences.</summary>
/// <remarks>
/// Keras' layouts: input [batch, time, inputs], kernel [inputs, gates * units], recurrent kernel [units, gates * units].
/// A masked step keeps the state and repeats the output before it, zeros at first; with <see cref="RecurrentShape.ZeroOutputForMask"/> its output is zero.
/// </remarks>
/// <param name="shape">The sizes, fixed when the plan is made.</param>
/// <param name="training">Whether to fill the reserve that <see cref="RecurrentBackward"/> reads.</param>
internal sealed class RecurrentForward(RecurrentShape shape, bool training) : RecurrentDriver(new(shape, training))
{
    private RecurrentForwardBuffers _buffers;

    /// <summary>Floats of <see cref="RecurrentForwardBuffers.Workspace"/>; nothing in it is needed afterwards.</summary>
    public long WorkspaceLength => Layout.ForwardWorkspaceLength;

    public void Run(WorkerPool pool, in RecurrentForwardBuffers buffers)
    {
        Check(buffers);
        _buffers = buffers;
        StartPacking(pool, RecurrentForwardPass.PackParts, Layout.PackedForwardLength);
        if (Layout.SplitsInput) Start(pool, Phase.Input, Layout.Blocks * Layout.Chunks);
        Start(pool, Phase.Steps, Layout.Parts);
        _buffers = default;
    }

    protected override void Execute(Phase phase, int part)
    {
        switch (phase)
        {
            case Phase.Pack:
                RecurrentForwardPass.Pack(Layout, _buffers, part);
                break;
            case Phase.Input:
                RecurrentForwardPass.Input(Layout, _buffers, part);
                break;
            default:
                RecurrentForwardPass.Steps(Layout, _buffers, part);
                break;
        }
    }

    private void Check(in RecurrentForwardBuffers buffers)
    {
        var shape = Layout.Shape;
        var states = (long)shape.Batch * shape.Units;
        var cells = Layout.HasCell ? states : 0;
        CheckOperands(buffers.Input.Length, buffers.Kernel.Length, buffers.RecurrentKernel.Length, buffers.Mask.Length);
        CheckLengthOrEmpty(buffers.Bias.Length, shape.BiasLength, nameof(buffers.Bias));
        CheckLengthOrEmpty(buffers.InitialState.Length, states, nameof(buffers.InitialState));
        CheckLengthOrEmpty(buffers.InitialCell.Length, cells, nameof(buffers.InitialCell));
        CheckLengthOrEmpty(buffers.Sequence.Length, states * shape.Time, nameof(buffers.Sequence));
        CheckLengthOrEmpty(buffers.LastState.Length, states, nameof(buffers.LastState));
        CheckLengthOrEmpty(buffers.LastCell.Length, cells, nameof(buffers.LastCell));
        CheckLengthAtLeast(buffers.Reserve.Length, Layout.ReserveLength, nameof(buffers.Reserve));
        CheckLengthAtLeast(buffers.Workspace.Length, Layout.ForwardWorkspaceLength, nameof(buffers.Workspace));
    }
}
