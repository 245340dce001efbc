using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Recurrent operators step by step: with activations that ONNX's operators do not support, and gradients through time.</summary>
internal static class RecurrentScan
{
    public static void Forward(Emission emission, Node node)
    {
        var layer = new Sequence(emission, node.Inputs, (RecurrentOp)node.Op, node.Outputs[0].Spec.Shape);
        var results = layer.Run(emission, emitStates: false);
        var states = layer.Op.States;
        if (emission.Facts.IsRead(node.Outputs[0])) emission.Result(node.Outputs[0], Layout.TimeMajor, "Identity", [results[^1]]);
        for (var i = 0; i < states; i++)
        {
            if (emission.Facts.IsRead(node.Outputs[1 + i])) emission.Result(node.Outputs[1 + i], Layout.Identity(2), "Identity", [results[i]]);
        }
    }

    /// <summary>
    /// Runs the steps again for the states before each step, then backwards: each step passes the gradient of its formula to the step before it.
    /// </summary>
    public static void Gradient(Emission emission, Node node, RecurrentGradient op)
    {
        var forward = op.Forward;
        var output = node.Inputs[forward.InputCount];
        var layer = new Sequence(emission, [.. node.Inputs.Take(forward.InputCount)], forward, output.Spec.Shape);
        var before = layer.Run(emission, emitStates: true);
        var carried = forward.States + (layer.HoldsOutput ? 1 : 0);

        // Incoming gradients: of the sequence first, then of the last states.
        var next = forward.InputCount + 2;
        var ofSequence = op.SequenceGradient ? emission.Read(node.Inputs[next++], Layout.TimeMajor) : null;
        var ofStates = new string?[forward.States];
        foreach (var state in op.StateGradients) ofStates[state] = emission.Read(node.Inputs[next++]);

        var body = new ScanBody(emission, "backward");
        var upstream = Enumerable.Range(0, carried)
            .Select(i => body.State($"upstream_{i}", layer.State, (i < ofStates.Length ? ofStates[i] : null) ?? layer.Zeros))
            .ToArray();
        var kernel = body.State("kernel_gradient", layer.Recurrent.Spec, layer.ZerosOf(layer.Recurrent.Spec));
        var bias = layer.RecurrentBias is { } row ? body.State("bias_gradient", row.Spec, layer.ZerosOf(row.Spec)) : null;
        var z = body.Step("z", layer.Gates, layer.Contribution);
        var states = Enumerable.Range(0, carried).Select(i => body.Step($"state_{i}", layer.State, before[i])).ToArray();
        var mask = layer.Mask is { } steps ? body.Step("mask", layer.MaskStep, steps) : null;
        var dy = ofSequence is null ? null : body.Step("dy", layer.State, ofSequence);

        var recurrent = body.Outside(layer.Recurrent);
        var recurrentBias = layer.RecurrentBias is { } second ? body.Outside(second) : null;
        var (after, shown) = layer.Step(z, recurrent, recurrentBias, mask, states);
        var targets = new List<Value> { z.Value, recurrent.Value };
        if (recurrentBias is not null) targets.Add(recurrentBias.Value);
        targets.AddRange(states.Select(state => state.Value));
        var sums = new SymbolicTensor?[targets.Count];
        for (var i = 0; i < after.Length; i++) Add(after[i], upstream[i]);
        if (dy is not null) Add(shown, dy);

        var offset = targets.Count - states.Length;
        body.Next(states.Select((state, i) => sums[offset + i] ?? Ops.ZerosLike(state)));
        body.Next([kernel + (sums[1] ?? Ops.ZerosLike(kernel))]);
        if (bias is not null) body.Next([bias + (sums[2] ?? Ops.ZerosLike(bias))]);
        body.Emit(sums[0] ?? Ops.ZerosLike(z));
        var results = body.Write(reverse: !forward.Options.Reverse, layer.Time);

        Definitions.Write(emission, node, inputs =>
        {
            var gates = layer.Gates.Shape.Dims[1];
            var dz = emission.Bring(results[^1], new TensorSpec(output.Spec.Shape.With(2, gates), DType.Float32), Layout.TimeMajor);
            var (x, weights) = (inputs[0], inputs[1]);
            var rows = Ops.Reshape(dz, -1, gates);
            var gradients = new List<SymbolicTensor>
            {
                Ops.Make(new MatMul(false, true), dz, weights),
                Ops.Make(new MatMul(true, false), Ops.Reshape(x, -1, weights.Shape.Dims[0]), rows),
                emission.Bring(results[carried], layer.Recurrent.Spec, Layout.Identity(2)),
            };
            if (forward.BiasInput is { } input)
            {
                var sum = Ops.Sum(rows, 0);
                if (bias is not null)
                {
                    var ofRecurrent = emission.Bring(results[carried + 1], bias.Value.Spec, Layout.Identity(1));
                    sum = Ops.Reshape(Ops.Concatenate([sum, ofRecurrent]), inputs[input].Shape.Dims.ToArray());
                }

                gradients.Add(sum);
            }

            for (var i = 0; forward.StateInput is not null && i < forward.States; i++)
                gradients.Add(emission.Bring(results[i], layer.State, Layout.Identity(2)));
            return gradients.ToArray();
        });

        void Add(SymbolicTensor root, SymbolicTensor gradient)
        {
            if (targets.IndexOf(root.Value) is >= 0 and var itself)
            {
                sums[itself] = sums[itself] is { } present ? present + gradient : gradient;
                return;
            }

            var parts = Training.Gradient.Backpropagate(root.Value, gradient, targets);
            for (var i = 0; i < parts.Length; i++)
            {
                if (parts[i] is { } part) sums[i] = sums[i] is { } sum ? sum + part : part;
            }
        }
    }

