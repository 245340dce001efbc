using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Layers that hand a state from one call to the next.</summary>
internal static class StatefulLayers
{
    private const int MostSteps = 1000;

    /// <summary>Attention without softmax: a matrix of keys and values that each step adds to, and that each query reads.</summary>
    public static FileResult[] LinearAttention(FileNode node)
    {
        var rule = node.Choice("update_rule", "gated_delta", "linear", "gated", "delta");
        var (isGated, isDelta) = (rule is "gated" or "gated_delta", rule is "delta" or "gated_delta");
        if (node.Has(4) != isGated || node.Has(5) != isDelta)
            throw new ModelException($"its update_rule {rule} takes {(isGated ? "a" : "no")} decay and {(isDelta ? "a" : "no")} beta; expected those inputs.");
        var (heads, shared) = (node.Int("q_num_heads", 0), node.Int("kv_num_heads", 0));
        if (heads < 1 || shared < 1 || heads % shared != 0) throw new ModelException($"its query has {heads} heads for {shared} of keys; expected a multiple.");
        var (q, k, v) = (Heads(node, 0, heads), Heads(node, 1, shared), Heads(node, 2, shared));
        var (steps, size, width) = (k.Shape.Dims[2], k.Shape.Dims[3], v.Shape.Dims[3]);
        if (steps is < 1 or > MostSteps || q.Shape.Dims[2] != steps || v.Shape.Dims[2] != steps || q.Shape.Dims[3] != size)
            throw new ModelException($"it runs over {node.ShapeOf(1)}; expected queries, keys and values of the same 1 to {MostSteps} known steps and sizes.");
        var decay = isGated ? Ops.Exp(Factors(node, 4, shared, size)) : null;
        var beta = isDelta ? Factors(node, 5, node.ShapeOf(5).Dims[^1] == 1 ? 1 : shared, 1) : null;
        var scale = node.Float("scale", 0) is not 0 and var given ? given : (float)(1 / Math.Sqrt(size));
        var state = node.Has(3) ? node.In(3) : Ops.ZerosLike(Ops.MatMul(Step(Ops.Transpose(k, 0, 1, 3, 2), 3, 0), Step(v, 2, 0)));
        if (state.Rank != 4 || !state.Shape.With(0, Shape.Unknown).IsCompatibleWith(Shape.Of(Shape.Unknown, shared, size, width)))
            throw new ModelException($"its state is {state.Shape}; expected (batch, {shared}, {size}, {width}).");
        int[] sharing = [.. Enumerable.Range(0, heads).Select(head => head / (heads / shared))];
        var results = new SymbolicTensor[steps];
        for (var t = 0; t < steps; t++)
        {
            var (key, value) = (Step(k, 2, t), Step(v, 2, t));
            if (decay is not null) state *= Ops.Transpose(Step(decay, 2, t), 0, 1, 3, 2);
            if (beta is not null) value = Step(beta, 2, t) * (value - Ops.MatMul(key, state));
            state += Ops.Make(new MatMul(TransposeLeft: true), key, value);
            var read = heads == shared ? state : Ops.Take(state, Parts.Longs([heads], sharing.Select(head => (long)head)), 1);
            results[t] = Ops.MatMul(Step(q, 2, t) * scale, read);
        }

        var all = Ops.Transpose(Ops.Concatenate(results, 2), 0, 2, 1, 3);
        return [Ops.Reshape(all, 0, 0, heads * width), state];
    }

    /// <summary>A convolution of each channel that sees earlier positions only, those before the first from the state.</summary>
    public static FileResult[] CausalConv(FileNode node)
    {
        var (shape, kernel, activation) = (node.ShapeOf(0), node.ShapeOf(1), node.Choice("activation", "none", "silu", "swish"));
        if (shape.Rank != 3 || kernel.Rank != 3 || !kernel.IsKnown || kernel.Dims[1] != 1 || shape.Dims[1] != kernel.Dims[0])
            throw new ModelException($"it convolves {shape} with {kernel}; expected (batch, channels, length) and (channels, 1, size), the channels known.");
        var (channels, before) = (kernel.Dims[0], kernel.Dims[2] - 1);
        var x = node.In(0);
        if (node.Has(3)) x = Ops.Concatenate(new[] { node.In(3), x }, 2);
        else if (before > 0) x = Ops.Pad(x, [0, 0, before], [0, 0, 0]);
        var order = Layout.ChannelsFirst(3);
        var window = new Window([1], [1], Padding.Valid, channels);
        var (input, weights) = (Ops.Transpose(x, 0, 2, 1), node.Parameter(1, Layout.KernelOf(3)));
        var result = node.Has(2)
            ? Ops.Make(new Conv(window), input, weights, node.Parameter(2, Layout.Identity(1)))
            : Ops.Make(new Conv(window), input, weights);
        if (activation != "none") result *= Ops.Sigmoid(result);
        var state = before > 0 ? Ops.Slice(x, 2, -before) : Ops.Slice(x, 2, 0, 0);
        return node.Gives(1) ? [new(result, order), state] : [new(result, order)];
    }

    /// <summary>Normalization by the batch's own statistics, and the running ones after it.</summary>
    public static FileResult[] TrainedBatchNormalization(FileNode node)
    {
        if (node.Version < 14)
            throw new ModelException("it normalizes by the batch's own statistics. Convert the file to opset 14, or export the model for inference.");
        var rank = node.RankOf(0);
        var order = rank > 2 ? Layout.ChannelsFirst(rank) : Layout.Identity(rank);
        var (momentum, alone) = (node.Float("momentum", 0.9f), Layout.Identity(1));
        var op = new BatchNormalizationTraining(rank == 1 ? 0 : rank > 2 ? rank - 1 : 1, node.Float("epsilon", 1e-5f));
        var results = Ops.MakeAll(op, node.In(0, order), node.Parameter(1, alone), node.Parameter(2, alone));
        return [new(results[0], order), Running(3, results[1]), Running(4, results[2])];

        SymbolicTensor Running(int input, SymbolicTensor own) => (node.Parameter(input, alone, trainable: false) * momentum) + (own * (1 - momentum));
    }

    private static SymbolicTensor Step(SymbolicTensor x, int axis, int t) => Ops.Slice(x, axis, t, t + 1);

    /// <summary>An input (batch, steps, heads * size) as (batch, heads, steps, size).</summary>
    private static SymbolicTensor Heads(FileNode node, int input, int heads)
    {
        var shape = node.ShapeOf(input);
        if (shape.Rank != 3 || shape.Dims[2] < 1 || shape.Dims[2] % heads != 0)
            throw new ModelException($"its input {input} is {shape}; expected (batch, steps, a known multiple of {heads}).");
        return Ops.Transpose(Ops.Reshape(node.In(input), 0, 0, heads, shape.Dims[2] / heads), 0, 2, 1, 3);
    }

    /// <summary>Factors of each step: one of each head, or of each of its features.</summary>
    private static SymbolicTensor Factors(FileNode node, int input, int heads, int size)
    {
        var shape = node.ShapeOf(input);
        if (shape.Rank != 3 || (shape.Dims[2] != heads && shape.Dims[2] != heads * size))
            throw new ModelException($"its input {input} is {shape}; expected (batch, steps, {heads} or {heads * size}).");
        return Heads(node, input, heads);
    }
}
