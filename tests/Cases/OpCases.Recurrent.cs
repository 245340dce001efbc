using OnnxFunctional.Operators;
using OnnxFunctional.Tests.Training.Simd;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Cases;

/// <content>Recurrent operators, random numbers, and sizes large enough for several threads.</content>
internal static partial class OpCases
{
    private static RecurrentOptions WithBias => new(Reverse: false, Bias: true, InitialState: false, Masked: false, ZeroMaskedOutput: false);

    private static double[] Masks => [0, 0, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0];

    private static IEnumerable<OpCase> Recurrent =>
    [
        .. Sequences("", WithBias),
        .. Sequences("plain", WithBias with { Bias = false }),
        .. Sequences("reverse", WithBias with { Reverse = true }),
        .. Sequences("state", WithBias with { InitialState = true }),
        .. Sequences("masked", WithBias with { Masked = true }),
        .. Sequences("masked_state", WithBias with { Masked = true, InitialState = true }),
        .. Sequences("masked_reverse_state", WithBias with { Masked = true, Reverse = true, InitialState = true }),
        .. Sequences("masked_zero_reverse_state", WithBias with { Masked = true, ZeroMaskedOutput = true, Reverse = true, InitialState = true }),
        Sequence("elu_hard", new Lstm(GateActivation.Elu, GateActivation.HardSigmoid, WithBias), 3, 5, 3, 4),
        .. Both("softsign", new Lstm(GateActivation.Softsign, GateActivation.Sigmoid, WithBias), differences: false),
        Sequence("softplus", new Rnn(GateActivation.Softplus, WithBias), 3, 4, 3, 4),
        Sequence("linear", new Rnn(GateActivation.Linear, WithBias), 3, 4, 3, 4),
        .. Both("selu", new Gru(GateActivation.Selu, GateActivation.Sigmoid, true, WithBias), differences: false),
        .. Both("relu", new Rnn(GateActivation.Relu, WithBias), differences: false),
        Sequence("one_step", new Lstm(GateActivation.Tanh, GateActivation.Sigmoid, WithBias), 1, 1, 1, 1),
        Sequence("wide", new Lstm(GateActivation.Tanh, GateActivation.Sigmoid, WithBias), 5, 3, 7, 17),
        .. Loops("", reverse: false, ownTimes: false),
        .. Loops("reverse", reverse: true, ownTimes: false),
        .. Loops("reverse_own_times", reverse: true, ownTimes: true),
    ];

    private static IEnumerable<OpCase> Chance =>
    [
        new("", new RandomUniform(new RandomStream(), -1, 3), X(17, 33)) { CheckedElsewhere = "RandomOpTests", Random = true },
        new("", new RandomNormal(new RandomStream(), 1, 2), X(17, 33)) { CheckedElsewhere = "RandomOpTests", Random = true },
        new("", new Dropout(new RandomStream(), 0.3f, []), X(17, 33)) { CheckedElsewhere = "RandomOpTests", Random = true },
        new("seeded", new Dropout(new RandomStream(5), 0.3f, []), X(17, 33)) { CheckedElsewhere = "RandomOpTests", Random = true },
        new("shared", new Dropout(new RandomStream(), 0.3f, [1, 2]), X(17, 3, 5, 7)) { CheckedElsewhere = "RandomOpTests", Random = true },
        new("all", new Dropout(new RandomStream(), 1, []), X(3, 7)) { Reference = x => [x[0].Map(_ => 0)] },
        new("all_shared", new Dropout(new RandomStream(), 1, [1]), X(3, 7, 2)) { Reference = x => [x[0].Map(_ => 0)] },
        new("none", new Dropout(new RandomStream(), 0, []), X(3, 7)) { Reference = x => [x[0]] },
    ];

