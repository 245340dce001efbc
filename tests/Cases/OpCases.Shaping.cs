using OnnxFunctional.Operators;

namespace OnnxFunctional.Tests.Cases;

/// <content>Moving elements.</content>
internal static partial class OpCases
{
    private static IEnumerable<OpCase> Shapes =>
    [
        Same("", new Reshape([0, 35]), [3, 35], X(3, 5, 7)),
        Same("rest", new Reshape([0, -1, 5]), [3, 7, 5], X(3, 5, 7)),
        Same("fixed", new Reshape([7, 15]), [7, 15], X(3, 5, 7)),
        Same("scalar", new Reshape([]), [], W(1, 1)),
        Same("int64", new Reshape([-1]), [21], X(3, 7).Ids(9)),
        Same("", new ReshapeLike(), [5, 21], X(3, 5, 7), W(5, 21)),
        Same("", new Unsqueeze([1]), [3, 1, 7], X(3, 7)),
        Same("several", new Unsqueeze([0, -1, 2]), [1, 3, 1, 7, 1], X(3, 7)),
        Same("", new Squeeze([1]), [3, 7], X(3, 1, 7)),
        Same("several", new Squeeze([-1, 1]), [3, 7], X(3, 1, 7, 1)),
        Expanded("row", W(7), X(3, 7)),
        Expanded("column", W(3, 1), W(3, 7)),
        Expanded("scalar", W(), X(3, 5, 7)),
        Expanded("middle", X(3, 1, 7), X(3, 5, 7)),
        Expanded("ends", W(1, 5, 1), X(3, 5, 7)),
        Expanded("same", X(3, 7), X(3, 7)),
        Expanded("int64", W(7).Ids(9), X(3, 7)),
        Expanded("bool", W(3, 1).Truth(), X(3, 7)),
        Permuted([1, 0], X(3, 7)),
        Permuted([0, 2, 1], X(3, 5, 7)),
        Permuted([2, 1, 0], X(3, 5, 7)),
        Permuted([0, 1, 2], X(3, 5, 7)),
        Permuted([0, 3, 1, 2], X(3, 5, 7, 2)),
        Permuted([1, 3, 0, 2], X(3, 1, 7, 2)),
        Permuted([4, 0, 2, 1, 3], X(2, 3, 5, 1, 7)),
        Permuted([1, 0], X(3, 7).Ids(9)),
        Permuted([2, 0, 1], X(3, 5, 7).Truth()),
        Permuted([1, 0], X(0, 7)),
    ];

    private static IEnumerable<OpCase> Joining =>
    [
        Joined("", -1, X(3, 7), X(3, 5), X(3, 1)),
        Joined("axis0", 0, X(3, 7), W(1, 7), W(5, 7)) with { UnknownBatch = false },
        Joined("middle", 1, X(3, 2, 7), X(3, 5, 7)),
        Joined("one", 1, X(3, 7)),
        Joined("twice", 1, X(3, 7), X(3, 0)),
        Joined("int64", 1, X(3, 7).Ids(9), X(3, 2).Ids(9)),
        Joined("bool", 1, X(3, 7).Truth(), X(3, 2).Truth()),
        Cut("", new Split(-1, [3, 1, 4]), X(3, 8)),
        Cut("axis0", new Split(0, [2, 1]), X(3, 7)),
        Cut("middle", new Split(1, [2, 3]), X(3, 5, 7)),
        new("", new SplitLike(1), X(3, 6), X(3, 4), X(3, 2)) { Reference = x => Parts(x[0], 1, [4, 2]) },
        new("axis0", new SplitLike(0), X(3, 7), W(1, 7), W(2, 7)) { Reference = x => Parts(x[0], 0, [1, 2]) },
    ];

