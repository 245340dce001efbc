using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Normalizations and softmax.</summary>
internal static class Normalizations
{
    // What ONNX Runtime takes if a file does not say.
    private const float SkipEpsilon = 1e-12f;

    public static FileResult[] Batch(FileNode node)
    {
        if (node.Flag("training_mode") || (node.Version < 7 && !node.Flag("is_test") && node.OutputCount > 1))
            throw new ModelException("it normalizes by the batch's own statistics (training_mode). Export the model for inference.");
        var rank = node.RankOf(0);
        var order = rank > 2 ? Layout.ChannelsFirst(rank) : Layout.Identity(rank);
        var alone = Layout.Identity(1);
        var x = node.In(0, order);
        var (axis, epsilon) = (rank == 1 ? 0 : rank > 2 ? rank - 1 : 1, node.Float("epsilon", 1e-5f));
        SymbolicTensor[] statistics = [node.Parameter(3, alone, trainable: false), node.Parameter(4, alone, trainable: false)];
        var (scale, shift) = (node.Parameter(1, alone), node.Parameter(2, alone));
        var result = Ops.Make(new BatchNormalization(axis, epsilon), x, scale, shift, statistics[0], statistics[1]);
        if (!node.TrainsStatistics || statistics.Any(each => each.Value.Producer.Op is not Variable)) return [new(result, order)];
        var training = Ops.MakeAll(new BatchNormalizationTraining(axis, epsilon), x, scale, shift);
        var kept = node.Float("momentum", 0.9f);
        for (var i = 0; i < statistics.Length; i++) node.Move(statistics[i], (statistics[i] * kept) + (training[i + 1] * (1 - kept)));
        return [new(Ops.Make(new Phase(FreezesWithLayer: true), training[0], result), order)];
    }

    /// <summary>Normalizes each sample and channel over its positions.</summary>
    public static FileResult[] Instance(FileNode node)
    {
        var rank = node.RankOf(0);
        var order = Layout.ChannelsFirst(rank);
        SymbolicTensor[] inputs = [node.In(0, order), node.Parameter(1, Layout.Identity(1)), node.Parameter(2, Layout.Identity(1))];
        return [new(Ops.Make(new InstanceNormalization(node.Float("epsilon", 1e-5f)), inputs), order)];
    }

    public static FileResult[] Group(FileNode node)
    {
        var shape = node.ShapeOf(0);
        var (groups, channels) = (node.Int("num_groups", 1), shape.Dims[1]);
        var x = node.In(0);
        var cut = Ops.Reshape(x, 0, groups, -1);
        var normalized = Standard(cut, [2], node.Float("epsilon", 1e-5f));

        // Scales are per channel since version 21, per group before.
        if (node.Version < 21) normalized = (normalized * Column(1, groups)) + Column(2, groups);
        int[] back = [.. Enumerable.Range(0, shape.Rank).Select(axis => axis == 0 ? 0 : shape.Dims[axis])];
        if (back.Contains(Shape.Unknown)) throw new ModelException($"it normalizes {shape}; expected known sizes but for the batch.");
        var whole = Ops.Reshape(normalized, back);
        if (node.Version >= 21) whole = (whole * Column(1, channels, shape.Rank)) + Column(2, channels, shape.Rank);
        return [whole];

        SymbolicTensor Column(int input, int count, int rank = 3) =>
            Ops.Reshape(node.Parameter(input, Layout.Identity(1)), [count, .. Enumerable.Repeat(1, rank - 2)]);
    }

    /// <summary>Normalizes over the axes from one on; the further outputs are mean and inverse deviation.</summary>
    public static FileResult[] Layer(FileNode node)
    {
        var rank = node.RankOf(0);
        var axis = ShapeRules.Axis(node.Int("axis", -1), rank, "LayerNormalization");
        var x = node.In(0);
        var own = Layout.Identity(node.RankOf(1));
        var scale = node.Parameter(1, own);
        var isPlain = node.RankOf(1) == rank - axis && node.ShapeOf(1).IsCompatibleWith(x.Shape.Slice(axis, rank - axis))
            && (!node.Has(2) || node.ShapeOf(2) == node.ShapeOf(1));
        if (isPlain)
        {
            var bias = node.Has(2) ? node.Parameter(2, own) : Ops.Filled(node.ShapeOf(1), 0);
            return [.. Ops.MakeAll(new LayerNormalization(axis, node.Float("epsilon", 1e-5f)), x, scale, bias).Select(tensor => (FileResult)tensor)];
        }

        int[] axes = [.. Enumerable.Range(axis, rank - axis)];
        var mean = Ops.Mean(x, [.. axes], keepdims: true);
        var centered = x - mean;
        var inverse = Ops.Make(new Reciprocal(), Ops.Sqrt(Ops.Mean(centered * centered, [.. axes], keepdims: true) + node.Float("epsilon", 1e-5f)));
        var result = centered * inverse * scale;
        return [node.Has(2) ? result + node.In(2) : result, mean, inverse];
    }

