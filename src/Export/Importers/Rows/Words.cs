namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>How often sequences of integers occur in others.</summary>
internal static class Words
{
    public static FileResult[] TfIdf(FileNode node)
    {
        if (!node.TypeOf(0).IsInteger() || node.Ints("pool_int64s") is not { } pool)
            throw new ModelException("it counts texts; expected int32 or int64 and pool_int64s.");
        if (pool.Any(id => id is int.MinValue or int.MaxValue)) throw new ModelException("its pool_int64s hold numbers beyond 32 bits; expected smaller ones.");
        var (starts, targets) = (node.Ints("ngram_counts") ?? [], node.Ints("ngram_indexes") ?? []);
        var (least, most, skips) = (node.Int("min_gram_length", 1), node.Int("max_gram_length", 1), node.Int("max_skip_count", 0));
        var isFlat = node.RankOf(0) == 1;
        var x = Ops.Cast(isFlat ? Ops.ExpandDims(node.In(0), 0) : node.In(0), DType.Int64);
        if (x.Rank != 2 || x.Shape.Dims[1] < 0 || targets.Length == 0 || targets.Any(target => target is < 0 or > 1 << 20) || skips is < 0 or > 1000)
            throw new ModelException($"it counts in {node.ShapeOf(0)}; expected one or two axes, a known length, and indices and skips that are not negative.");
        var counts = new List<SymbolicTensor>();
        var found = 0;
        for (var length = 1; length <= starts.Length; length++)
        {
            var (from, to) = (starts[length - 1], length < starts.Length ? starts[length] : pool.Length);
            if (from < 0 || to < from || to > pool.Length || (to - from) % length != 0) throw new ModelException("its ngram_counts do not fit its pool.");
            var grams = pool[from..to].Chunk(length).ToArray();
            if (grams.Length == 0) continue;
            found += grams.Length;
            SymbolicTensor? sum = null;
            for (var step = 1; length >= least && length <= most && step <= (length == 1 ? 1 : skips + 1); step++)
            {
                var places = x.Shape.Dims[1] - (step * (length - 1));
                if (places < 1) break;
                var same = Enumerable.Range(0, length).Select(i => Ops.Equal(
                    Ops.ExpandDims(Ops.Slice(x, 1, i * step, (i * step) + places), 2), Parts.Longs([grams.Length], grams.Select(gram => (long)gram[i]))));
                var own = Ops.Sum(Ops.Cast(same.Aggregate(Ops.LogicalAnd), DType.Float32), 1);
                sum = sum is null ? own : sum + own;
            }

            var nothing = Ops.MatMul(Ops.ZerosLike(Ops.Cast(Ops.Slice(x, 1, 0, 1), DType.Float32)), Ops.Zeros([1, grams.Length]));
            counts.Add(sum ?? nothing);
        }

        if (found != targets.Length) throw new ModelException($"its pool holds {found} sequences for {targets.Length} indices; expected as many.");
        var mode = node.Choice("mode", "TF", "IDF", "TFIDF");
        var weights = mode == "TF" ? null : node.Floats("weights");
        if (weights is not null && (weights.Length != found || targets.Where((target, i) => target != i).Any()))
            throw new ModelException("it weighs sequences whose indices are not in order; expected as many weights as sequences, and indices 0, 1, 2...");
        var all = Ops.Concatenate(counts.ToArray(), 1);
        if (mode == "IDF") all = Ops.Minimum(all, 1);
        var result = Ops.MatMul(all, Placed(node, targets, weights));
        return [isFlat ? Ops.Squeeze(result, 0) : result];
    }

    /// <summary>The matrix that puts each count, with its weight, to its index.</summary>
    private static SymbolicTensor Placed(FileNode node, int[] targets, float[]? weights)
    {
        var columns = targets.Max() + 1;
        var values = new float[node.Reserved([targets.Length, columns], DType.Float32).ElementCount];
        for (var i = 0; i < targets.Length; i++) values[(i * columns) + targets[i]] = weights?[i] ?? 1;
        return Ops.Constant([targets.Length, columns], values);
    }
}
