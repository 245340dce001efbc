using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Recurrent operators: time-major and with gates in ONNX's order in files, batch-major and in Keras' order in the graph.</summary>
internal static class Recurrent
{
    // The block of a file's rows that is each of Keras' gates: i, f, c, o of i, o, f, c.
    private static int[] LstmGates => [0, 2, 3, 1];

    public static FileResult[] Lstm(FileNode node) => Run(node, LstmGates, 2);

    public static FileResult[] Gru(FileNode node) => Run(node, [0, 1, 2], 1);

    public static FileResult[] Rnn(FileNode node) => Run(node, [0], 1);

    private static FileResult[] Run(FileNode node, int[] gates, int states)
    {
        var isLstm = states == 2;
        if (isLstm && node.Has(7)) throw new ModelException("it has peepholes (input P), which no layer computes.");
        if (node.Flag("input_forget")) throw new ModelException("it couples input and forget gates (input_forget), which no layer computes.");
        if (node.HasAttribute("clip")) throw new ModelException("it clips what goes into activations (clip), which no layer computes.");
        var isBatchMajor = node.Flag("layout");
        var direction = node.Choice("direction", "forward", "reverse", "bidirectional");
        var directions = direction == "bidirectional" ? 2 : 1;
        var units = node.Int("hidden_size", node.ShapeOf(2).Dims[2]);

        // (time, batch, features) in the file unless layout is 1.
        var x = node.In(0, new Layout(isBatchMajor ? [0, 1, 2] : [1, 0, 2]));
        var mask = node.Has(4) ? Mask(node, x) : null;
        var (w, r) = (node.In(1), node.In(2));
        var b = node.Has(3) ? node.In(3) : null;
        SymbolicTensor[] sequences = new SymbolicTensor[directions];
        SymbolicTensor[][] lasts = [new SymbolicTensor[directions], new SymbolicTensor[directions]];
        for (var d = 0; d < directions; d++)
        {
            var inputs = new List<SymbolicTensor> { x, Kernel(At(w, d)), Kernel(At(r, d)) };
            var resetAfter = node.Flag("linear_before_reset");
            if (b is not null) inputs.Add(Bias(At(b, d), resetAfter));
            var initial = node.Has(5) || node.Has(6);
            for (var state = 0; state < states && initial; state++) inputs.Add(Initial(5 + state, d));
            if (mask is not null) inputs.Add(mask);
            var reverse = direction == "reverse" || d == 1;
            var options = new RecurrentOptions(reverse, b is not null, initial, mask is not null, ZeroMaskedOutput: true);
            var results = Ops.MakeAll(Operator(node, d, resetAfter, options), [.. inputs]);
            sequences[d] = results[0];
            for (var state = 0; state < states; state++) lasts[state][d] = results[1 + state];
        }

        // (batch, time, units) of each direction become (time, directions, batch, units), states (directions, batch, units).
        var sequence = Ops.Stack(sequences, isBatchMajor ? 2 : 0);
        List<FileResult> outputs =
        [
            isBatchMajor ? new(sequence, Layout.Identity(4)) : new(sequence, new Layout([2, 0, 1, 3])),
        ];
        for (var state = 0; state < states; state++) outputs.Add(Ops.Stack(lasts[state], isBatchMajor ? 1 : 0));
        return [.. outputs];

        SymbolicTensor At(SymbolicTensor tensor, int d) => Ops.Squeeze(Ops.Slice(tensor, 0, d, d + 1), 0);

        SymbolicTensor Initial(int input, int d)
        {
            if (!node.Has(input)) return Ops.Make(new ExpandLike(), Ops.Constant(0), Initial(input == 5 ? 6 : 5, d));
            var state = node.In(input);
            var batch = isBatchMajor ? 0 : 1;
            if (state.Shape.Dims[batch] == 1 && x.Shape.Symbols[0] == Shape.Batch) state = Samples.Repeated(state, batch, x, 0);
            return Ops.Squeeze(isBatchMajor ? Ops.Slice(state, 1, d, d + 1) : Ops.Slice(state, 0, d, d + 1), isBatchMajor ? 1 : 0);
        }

        SymbolicTensor Kernel(SymbolicTensor rows) => Ops.Transpose(Gates(rows, 0), [1, 0]);

        SymbolicTensor Gates(SymbolicTensor rows, int first)
        {
            SymbolicTensor[] blocks = [.. gates.Select(gate => Ops.Slice(rows, 0, first + (gate * units), first + ((gate + 1) * units)))];
            return blocks.Length == 1 ? blocks[0] : Ops.Concatenate(blocks, 0);
        }

        SymbolicTensor Bias(SymbolicTensor both, bool resetAfter)
        {
            var (input, recurrent) = (Gates(both, 0), Gates(both, gates.Length * units));

            // A GRU that resets after the product needs both biases apart; Keras has them in two rows.
            return gates.Length == 3 && resetAfter ? Ops.Stack((SymbolicTensor[])[input, recurrent], 0) : input + recurrent;
        }
    }

    private static SymbolicTensor Mask(FileNode node, SymbolicTensor x)
    {
        var lengths = Ops.Cast(node.In(4), DType.Int64);
        var times = Ops.ExpandDims(Ops.Make(new Positions(1), x), 0);
        return Ops.Make(new Less(), times, Ops.ExpandDims(lengths, 1));
    }

    private static RecurrentOp Operator(FileNode node, int direction, bool resetAfter, RecurrentOptions options)
    {
        var names = node.Texts("activations");
        var each = node.OpType switch { "LSTM" => 3, "GRU" => 2, _ => 1 };
        var own = names?[(direction * each)..((direction + 1) * each)];
        if (node.HasAttribute("activation_alpha") || node.HasAttribute("activation_beta"))
            throw new ModelException("its activations have parameters (activation_alpha, activation_beta); expected those with defaults.");
        switch (node.OpType)
        {
            case "LSTM":
                if (own is not null && own[1] != own[2]) throw new ModelException($"its activations g and h differ ({own[1]}, {own[2]}); expected equal ones.");
                return new Lstm(Activation(node, own?[1] ?? "Tanh"), Activation(node, own?[0] ?? "Sigmoid"), options);
            case "GRU":
                return new Gru(Activation(node, own?[1] ?? "Tanh"), Activation(node, own?[0] ?? "Sigmoid"), resetAfter, options);
            default:
                return new Rnn(Activation(node, own?[0] ?? "Tanh"), options);
        }
    }

    private static GateActivation Activation(FileNode node, string name) => name.ToUpperInvariant() switch
    {
        "TANH" => GateActivation.Tanh,
        "SIGMOID" => GateActivation.Sigmoid,
        "RELU" => GateActivation.Relu,
        "SOFTPLUS" => GateActivation.Softplus,
        "SOFTSIGN" => GateActivation.Softsign,
        "ELU" => GateActivation.Elu,
        _ => throw new ModelException($"its activation is {name}; expected Tanh, Sigmoid, Relu, Softplus, Softsign or Elu."),
    };
}