    /// <summary>Large enough that the engine cuts the work into parts.</summary>
    private static IEnumerable<OpCase> Parallel =>
    [
        One(new Tanh(), Math.Tanh, X(129, 1031), "large"),
        Two(new Mul(), (x, y) => x * y, X(129, 1031), W(1031), "large_row"),
        Two(new Add(), (x, y) => x + y, X(129, 1031), W(129, 1), "large_column"),
        Reduced("large", new ReduceSum([], false), row => row.Sum(), X(131071)) with { Tolerance = 2e-3 },
        Reduced("large_first", new ReduceMean([0], false), row => row.Average(), X(40001, 3)),
        Reduced("large_last", new ReduceL2([-1], false), row => Math.Sqrt(row.Sum(x => x * x)), X(3, 40001)),
        Reduced("large_ends", new ReduceMax([0, 2], false), row => row.Max(), X(31, 5, 1031) with { Low = -9, High = 9 }) with { Differentiable = false },
        Summed("large", X(4099, 33), W(33)) with { Tolerance = 2e-4 },
        Permuted([1, 0], X(257, 515)),
        Product("large", false, false, X(131, 67), W(67, 193)) with { Tolerance = 1e-4 },
        new("large", new Conv(Over([1, 1], [1, 1], Padding.Same)), X(5, 17, 16, 9), W(3, 3, 9, 17))
        {
            Reference = x => [Convolve(Over([1, 1], [1, 1], Padding.Same), x[0], x[1])],
            Tolerance = 1e-4,
        },
        Soft("large", -1, X(1031, 33)),
        new("large", new Dropout(new RandomStream(), 0.5f, []), X(129, 1031)) { CheckedElsewhere = "RandomOpTests", Random = true },
    ];

    private static IEnumerable<OpCase> Sequences(string variation, RecurrentOptions options) =>
    [
        .. Both(variation, new Lstm(GateActivation.Tanh, GateActivation.Sigmoid, options)),
        .. Both(variation, new Gru(GateActivation.Tanh, GateActivation.Sigmoid, true, options)),
        .. Both(Prefix(variation, "before"), new Gru(GateActivation.Tanh, GateActivation.Sigmoid, false, options)),
        .. Both(variation, new Rnn(GateActivation.Tanh, options)),
    ];

    /// <summary>A loop over a body of its own, and its gradient; OpenLoopTests compares them with loops that are written out.</summary>
    private static IEnumerable<OpCase> Loops(string variation, bool reverse, bool ownTimes)
    {
        var (state, step) = (Stand(Shape.Unknown, 4), Stand(Shape.Unknown, 4));
        var kernel = Stand(4, 4);
        var next = Ops.Tanh(Ops.MatMul(state, kernel) + step);
        var body = Graph.Between([state.Value, step.Value, kernel.Value], [next.Value, (next * step).Value]);
        var loop = new Scan(body, 1, 1, reverse, ownTimes);
        OpInput[] inputs = [X(3, 4), X(3, 5, 4), W(4, 4)];
        yield return new(variation, loop, inputs) { CheckedElsewhere = "OpenLoopTests", Differentiable = false };
        yield return new(variation, new ScanGradient(loop, [0, 1], [0, 1, 2]), [.. inputs, X(3, 4), X(3, 5, 4)])
        {
            CheckedElsewhere = "OpenLoopTests",
            Differentiable = false,
        };

        static SymbolicTensor Stand(params int[] dims) => new InputLayer(Shape.Of(dims), DType.Float32, null).Tensor;
    }

    private static string Prefix(string variation, string word) => variation.Length == 0 ? word : word + "_" + variation;

    /// <summary>
    /// An operator and its gradient; finite differences are left out if kinks are so close that only the double-precision reference can step between them.
    /// </summary>
    private static IEnumerable<OpCase> Both(string variation, RecurrentOp op, bool differences = true)
    {
        var forward = Sequence(variation, op, 3, 5, 3, 4) with { Differentiable = differences };
        return [forward, SequenceBack(Prefix(variation, op.Name), op, forward.Inputs)];
    }

