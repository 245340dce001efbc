using OnnxFunctional.Operators;

namespace OnnxFunctional.Tests.Cases;

/// <content>Reductions.</content>
internal static partial class OpCases
{
    private static IEnumerable<OpCase> Reductions =>
    [
        .. Reduce((axes, keep) => new ReduceL1(axes, keep), row => row.Sum(Math.Abs), X(3, 7, 5).Away(0)),
        .. Reduce((axes, keep) => new ReduceL2(axes, keep), row => Math.Sqrt(row.Sum(x => x * x)), X(3, 7, 5)),
        .. Reduce((axes, keep) => new ReduceLogSumExp(axes, keep), row => Math.Log(row.Sum(Math.Exp)), X(3, 7, 5)),
        .. Reduce((axes, keep) => new ReduceMax(axes, keep), row => row.Max(), X(3, 7, 5) with { Distinct = true, Low = -4, High = 4 }),
        .. Reduce((axes, keep) => new ReduceMean(axes, keep), row => row.Average(), X(3, 7, 5)),
        .. Reduce((axes, keep) => new ReduceMin(axes, keep), row => row.Min(), X(3, 7, 5) with { Distinct = true, Low = -4, High = 4 }),
        .. Reduce((axes, keep) => new ReduceProd(axes, keep), row => row.Aggregate(1.0, (product, x) => product * x), X(3, 7, 5).In(0.8, 1.25)),
        .. Reduce((axes, keep) => new ReduceSum(axes, keep), row => row.Sum(), X(3, 7, 5)),
        .. Reduce((axes, keep) => new ReduceSumSquare(axes, keep), row => row.Sum(x => x * x), X(3, 7, 5)),
        .. Reduce((axes, keep) => new ReduceAny(axes, keep), row => row.Max(), X(3, 7, 5).Truth()),
        .. Reduce((axes, keep) => new ReduceAll(axes, keep), row => row.Min(), X(3, 7, 5).Truth()),
        Reduced("zero", new ReduceProd([-1], false), row => row.Aggregate(1.0, (product, x) => product * x), X(3, 3).Given(0, 2, 3, 4, 5, -6, 0, 0, 7)),
        Reduced("zero", new ReduceL2([-1], false), row => Math.Sqrt(row.Sum(x => x * x)), X(2, 3).Given(0, 0, 0, 1, 2, 2)) with { Differentiable = false },
        Reduced(
            "far",
            new ReduceLogSumExp([-1], false),
            row => row.Max() + Math.Log(row.Sum(x => Math.Exp(x - row.Max()))),
            X(2, 3).Given(500, 501, 499, -900, -901, -905)),
        Reduced("scalar", new ReduceSum([], false), row => row.Sum(), new OpInput([])),
        Reduced("rank1", new ReduceMean([0], true), row => row.Average(), X(17)),
        Reduced("rank5", new ReduceSum([0, 2, 4], false), row => row.Sum(), X(2, 3, 1, 5, 3)),
        Reduced("ones", new ReduceMax([1, 3], true), row => row.Max(), X(3, 1, 7, 1)),
        Reduced("empty", new ReduceSum([1], false), row => row.Sum(), X(3, 0, 2)),
        Arg("", new ArgMax(-1, false), X(3, 7).Apart(), largest: true),
        Arg("axis0", new ArgMax(0, true), X(3, 7).Apart(), largest: true),
        Arg("middle", new ArgMax(1, false), X(3, 5, 7) with { Distinct = true }, largest: true),
        Arg("ties", new ArgMax(-1, false), X(2, 4).Given(1, 3, 3, 0, 2, 2, 2, 2), largest: true),
        Arg("", new ArgMin(-1, true), X(3, 7).Apart(), largest: false),
        Arg("middle", new ArgMin(1, false), X(3, 5, 7) with { Distinct = true }, largest: false),
        new("", new Size([]), X(3, 7)) { Reference = x => [new([], [21])] },
        new("axes", new Size([0, -1]), X(3, 5, 7)) { Reference = x => [new([], [21])] },
        Summed("row", X(5, 3, 7), W(7)),
        Summed("ones", X(5, 3, 7), W(1, 7)),
        Summed("column", X(5, 3, 7), W(3, 1)),
        Summed("scalar", X(5, 3, 7), W()),
        Summed("apart", X(5, 3, 7), X(5, 1, 7)),
        Summed("ends", X(5, 3, 7), W(1, 3, 1)),
        Summed("same", X(3, 7), X(3, 7)),
    ];