    private static IEnumerable<OpCase> Pieces =>
    [
        Sliced("", [1], [2], [6], [1], X(3, 7)),
        Sliced("step", [1], [0], [int.MaxValue], [3], X(3, 17)),
        Sliced("reverse", [1], [-1], [int.MinValue], [-1], X(3, 7)),
        Sliced("backwards", [1], [5], [0], [-2], X(3, 7)),
        Sliced("two", [1, 2], [1, -3], [4, -1], [2, 1], X(3, 5, 7)),
        Sliced("all", [1], [0], [int.MaxValue], [1], X(3, 7)),
        Sliced("beyond", [1], [-100], [100], [1], X(3, 7)),
        Sliced("one", [-2], [2], [3], [1], X(3, 5, 7)),
        Sliced("nothing", [1], [4], [2], [1], X(3, 7)),
        Sliced("batch", [0], [1], [3], [1], X(5, 7)),
        Sliced("int64", [1], [1], [6], [2], X(3, 7).Ids(9)),
        Unsliced("", [1], [2], [6], [1], [3, 7]),
        Unsliced("step", [1], [0], [int.MaxValue], [3], [3, 17]),
        Unsliced("reverse", [1], [-1], [int.MinValue], [-1], [3, 7]),
        Unsliced("two", [1, 2], [1, -3], [4, -1], [2, 1], [3, 5, 7]),
        Triangle("lower", new Trilu(false, 0), X(7, 7)),
        Triangle("lower_wide", new Trilu(false, 2), X(3, 7)),
        Triangle("lower_tall", new Trilu(false, -1), X(17, 3)),
        Triangle("upper", new Trilu(true, 0), X(3, 5, 7)),
        Triangle("upper_above", new Trilu(true, 3), X(3, 2, 5, 7)),
        Triangle("upper_below", new Trilu(true, -2), X(5, 7, 3)),
        Triangle("nothing", new Trilu(true, 9), X(3, 7)),
        Triangle("all", new Trilu(false, int.MaxValue), X(3, 7)),
        Triangle("int64", new Trilu(true, 1), X(3, 7).Ids(9)),
        Padded("", new Pad([0, 2], [0, 3]), X(3, 7)),
        Padded("value", new Pad([0, 1, 2], [0, 3, 0], PadMode.Constant, -1.5f), X(3, 5, 7)),
        Padded("crop", new Pad([0, -2], [0, -1]), X(3, 7)),
        Padded("both", new Pad([0, -2, 1], [0, 3, -4]), X(3, 5, 7)),
        Padded("batch", new Pad([1, 0], [1, 0]), X(3, 7)),
        Padded("int64", new Pad([0, 1], [0, 1], PadMode.Constant, 4), X(3, 7).Ids(9)),
        Padded("reflect", new Pad([0, 2, 1], [0, 3, 2], PadMode.Reflect), X(3, 5, 7)),
        Padded("edge", new Pad([0, 2, 1], [0, 3, 2], PadMode.Edge), X(3, 5, 7)),
        Padded("edge_single", new Pad([0, 2], [0, 3], PadMode.Edge), X(3, 1)),
        Padded("reflect_two", new Pad([0, 1], [0, 1], PadMode.Reflect), X(3, 2)),
        Padded("reflect_crop", new Pad([0, -2, 3], [0, 2, -1], PadMode.Reflect), X(3, 5, 7)),
        Padded("edge_crop", new Pad([0, 3, -2], [0, -1, 2], PadMode.Edge), X(3, 5, 7)),
        Repeated("", new Tile([1, 3]), X(3, 7)),
        Repeated("batch", new Tile([2, 1]), X(3, 7)) with { UnknownBatch = false },
        Repeated("several", new Tile([1, 2, 3]), X(3, 5, 7)),
        Repeated("none", new Tile([1, 1]), X(3, 7)),
        Repeated("int64", new Tile([1, 2]), X(3, 7).Ids(9)),
    ];

    private static IEnumerable<OpCase> Images =>
    [
        .. new[] { ResizeMode.Nearest, ResizeMode.Linear, ResizeMode.Cubic }.SelectMany(mode => new[]
        {
            Resized(mode, "factor", [0, 0], [2, 3], [3, 5, 7, 3]),
            Resized(mode, "sizes", [7, 4], [0, 0], [3, 5, 9, 2]),
            Resized(mode, "mixed", [8, 0], [0, 2], [1, 3, 4, 1]),
            Resized(mode, "smaller", [2, 3], [0, 0], [3, 4, 6, 5]),
            Resized(mode, "single", [3, 1], [0, 0], [2, 1, 5, 3]),
            Resized(mode, "rank1", [9], [0], [3, 5, 2]),
            Resized(mode, "rank3", [0, 0, 0], [2, 1, 2], [2, 2, 3, 3, 2]),
            Unresized(mode, "factor", [0, 0], [2, 3], [3, 5, 7, 3]),
            Unresized(mode, "sizes", [7, 4], [0, 0], [3, 5, 9, 2]),
        }),
    ];