    /// <summary>ONNX Runtime's sum of a value, what skipped a layer, and a bias, normalized over the last axis; the last output is the sum.</summary>
    public static FileResult[] SkipLayer(FileNode node)
    {
        var sum = node.In(0) + node.In(1);
        if (node.Has(4)) sum += node.In(4);
        var (scale, own) = (node.Parameter(2, Layout.Identity(1)), Layout.Identity(1));
        var bias = node.Has(3) ? node.Parameter(3, own) : Ops.Filled(node.ShapeOf(2), 0);
        var norm = new LayerNormalization(sum.Shape.Rank - 1, node.Float("epsilon", SkipEpsilon));
        return [.. Ops.MakeAll(norm, sum, scale, bias).Append(sum).Select(tensor => (FileResult)tensor)];
    }

    public static FileResult[] RootMeanSquare(FileNode node)
    {
        var rank = node.RankOf(0);
        var axis = ShapeRules.Axis(node.Int("axis", -1), rank, "RMSNormalization");
        var x = node.In(0);
        var mean = Ops.Mean(x * x, [.. Enumerable.Range(axis, rank - axis)], keepdims: true);
        return [x / Ops.Sqrt(mean + node.Float("epsilon", 1e-5f)) * node.Parameter(1, Layout.Identity(node.RankOf(1)))];
    }

    public static FileResult[] MeanVariance(FileNode node)
    {
        var order = node.OrderOf(0);
        int[] axes = [.. (node.Ints("axes") ?? [0, 2, 3]).Select(axis => order[axis])];
        var x = node.AsItLies(0);
        var centered = x - Ops.Mean(x, [.. axes], keepdims: true);
        return [new(centered / (Ops.Sqrt(Ops.Mean(centered * centered, [.. axes], keepdims: true)) + 1e-9f), order)];
    }

    public static FileResult[] Lp(FileNode node)
    {
        var order = node.OrderOf(0);
        var axis = order[ShapeRules.Axis(node.Int("axis", -1), order.Rank, "LpNormalization")];
        var x = node.AsItLies(0);
        var norm = Ops.Make(node.Int("p", 2) == 1 ? new ReduceL1([axis], true) : new ReduceL2([axis], true), x);

        // A vector of zeros stays one.
        var isZero = Ops.Make(new Equal(), norm, Ops.Constant(0));
        return [new(x / Ops.Make(new Where(), isZero, Ops.Constant(1), norm), order)];
    }

    public static FileResult[] LocalResponse(FileNode node)
    {
        var order = Layout.ChannelsFirst(node.RankOf(0));
        var op = new Lrn(node.Int("size", 1), node.Float("alpha", 1e-4f), node.Float("beta", 0.75f), node.Float("bias", 1));
        return [new(Ops.Make(op, node.In(0, order)), order)];
    }

    /// <summary>Softmax and its logarithm: along one axis, before version 13 over all axes from one on.</summary>
    public static Importer Softmax(Func<int, Op> make) => node =>
    {
        var shape = node.ShapeOf(0);
        var axis = ShapeRules.Axis(node.Int("axis", node.Version < 13 ? 1 : -1), shape.Rank, node.OpType);
        var order = node.OrderOf(0);
        if (node.Version >= 13 || axis == shape.Rank - 1) return [new(Ops.Make(make(order[axis]), node.AsItLies(0)), order)];
        return [Flattened(node, axis, rows => Ops.Make(make(1), rows))];
    };

    public static FileResult[] Hardmax(FileNode node)
    {
        var shape = node.ShapeOf(0);
        var axis = ShapeRules.Axis(node.Int("axis", node.Version < 13 ? 1 : -1), shape.Rank, "Hardmax");
        if (node.Version < 13 && axis != shape.Rank - 1) return [Flattened(node, axis, rows => Hot(rows))];
        var order = Layout.AtEnd(shape.Rank, axis);
        return [new(Hot(node.In(0, order)), order)];

        SymbolicTensor Hot(SymbolicTensor x) => Ops.Make(new OneHot(x.Shape.Dims[^1]), Ops.Make(new ArgMax(x.Rank - 1, false), x));
    }

    /// <summary>The deviations from the mean over axes, divided by their root mean square.</summary>
    private static SymbolicTensor Standard(SymbolicTensor x, int[] axes, float epsilon)
    {
        var centered = x - Ops.Mean(x, [.. axes], keepdims: true);
        return centered / Ops.Sqrt(Ops.Mean(centered * centered, [.. axes], keepdims: true) + epsilon);
    }

    private static SymbolicTensor Flattened(FileNode node, int axis, Func<SymbolicTensor, SymbolicTensor> function)
    {
        var x = node.In(0);
        var columns = x.Shape.Slice(axis, x.Rank - axis);
        if (!columns.IsKnown) throw new ModelException($"it works on all axes from {axis} on of {x.Shape}; expected known sizes there.");
        var rows = function(Ops.Reshape(x, -1, (int)columns.ElementCount));
        return Ops.Make(new ReshapeLike(), rows, x);
    }
}