    private static IEnumerable<OpCase> Running =>
    [
        Cumulative("", new CumSum(-1, false, false), X(3, 7)),
        Cumulative("axis0", new CumSum(0, false, false), X(3, 7)),
        Cumulative("exclusive", new CumSum(1, true, false), X(3, 5, 7)),
        Cumulative("reverse", new CumSum(1, false, true), X(3, 5, 7)),
        Cumulative("exclusive_reverse", new CumSum(-1, true, true), X(3, 7)),
        Largest("1", new TopK(1), X(3, 7).Apart()),
        Largest("3", new TopK(3), X(3, 2, 7) with { Distinct = true, Low = -4, High = 4 }),
        Largest("all", new TopK(5), X(5).Apart() with { Batched = false }),
        Largest("ties", new TopK(3), X(1, 6).Given(2, 5, 5, 1, 5, 2)) with { Differentiable = false },
    ];

    private static IEnumerable<OpCase> Reduce(Func<IntList, bool, ReduceOp> create, Func<IReadOnlyList<double>, double> row, OpInput x) =>
    [
        Reduced("all", create([], false), row, x),
        Reduced("all_keep", create([], true), row, x),
        Reduced("first", create([0], false), row, x),
        Reduced("middle", create([1], false), row, x),
        Reduced("last", create([-1], true), row, x) with { Twice = true },
        Reduced("ends", create([0, 2], false), row, x),
        Reduced("ends_keep", create([0, -1], true), row, x),
        Reduced("lasts", create([1, 2], false), row, x),
    ];

    private static OpCase Reduced(string variation, ReduceOp op, Func<IReadOnlyList<double>, double> row, OpInput x) => new(variation, op, x)
    {
        Reference = inputs => [Fold(inputs[0], Positive(op.Axes, inputs[0].Rank), op.KeepDims, row)],
    };

    /// <summary>Reduces the elements along the axes, in order, to one value.</summary>
    private static Plain Fold(Plain x, int[] axes, bool keep, Func<IReadOnlyList<double>, double> row)
    {
        int[] kept = [.. x.Dims.Select((dim, i) => axes.Contains(i) ? 1 : dim)];
        var rows = new Dictionary<int, List<double>>();
        var order = Plain.Of(kept, _ => 0);
        var next = 0;
        foreach (var place in Plain.Places(kept)) order[place] = next++;
        for (var i = 0; i < next; i++) rows[i] = [];
        foreach (var place in Plain.Places(x.Dims)) rows[(int)order.At(place)].Add(x[place]);
        return new(keep ? kept : [.. x.Dims.Where((_, i) => !axes.Contains(i))], [.. Enumerable.Range(0, next).Select(i => row(rows[i]))]);
    }

    private static OpCase Arg(string variation, ReduceOp op, OpInput x, bool largest) =>
        Reduced(variation, op, row => Enumerable.Range(0, row.Count).First(i => row[i] == (largest ? row.Max() : row.Min())), x);

    private static OpCase Summed(string variation, OpInput x, OpInput like) => new(variation, new SumToLike(), x, like)
    {
        Reference = inputs =>
        {
            var result = Plain.Zeros(inputs[1].Dims);
            foreach (var place in Plain.Places(inputs[0].Dims))
            {
                var own = new int[result.Rank];
                for (var i = 1; i <= own.Length; i++) own[^i] = result.Dims[^i] == 1 ? 0 : place[^i];
                result[own] += inputs[0][place];
            }

            return [result];
        },
    };

    private static OpCase Cumulative(string variation, CumSum op, OpInput x) => new(variation, op, x)
    {
        Reference = inputs =>
        {
            var axis = inputs[0].Axis(op.Axis);
            return
            [
                Plain.Of(inputs[0].Dims, place =>
                {
                    var sum = 0.0;
                    int[] other = [.. place];
                    for (var i = 0; i < inputs[0].Dims[axis]; i++)
                    {
                        other[axis] = i;
                        if (i == place[axis] ? !op.Exclusive : op.Reverse ? i > place[axis] : i < place[axis]) sum += inputs[0][other];
                    }

                    return sum;
                }),
            ];
        },
    };

    private static OpCase Largest(string variation, TopK op, OpInput x) => new(variation, op, x)
    {
        Reference = inputs =>
        {
            var width = inputs[0].Dims[^1];
            int[] dims = [.. inputs[0].Dims[..^1], op.K];
            var order = Enumerable.Range(0, width);
            var places = inputs[0].Values.Chunk(width).SelectMany(row => order.OrderByDescending(i => row[i]).ThenBy(i => i).Take(op.K)).ToArray();
            var largest = places.Select((place, i) => inputs[0].Values[(i / op.K * width) + place]);
            return [new(dims, [.. largest]), new(dims, [.. places.Select(place => (double)place)])];
        },
    };
}