    private static OpCase Same(string variation, Op op, int[] dims, params OpInput[] inputs) => new(variation, op, inputs)
    {
        Reference = x => [new(dims, x[0].Values)],
    };

    private static OpCase Expanded(string variation, OpInput x, OpInput like) => new(variation, new ExpandLike(), x, like)
    {
        Reference = inputs => [Plain.Of(inputs[1].Dims, inputs[0].At)],
    };

    private static OpCase Permuted(int[] order, OpInput x) => new($"{string.Concat(order)}_{string.Join("x", x.Dims)}_{x.Type}", new Transpose([.. order]), x)
    {
        Reference = inputs => [Plain.Of([.. order.Select(axis => inputs[0].Dims[axis])], place =>
        {
            var source = new int[order.Length];
            for (var i = 0; i < order.Length; i++) source[order[i]] = place[i];
            return inputs[0][source];
        })],
    };

    private static OpCase Joined(string variation, int axis, params OpInput[] inputs) => new(variation, new Concat(axis), inputs)
    {
        Reference = all =>
        {
            var along = all[0].Axis(axis);
            int[] dims = [.. all[0].Dims];
            dims[along] = all.Sum(one => one.Dims[along]);
            return [Plain.Of(dims, place =>
            {
                int[] own = [.. place];
                foreach (var one in all)
                {
                    if (own[along] < one.Dims[along]) return one[own];
                    own[along] -= one.Dims[along];
                }

                throw new InvalidOperationException("beyond the last");
            })];
        },
    };

    private static OpCase Cut(string variation, Split op, OpInput x) => new(variation, op, x)
    {
        Reference = inputs => Parts(inputs[0], inputs[0].Axis(op.Axis), op.Sizes.ToArray()),
    };

    private static Plain[] Parts(Plain x, int axis, int[] sizes)
    {
        var results = new List<Plain>();
        var start = 0;
        foreach (var size in sizes)
        {
            int[] dims = [.. x.Dims];
            dims[axis] = size;
            var begin = start;
            results.Add(Plain.Of(dims, place =>
            {
                int[] source = [.. place];
                source[axis] += begin;
                return x[source];
            }));
            start += size;
        }

        return [.. results];
    }

    private static OpCase Sliced(string variation, int[] axes, int[] starts, int[] ends, int[] steps, OpInput x) =>
        new(variation, new Slice([.. axes], [.. starts], [.. ends], [.. steps]), x)
        {
            Reference = inputs =>
            {
                var taken = Taken(inputs[0].Dims, axes, starts, ends, steps);
                return [Plain.Of([.. taken.Select(list => list.Count)], place => inputs[0][[.. place.Select((at, i) => taken[i][at])]])];
            },
        };

    private static OpCase Unsliced(string variation, int[] axes, int[] starts, int[] ends, int[] steps, int[] dims)
    {
        var taken = Taken(dims, axes, starts, ends, steps);
        return new(variation, new SliceGradient([.. axes], [.. starts], [.. ends], [.. steps]), X([.. taken.Select(list => list.Count)]), X(dims))
        {
            Reference = inputs =>
            {
                var result = Plain.Zeros(dims);
                foreach (var place in Plain.Places(inputs[0].Dims)) result[[.. place.Select((at, i) => taken[i][at])]] = inputs[0][place];
                return [result];
            },
        };
    }

    /// <summary>For each axis, the positions a slice takes, as Python counts them.</summary>
    private static List<int>[] Taken(int[] dims, int[] axes, int[] starts, int[] ends, int[] steps)
    {
        var taken = dims.Select(dim => Enumerable.Range(0, dim).ToList()).ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = axes[i] < 0 ? axes[i] + dims.Length : axes[i];
            var size = dims[axis];
            var positions = new List<int>();
            var (start, end) = (From(starts[i]), From(ends[i]));
            if (steps[i] > 0) for (var p = Math.Max(start, 0); p < Math.Min(end, size); p += steps[i]) positions.Add(p);
            else for (var p = Math.Min(start, size - 1); p > Math.Max(end, -1); p += steps[i]) positions.Add(p);
            taken[axis] = positions;

            int From(int position) => position == int.MinValue ? -1 : position < 0 ? position + size : position;
        }