    private static OpCase Sequence(string variation, RecurrentOp op, int batch, int time, int features, int units)
    {
        var resetAfter = op is Gru { ResetAfter: true };
        var inputs = new List<OpInput> { X(batch, time, features), W(features, op.Gates * units).In(-0.7, 0.7), W(units, op.Gates * units).In(-0.7, 0.7) };
        if (op.Options.Bias) inputs.Add((resetAfter ? W(2, op.Gates * units) : W(op.Gates * units)).In(-0.5, 0.5));
        for (var i = 0; i < op.States && op.Options.InitialState; i++) inputs.Add(X(batch, units).In(-1, 1));
        // The first steps of one sample are masked, the last of another, all of a third.
        if (op.Options.Masked) inputs.Add(X(batch, time).Truth() with { Values = [.. Masks.Take(batch * time)] });
        return new(variation, op, [.. inputs]) { Reference = x => Steps(op, x), Outputs = 1 + op.States, Tolerance = 1e-4 };
    }

    /// <summary>The gradient applied to its operator; its reference is finite differences in double precision.</summary>
    private static OpCase SequenceBack(string variation, RecurrentOp op, OpInput[] inputs)
    {
        var (batch, time, units) = (inputs[0].Dims[0], inputs[0].Dims[1], inputs[2].Dims[0]);
        OpInput[] gradients = [X(batch, time, units).In(-1, 1), .. Enumerable.Repeat(X(batch, units).In(-1, 1), op.States)];
        var gradient = new RecurrentGradient(op, true, [.. Enumerable.Range(0, op.States)]);
        return new(variation, gradient, [.. inputs, .. gradients])
        {
            Build = x =>
            {
                var forward = Ops.MakeAll(op, x.AsSpan(0, op.InputCount));
                return Ops.MakeAll(gradient, [.. x[..op.InputCount], forward[0], forward[^1], .. x[op.InputCount..]]);
            },
            Reference = x => Derivatives(op, x[..op.InputCount], x[op.InputCount..]),
            Differentiable = false,
            Tolerance = 1e-4,
        };
    }

    private static RecurrentShape ShapeOf(RecurrentOp op, Plain[] x)
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
            _ => throw new InvalidOperationException(op.Name),
        };
        return new RecurrentShape(kind, x[0].Dims[0], x[0].Dims[1], x[0].Dims[2], x[2].Dims[0])
        {
            Activation = Enum.Parse<RecurrentActivation>(activation.ToString()),
            GateActivation = Enum.Parse<RecurrentActivation>(gates.ToString()),
            Reverse = op.Options.Reverse,
            ZeroOutputForMask = op.Options.ZeroMaskedOutput,
        };
    }

    private static RecurrentReference ReferenceOf(RecurrentOp op, Plain[] x, Plain[]? gradients = null) => new(ShapeOf(op, x))
    {
        Input = x[0].Values,
        Kernel = x[1].Values,
        RecurrentKernel = x[2].Values,
        Bias = op.BiasInput is { } bias ? x[bias].Values : null,
        InitialState = op.StateInput is { } state ? x[state].Values : null,
        InitialCell = op.StateInput is { } cell && op.States == 2 ? x[cell + 1].Values : null,
        Mask = op.MaskInput is { } mask ? [.. x[mask].Values.Select(value => (byte)value)] : null,
        SequenceGradient = gradients?[0].Values,
        LastStateGradient = gradients?[1].Values,
        LastCellGradient = op.States == 2 ? gradients?[2].Values : null,
    };

    private static Plain[] Steps(RecurrentOp op, Plain[] x)
    {
        var reference = ReferenceOf(op, x);
        reference.Run();
        int[] state = [x[0].Dims[0], x[2].Dims[0]];
        var sequence = new Plain([x[0].Dims[0], x[0].Dims[1], x[2].Dims[0]], reference.Sequence);
        return op.States == 2 ? [sequence, new(state, reference.LastState), new(state, reference.LastCell)] : [sequence, new(state, reference.LastState)];
    }

    private static Plain[] Derivatives(RecurrentOp op, Plain[] x, Plain[] gradients)
    {
        var reference = ReferenceOf(op, x, gradients);
        return [.. x.Take(op.InputCount - (op.Options.Masked ? 1 : 0)).Select(Derivatives)];

        Plain Derivatives(Plain input) => new(input.Dims, [.. Enumerable.Range(0, input.Values.Length).Select(i => reference.Derivative(input.Values, i))]);
    }
}
