using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The kernels of the recurrent operators and of their gradient.</summary>
internal static class RecurrentKernels
{
    public static Kernel Forward(KernelRequest request, RecurrentOp op) =>
        new ForwardKernel(request, op, new RecurrentForward(ShapeOf(op, request.Input(0).Shape, request.Input(2).Shape), request.Reads(1 + op.States)));

    public static Kernel Backward(KernelRequest request, RecurrentGradient op) =>
        new BackwardKernel(request, op, new RecurrentBackward(ShapeOf(op.Forward, request.Input(0).Shape, request.Input(2).Shape)));

    /// <summary>The size, in floats, of what a forward run keeps for the gradient.</summary>
    public static long ReserveFloats(Node node)
    {
        var op = (RecurrentOp)node.Op;
        return new RecurrentForward(ShapeOf(op, node.Inputs[0].Spec.Shape, node.Inputs[2].Spec.Shape), training: true).ReserveLength;
    }

    private static RecurrentShape ShapeOf(RecurrentOp op, Shape x, Shape recurrent)
    {
        var kind = op switch
        {
            Lstm => RecurrentKind.Lstm,
            Gru { ResetAfter: true } => RecurrentKind.Gru,
            Gru => RecurrentKind.GruResetBefore,
            _ => RecurrentKind.Simple,
        };
        var (activation, gates) = op switch
        {
            Lstm lstm => (lstm.Activation, lstm.RecurrentActivation),
            Gru gru => (gru.Activation, gru.RecurrentActivation),
            Rnn rnn => (rnn.Activation, GateActivation.Sigmoid),
            _ => throw new ModelException($"{op.Name} is not a recurrent operator of the engine."),
        };
        return new RecurrentShape(kind, x.Dims[0], x.Dims[1], x.Dims[2], recurrent.Dims[0])
        {
            Activation = Of(activation),
            GateActivation = Of(gates),
            Reverse = op.Options.Reverse,
            ZeroOutputForMask = op.Options.ZeroMaskedOutput,
        };
    }

    private static RecurrentActivation Of(GateActivation activation) => Enum.Parse<RecurrentActivation>(activation.ToString());

    private sealed class ForwardKernel(KernelRequest request, RecurrentOp op, RecurrentForward driver) : Kernel
    {
        private readonly ValueBuffer[] _inputs = request.Inputs;
        private readonly ValueBuffer?[] _outputs = request.Outputs;
        private readonly Storage _workspace = request.Scratch(driver.WorkspaceLength);
        private readonly ByteMemory? _mask = op.MaskInput is { } mask ? new ByteMemory(request.Input(mask)) : null;

        public override void Run(in RunContext context) => driver.Run(context.Pool, new RecurrentForwardBuffers
        {
            Input = _inputs[0].Memory,
            Kernel = _inputs[1].Memory,
            RecurrentKernel = _inputs[2].Memory,
            Bias = op.BiasInput is { } bias ? _inputs[bias].Memory : default,
            InitialState = op.StateInput is { } state ? _inputs[state].Memory : default,
            InitialCell = op.States == 2 && op.StateInput is { } cell ? _inputs[cell + 1].Memory : default,
            Mask = _mask?.Memory ?? default,
            Sequence = _outputs[0]?.Memory ?? default(Memory<float>),
            LastState = _outputs[1]?.Memory ?? default(Memory<float>),
            LastCell = op.States == 2 ? _outputs[2]?.Memory ?? default(Memory<float>) : default,
            Reserve = _outputs[1 + op.States]?.Storage.Memory ?? default(Memory<float>),
            Workspace = _workspace.Memory,
        });
    }

    private sealed class BackwardKernel : Kernel
    {
        private readonly RecurrentGradient _op;
        private readonly RecurrentBackward _driver;
        private readonly ValueBuffer[] _inputs;
        private readonly ValueBuffer?[] _outputs;
        private readonly Storage _workspace;
        private readonly ByteMemory? _mask;
        private readonly ValueBuffer? _sequence;
        private readonly ValueBuffer? _state;
        private readonly ValueBuffer? _cell;

        public BackwardKernel(KernelRequest request, RecurrentGradient op, RecurrentBackward driver)
        {
            (_op, _driver, _inputs, _outputs) = (op, driver, request.Inputs, request.Outputs);
            _workspace = request.Scratch(driver.WorkspaceLength);
            if (op.Forward.MaskInput is { } mask) _mask = new ByteMemory(request.Input(mask));
            var next = op.Forward.InputCount + 2;
            if (op.SequenceGradient) _sequence = request.Input(next++);
            if (op.StateGradients.Contains(0)) _state = request.Input(next++);
            if (op.StateGradients.Contains(1)) _cell = request.Input(next);
        }

        public override void Run(in RunContext context) => _driver.Run(context.Pool, new RecurrentBackwardBuffers
        {
            Input = _inputs[0].Memory,
            Kernel = _inputs[1].Memory,
            RecurrentKernel = _inputs[2].Memory,
            Mask = _mask?.Memory ?? default,
            Reserve = _inputs[_op.Forward.InputCount + 1].Storage.Memory,
            SequenceGradient = _sequence?.Memory ?? default(Memory<float>),
            LastStateGradient = _state?.Memory ?? default(Memory<float>),
            LastCellGradient = _cell?.Memory ?? default(Memory<float>),
            InputGradient = Output(0),
            KernelGradient = Output(1),
            RecurrentKernelGradient = Output(2),
            BiasGradient = _op.Forward.BiasInput is { } bias ? Output(bias) : default,
            InitialStateGradient = _op.Forward.StateInput is { } state ? Output(state) : default,
            InitialCellGradient = _op.Forward.States == 2 && _op.Forward.StateInput is { } cell ? Output(cell + 1) : default,
            Workspace = _workspace.Memory,
        });

        private Memory<float> Output(int i) => _outputs[i]?.Memory ?? default(Memory<float>);
    }
}