        return taken;
    }

    private static OpCase Padded(string variation, Pad op, OpInput x) => new(variation, op, x)
    {
        Reference = inputs => [Plain.Of([.. inputs[0].Dims.Select((dim, i) => dim + op.Begin[i] + op.End[i])], place =>
        {
            var source = new int[place.Length];
            for (var i = 0; i < source.Length; i++)
            {
                var (at, size) = (place[i] - op.Begin[i], inputs[0].Dims[i]);
                if (op.Mode == PadMode.Reflect) at = at < 0 ? -at : at >= size ? (2 * (size - 1)) - at : at;
                if (op.Mode == PadMode.Edge) at = Math.Clamp(at, 0, size - 1);
                if (at < 0 || at >= size) return op.Value;
                source[i] = at;
            }

            return inputs[0][source];
        })],
    };

    private static OpCase Triangle(string variation, Trilu op, OpInput x) => new(variation, op, x)
    {
        Reference = inputs => [Plain.Of(inputs[0].Dims, place =>
        {
            var diagonal = place[^1] - place[^2];
            return (op.Upper ? diagonal >= op.K : diagonal <= op.K) ? inputs[0][place] : 0;
        })],
    };

    private static OpCase Repeated(string variation, Tile op, OpInput x) => new(variation, op, x)
    {
        Reference = inputs =>
        {
            int[] dims = [.. inputs[0].Dims.Select((dim, i) => dim * op.Repeats[i])];
            return [Plain.Of(dims, place => inputs[0][[.. place.Select((at, i) => at % inputs[0].Dims[i])]])];
        },
    };

    private static OpCase Resized(ResizeMode mode, string variation, int[] sizes, int[] scales, int[] dims) =>
        new($"{mode}_{variation}", new Resize([.. sizes], [.. scales], mode), X(dims))
        {
            Reference = inputs =>
            {
                var result = Plain.Zeros(NewSizes(sizes, scales, dims));
                ResizeTerms(mode, dims, result.Dims, (from, to, weight) => result[to] += weight * inputs[0][from]);
                return [result];
            },
        };

    private static OpCase Unresized(ResizeMode mode, string variation, int[] sizes, int[] scales, int[] dims) =>
        new($"{mode}_{variation}", new ResizeGradient([.. sizes], [.. scales], mode), X(NewSizes(sizes, scales, dims)), X(dims))
        {
            Reference = inputs =>
            {
                var result = Plain.Zeros(dims);
                ResizeTerms(mode, dims, inputs[0].Dims, (from, to, weight) => result[from] += weight * inputs[0][to]);
                return [result];
            },
        };

    private static int[] NewSizes(int[] sizes, int[] scales, int[] dims) =>
        [dims[0], .. sizes.Select((size, i) => size > 0 ? size : dims[i + 1] * scales[i]), dims[^1]];

    /// <summary>Every input element that contributes to an output element, with its weight: the product of one weight per axis.</summary>
    private static void ResizeTerms(ResizeMode mode, int[] from, int[] to, Action<int[], int[], double> term)
    {
        foreach (var target in Plain.Places(to))
        {
            foreach (var source in Plain.Places(from))
            {
                if (source[0] != target[0] || source[^1] != target[^1]) continue;
                var weight = 1.0;
                for (var axis = 1; axis < from.Length - 1 && weight != 0; axis++)
                    weight *= ResizeWeight(mode, source[axis], target[axis], from[axis], to[axis]);
                if (weight != 0) term(source, target, weight);
            }
        }
    }

    private static double ResizeWeight(ResizeMode mode, int source, int target, int from, int to)
    {
        var centre = ((target + 0.5) * from / to) - 0.5;
        switch (mode)
        {
            case ResizeMode.Nearest:
                return source == Math.Min((int)Math.Floor(((target + 0.5) * from / to) + 1e-9), from - 1) ? 1 : 0;
            case ResizeMode.Linear:
                return Math.Max(0, 1 - Math.Abs(Math.Clamp(centre, 0, from - 1) - source));
            default:
                return Keys(centre - source) / Enumerable.Range(0, from).Sum(other => Keys(centre - other));
        }

        static double Keys(double t)
        {
            t = Math.Abs(t);
            return t < 1 ? (1.5 * t * t * t) - (2.5 * t * t) + 1 : t < 2 ? (-0.5 * t * t * t) + (2.5 * t * t) - (4 * t) + 2 : 0;
        }
    }
}