    /// <summary>What the forward and the backward loop share: names of the sequence in the file, and the formula of a step.</summary>
    private sealed class Sequence
    {
        private readonly Emission _emission;
        private readonly int _units;
        private readonly string[] _initial;

        public Sequence(Emission emission, IReadOnlyList<Value> inputs, RecurrentOp op, Shape output)
        {
            (_emission, Op, _units, Time) = (emission, op, output.Dims[2], output.Dims[1]);
            State = new TensorSpec(Shape.Of(output.Dims[0], _units), DType.Float32);
            Gates = State with { Shape = Shape.Of(output.Dims[0], op.Gates * _units) };
            MaskStep = new TensorSpec(Shape.Of(output.Dims[0], 1), DType.Bool);
            Recurrent = inputs[2];

            var z = Ops.MatMul(new SymbolicTensor(inputs[0]), new SymbolicTensor(inputs[1]));
            if (op.BiasInput is { } bias)
            {
                var given = new SymbolicTensor(inputs[bias]);
                if (op is Gru { ResetAfter: true })
                {
                    var rows = Ops.Split(given, [1, 1], 0);
                    RecurrentBias = emission.Write(Ops.Squeeze(rows[1], 0));
                    given = Ops.Squeeze(rows[0], 0);
                }

                z += given;
            }

            Contribution = emission.Read(emission.Write(z), Layout.TimeMajor);
            if (op.MaskInput is { } mask) Mask = emission.Read(emission.Write(Ops.ExpandDims(new SymbolicTensor(inputs[mask]), -1)), Layout.TimeMajor);
            Zeros = State.Shape.IsKnown ? ZerosOf(State) : Pools.Zeros(emission, StateShape(inputs[0]), State);
            _initial = [.. Enumerable.Range(0, op.States).Select(i => op.StateInput is { } first ? emission.Read(inputs[first + i]) : Zeros)];
        }

        public RecurrentOp Op { get; }

        public int Time { get; }

        public TensorSpec State { get; }

        public TensorSpec Gates { get; }

        public TensorSpec MaskStep { get; }

        public Value Recurrent { get; }

        public Value? RecurrentBias { get; }

        /// <summary>The input's contribution to all gates, time-major.</summary>
        public string Contribution { get; }

        /// <summary>The mask (time, batch, 1).</summary>
        public string? Mask { get; }

        public string Zeros { get; }

        /// <summary>Whether a masked step repeats the output before it, which is then carried along like a state.</summary>
        public bool HoldsOutput => Mask is not null && !Op.Options.ZeroMaskedOutput;

        public string ZerosOf(TensorSpec spec) => Pools.Zeros(_emission, _emission.Constant("shape", spec.Shape.Dims.ToArray()), spec);

        /// <summary>Runs over the sequence; the results are the last states followed by the outputs, or the states before each step.</summary>
        public string[] Run(Emission emission, bool emitStates)
        {
            var body = new ScanBody(emission, emitStates ? "states" : "forward");
            var states = _initial.Select((initial, i) => body.State($"state_{i}", State, initial)).ToList();
            if (HoldsOutput) states.Add(body.State("shown", State, Zeros));
            var z = body.Step("z", Gates, Contribution);
            var mask = Mask is null ? null : body.Step("mask", MaskStep, Mask);
            var (after, shown) = Step(z, body.Outside(Recurrent), RecurrentBias is null ? null : body.Outside(RecurrentBias), mask, states);
            body.Next(after);
            if (!emitStates) body.Emit(shown);
            else foreach (var state in states) body.Emit(state);
            var results = body.Write(Op.Options.Reverse, Time);
            return emitStates ? results[after.Length..] : results;
        }

        /// <summary>States after a step, including the carried output, and the output of the step.</summary>
        public (SymbolicTensor[] After, SymbolicTensor Shown) Step(
            SymbolicTensor z, SymbolicTensor recurrent, SymbolicTensor? bias, SymbolicTensor? mask, IReadOnlyList<SymbolicTensor> states)
        {
            var after = RecurrentCell.Step(Op, _units, z, recurrent, bias, states);
            if (mask is null) return (after, after[0]);
            var shown = Ops.Where(mask, after[0], HoldsOutput ? states[^1] : Ops.ZerosLike(after[0]));
            for (var i = 0; i < after.Length; i++) after[i] = Ops.Where(mask, after[i], states[i]);
            return (HoldsOutput ? [.. after, shown] : after, shown);
        }

        private string StateShape(Value x)
        {
            string[] dims = [DynamicShapes.Dims(_emission, x, [0]), _emission.Constant("units", _units)];
            return _emission.Add("Concat", new TensorSpec(Shape.Of(2), DType.Int64), dims, Attributes.Int("axis", 0));
        }
    }
}
