using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Attention of queries to keys, with heads as an axis (rank 4) or within the last axis (rank 3).</summary>
internal static class Attention
{
    public static FileResult[] Import(FileNode node)
    {
        var isFlat = node.RankOf(0) == 3;
        var (q, k, v) = (Heads(node, 0, "q_num_heads"), Heads(node, 1, "kv_num_heads"), Heads(node, 2, "kv_num_heads"));
        if (node.Has(4) != node.Has(5)) throw new ModelException("it is given a past of only one of key and value; expected both or none.");
        if (node.Has(4) && node.Has(6)) throw new ModelException("it is given both a past and nonpad_kv_seqlen; expected one of them.");
        if (node.Has(4)) (k, v) = (Ops.Concatenate(new[] { node.In(4), k }, 2), Ops.Concatenate(new[] { node.In(5), v }, 2));
        var scores = Ops.Make(new MatMul(TransposeRight: true), q * Scale(node, q), Repeated(node, k, q));
        var raw = scores;
        if (node.Float("softcap", 0) is > 0 and var cap) scores = Ops.Tanh(scores / cap) * cap;
        var capped = scores;
        var (bias, mayHideAll) = Bias(node, q, k);
        if (bias is not null) scores += bias;
        var biased = scores;
        var probabilities = bias is not null && mayHideAll ? Guarded(scores, bias) : Ops.Softmax(scores);
        var result = Ops.MatMul(probabilities, Repeated(node, v, q));
        if (isFlat) result = Ops.Reshape(Ops.Transpose(result, 0, 2, 1, 3), 0, 0, result.Shape.Dims[1] * result.Shape.Dims[3]);
        return [result, k, v, Inner(node, raw, capped, biased, probabilities)];
    }

    private static SymbolicTensor Inner(FileNode node, params ReadOnlySpan<SymbolicTensor> stages)
    {
        if (node.IntOrNull("softmax_precision") is { } type && StoredTensors.TypeOf(type) != DType.Float32)
            throw new ModelException($"its softmax_precision is {StoredTensors.NameOf(type)}; expected a type of floats.");
        var mode = node.Int("qk_matmul_output_mode", 0);
        return mode >= 0 && mode < stages.Length ? stages[mode] : throw new ModelException($"its qk_matmul_output_mode is {mode}; expected 0 to 3.");
    }

    /// <summary>An input as (batch, heads, steps, size).</summary>
    private static SymbolicTensor Heads(FileNode node, int input, string attribute)
    {
        var shape = node.ShapeOf(input);
        if (shape.Rank != node.RankOf(0) || shape.Rank is not (3 or 4))
            throw new ModelException($"its input {input} is {shape}; expected (batch, heads, steps, size) or (batch, steps, heads * size), all three alike.");
        if (shape.Rank == 4) return node.In(input);
        var (heads, width) = (node.Int(attribute, 0), shape.Dims[2]);
        if (heads <= 0 || width < 0 || width % heads != 0)
            throw new ModelException($"its input {input} is {shape} with {attribute} {heads}; expected a known last size that the number of heads divides.");
        return Ops.Transpose(Ops.Reshape(node.In(input), 0, 0, heads, width / heads), 0, 2, 1, 3);
    }

    private static float Scale(FileNode node, SymbolicTensor q)
    {
        if (node.HasAttribute("scale")) return node.Float("scale", 1);
        var size = q.Shape.Dims[3];
        return size > 0 ? (float)(1 / Math.Sqrt(size)) : throw new ModelException($"its query is {q.Shape} with no scale; expected a known size of heads.");
    }

    /// <summary>Keys or values for each head of the query: several of these share one.</summary>
    private static SymbolicTensor Repeated(FileNode node, SymbolicTensor x, SymbolicTensor q)
    {
        var (own, wanted) = (x.Shape.Dims[1], q.Shape.Dims[1]);
        if (own == wanted) return x;
        if (own <= 0 || wanted < 0 || wanted % own != 0)
            throw new ModelException($"{wanted} heads of the query share {own} of keys and values; expected a known multiple.");
        return Ops.Take(x, Parts.Longs([wanted], Enumerable.Range(0, wanted).Select(head => (long)(head / (wanted / own)))), 1);
    }

    /// <summary>What is added to the scores, and whether a query may see no key at all.</summary>
    private static (SymbolicTensor? Bias, bool MayHideAll) Bias(FileNode node, SymbolicTensor q, SymbolicTensor k)
    {
        var bias = Mask(node, k);
        var allowed = new List<SymbolicTensor>();
        var (left, right) = (node.Int("left_window_size", -1), node.Int("right_window_size", -1));
        var at = Ops.Make(new Positions(2), k);
        var isCausal = node.Flag("is_causal");
        var lengths = node.Has(6) ? Ops.Reshape(Ops.Cast(node.In(6), DType.Int64), -1, 1, 1, 1) : null;
        if (isCausal || left >= 0 || right >= 0)
        {
            // Where each query stands among the keys.
            var own = Ops.ExpandDims(Ops.Make(new Positions(2), q), 1);
            if (node.Has(4)) own += Parts.SizeOf(node.In(4), 2);
            else if (lengths is not null) own += lengths - Parts.SizeOf(q, 2);
            if (isCausal) allowed.Add(Ops.LessEqual(at, own));
            if (left >= 0) allowed.Add(Ops.LessEqual(own - at, left));
            if (right >= 0) allowed.Add(Ops.LessEqual(at - own, right));
        }

        if (lengths is not null) allowed.Add(Ops.Less(at, lengths));
        var mayHideAll = bias is not null || lengths is not null || left >= 0 || right >= 0;
        if (allowed.Count == 0) return (bias, mayHideAll);
        var all = allowed.Aggregate(Ops.LogicalAnd);
        return (Ops.Where(all, bias ?? Ops.Constant(0), Hidden()), mayHideAll);
    }

    private static SymbolicTensor? Mask(FileNode node, SymbolicTensor k)
    {
        if (!node.Has(3)) return null;
        var mask = node.In(3);
        var (own, total) = (mask.Rank == 0 ? 0 : mask.Shape.Dims[^1], k.Shape.Dims[2]);
        if (mask.Rank is 0 or > 4 || (own >= 0 && total >= 0 && (own > total || (own == 1 && total > 1))))
            throw new ModelException($"its mask is {mask.Shape} for {total} keys; expected up to 4 axes and a size for each key at the end.");
        if (mask.DType == DType.Bool) mask = Ops.Where(mask, Ops.Constant(0), Hidden());
        if (own < 0 || total < 0 || own == total) return mask;

        // Keys behind the end of the mask are not seen.
        var after = new int[mask.Rank];
        after[^1] = total - own;
        return Ops.Pad(mask, new int[mask.Rank], after, double.NegativeInfinity);
    }

    /// <summary>The softmax; a query that sees no key gets zeros.</summary>
    private static SymbolicTensor Guarded(SymbolicTensor scores, SymbolicTensor bias)
    {
        var isHidden = Ops.Equal(Ops.Max(bias, -1, keepdims: true), Hidden());
        return Ops.Where(isHidden, Ops.Constant(0), Ops.Softmax(Ops.Where(isHidden, Ops.Constant(0), scores)));
    }

    private static SymbolicTensor Hidden() => Ops.Constant(double.NegativeInfinity);
}
