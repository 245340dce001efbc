using OnnxFunctional.Operators;

namespace OnnxFunctional.Tests.Cases;

/// <content>Products, convolutions and pooling.</content>
internal static partial class OpCases
{
    private static IEnumerable<OpCase> Products =>
    [
        Product("", false, false, X(3, 7), W(7, 5)) with { Twice = true },
        Product("left", true, false, X(7, 3), W(7, 5)) with { UnknownBatch = false },
        Product("right", false, true, X(3, 7), W(5, 7)),
        Product("both", true, true, W(7, 3), W(5, 7)),
        Product("single", false, false, X(1, 1), W(1, 1)),
        Product("vector", false, false, X(1, 17), W(17, 1)),
        Product("wide", false, false, X(17, 3), W(3, 33)),
        Product("rows", false, false, X(3, 5, 7), W(7, 4)),
        Product("rows_right", false, true, X(3, 5, 7), W(4, 7)),
        Product("batch", false, false, X(3, 5, 7), X(3, 7, 2)),
        Product("batch_left", true, false, X(3, 7, 5), X(3, 7, 2)),
        Product("batch_right", false, true, X(3, 5, 7), X(3, 2, 7)),
        Product("batch_both", true, true, X(3, 7, 5), X(3, 2, 7)),
        Product("repeated", false, false, X(3, 5, 7), W(1, 7, 2)),
        Product("repeated_left", false, false, W(5, 7), X(3, 7, 2)),
        Product("two_axes", false, false, X(3, 1, 5, 7), W(1, 4, 7, 2)),
        Product("heads", false, true, X(2, 3, 5, 7), X(2, 3, 5, 7)),
        Product("inner_repeated", false, false, X(2, 3, 5, 7), X(2, 1, 7, 3)),
        Product("empty", false, false, X(0, 7), W(7, 5)),
        new("", new Gemm(), X(3, 7), W(7, 5), W(5)) { Reference = x => [Plus(Multiply(x[0], x[1], false, false), x[2])], Twice = true },
        new("column", new Gemm(), X(17, 5), W(5, 1), W(1)) { Reference = x => [Plus(Multiply(x[0], x[1], false, false), x[2])] },
    ];

    private static IEnumerable<OpCase> Convolutions =>
    [
        .. Convolved("", Over([1, 1], [1, 1], Padding.Valid), [3, 7, 5, 3], [3, 3, 3, 4]),
        .. Convolved("same", Over([1, 1], [1, 1], Padding.Same), [2, 7, 5, 3], [3, 2, 3, 4]),
        .. Convolved("strides", Over([2, 3], [1, 1], Padding.Valid), [2, 9, 8, 2], [3, 2, 2, 3]),
        .. Convolved("same_strides", Over([2, 2], [1, 1], Padding.Same), [2, 7, 6, 2], [3, 3, 2, 3]),
        .. Convolved("dilation", Over([1, 1], [2, 3], Padding.Same), [2, 7, 8, 2], [3, 2, 2, 3]),
        .. Convolved("explicit", Over([1, 2], [1, 1], Pads.Explicit([1, 0], [2, 1])), [2, 4, 5, 2], [3, 3, 2, 3]),
        .. Convolved("groups", Over([1, 1], [1, 1], Padding.Same, 2), [2, 5, 4, 6], [3, 3, 3, 4]),
        .. Convolved("depthwise", Over([1, 1], [1, 1], Padding.Same, 5), [2, 6, 5, 5], [3, 3, 1, 5]),
        .. Convolved("depthwise_multiplier", Over([2, 2], [1, 1], Padding.Same, 3), [2, 5, 5, 3], [3, 3, 1, 6]),
        .. Convolved("pointwise", Over([1, 1], [1, 1], Padding.Valid), [3, 4, 5, 7], [1, 1, 7, 17]),
        .. Convolved("pointwise_strides", Over([2, 2], [1, 1], Padding.Valid), [3, 5, 5, 3], [1, 1, 3, 5]),
        .. Convolved("one_channel", Over([1, 1], [1, 1], Padding.Valid), [3, 8, 8, 1], [3, 3, 1, 17]),
        .. Convolved("rank1", Over([1], [1], Padding.Same), [3, 9, 3], [3, 3, 4]),
        .. Convolved("causal", Over([1], [2], Padding.Causal), [3, 9, 3], [3, 3, 4]),
        .. Convolved("causal_strides", Over([2], [1], Padding.Causal), [3, 9, 2], [3, 2, 4]),
        .. Convolved("rank3", Over([1, 2, 1], [1, 1, 1], Padding.Same), [2, 3, 5, 4, 2], [3, 3, 2, 2, 3]),
        .. Convolved("rank3_valid", Over([1, 1, 1], [1, 1, 2], Padding.Valid), [2, 3, 4, 5, 2], [2, 3, 2, 2, 3]),
        new("bias", new Conv(Over([1, 1], [1, 1], Padding.Same)), X(2, 5, 7, 3), W(3, 3, 3, 4), W(4))
        {
            Reference = x => [Plus(Convolve(Over([1, 1], [1, 1], Padding.Same), x[0], x[1]), x[2])],
        },
        new("groups_bias", new Conv(Over([1], [1], Padding.Valid, 2)), X(2, 7, 4), W(3, 2, 6), W(6))
        {
            Reference = x => [Plus(Convolve(Over([1], [1], Padding.Valid, 2), x[0], x[1]), x[2])],
        },
        Transposed("", [1, 1], [1, 1], Padding.Valid, [], [2, 4, 5, 3], [3, 3, 4, 3]),
        Transposed("strides", [2, 3], [1, 1], Padding.Valid, [], [2, 4, 3, 2], [3, 2, 3, 2]),
        Transposed("same", [2, 2], [1, 1], Padding.Same, [], [2, 4, 5, 3], [3, 3, 2, 3]),
        Transposed("same_even", [2, 3], [1, 1], Padding.Same, [], [2, 3, 4, 2], [4, 2, 3, 2]),
        Transposed("small_kernel", [3, 3], [1, 1], Padding.Valid, [], [2, 3, 2, 2], [2, 1, 3, 2]),
        Transposed("small_kernel_same", [3, 3], [1, 1], Padding.Same, [], [2, 3, 2, 2], [2, 1, 3, 2]),
        Transposed("output_padding", [2, 2], [1, 1], Padding.Same, [1, 0], [2, 4, 3, 2], [3, 3, 3, 2]),
        Transposed("output_padding_valid", [2, 2], [1, 1], Padding.Valid, [1, 0], [2, 4, 3, 2], [3, 3, 3, 2]),
        Transposed("dilation", [1, 1], [2, 2], Padding.Same, [], [2, 5, 4, 2], [3, 2, 3, 2]),
        Transposed("rank1", [2], [1], Padding.Same, [], [3, 5, 3], [3, 4, 3]),
        Transposed("rank3", [2, 1, 2], [1, 1, 1], Padding.Valid, [], [2, 2, 3, 2, 2], [2, 3, 2, 3, 2]),
        new("bias", new ConvTranspose(Over([2], [1], Padding.Same), []), X(3, 5, 3), W(3, 4, 3), W(4))
        {
            Reference = x => [Plus(ConvolveBack([2], [1], Padding.Same, [], x[0], x[1]), x[2])],
        },
    ];

    private static IEnumerable<OpCase> Poolings =>
    [
        .. Pooled("", [2, 2], [2, 2], Padding.Valid, [3, 6, 7, 3]),
        .. Pooled("overlap", [3, 2], [1, 1], Padding.Valid, [2, 5, 6, 2]),
        .. Pooled("same", [3, 3], [2, 2], Padding.Same, [2, 6, 7, 3]),
        .. Pooled("same_even", [2, 2], [1, 1], Padding.Same, [2, 3, 5, 17]),
        .. Pooled("gap", [2, 2], [3, 3], Padding.Valid, [2, 6, 7, 2]),
        .. Pooled("rank1", [3], [2], Padding.Same, [3, 8, 2]),
        .. Pooled("rank3", [2, 2, 1], [1, 2, 1], Padding.Same, [2, 3, 4, 2, 2]),
        .. Pooled("all", [4, 3], [4, 3], Padding.Valid, [3, 4, 3, 5]),
        .. Pooled("explicit", [3, 3], [2, 1], Pads.Explicit([1, 1], [0, 2]), [2, 5, 4, 3]),
    ];

    private static Window Over(int[] strides, int[] dilations, Pads pads, int groups = 1) => new([.. strides], [.. dilations], pads, groups);

    private static OpCase Product(string variation, bool left, bool right, OpInput a, OpInput b) => new(variation, new MatMul(left, right), a, b)
    {
        Reference = x => [Multiply(x[0], x[1], left, right)],
    };

    private static Plain Multiply(Plain a, Plain b, bool left, bool right)
    {
        var (m, k) = left ? (a.Dims[^1], a.Dims[^2]) : (a.Dims[^2], a.Dims[^1]);
        var n = right ? b.Dims[^2] : b.Dims[^1];
        var leading = Plain.Broadcast(new Plain(a.Dims[..^2], []), new Plain(b.Dims[..^2], []));
        return Plain.Of([.. leading, m, n], place =>
        {
            var sum = 0.0;
            for (var i = 0; i < k; i++)
            {
                int[] from = left ? [.. place[..^2], i, place[^2]] : [.. place[..^2], place[^2], i];
                int[] to = right ? [.. place[..^2], place[^1], i] : [.. place[..^2], i, place[^1]];
                sum += At(a, from) * At(b, to);
            }

            return sum;
        });

        // Leading axes are broadcast, the matrix itself never is.
        static double At(Plain x, int[] place)
        {
            var own = new int[x.Rank];
            for (var i = 1; i <= own.Length; i++) own[^i] = i > 2 && x.Dims[^i] == 1 ? 0 : place[^i];
            return x[own];
        }
    }

    private static Plain Plus(Plain x, Plain bias) => Plain.Of(x.Dims, place => x[place] + bias.At(place));

    private static IEnumerable<OpCase> Convolved(string variation, Window window, int[] x, int[] kernel)
    {
        var output = Convolve(window, Plain.Zeros(x), Plain.Zeros(kernel)).Dims;
        return
        [
            new(variation, new Conv(window), X(x), W(kernel)) { Reference = inputs => [Convolve(window, inputs[0], inputs[1])] },
            new(variation, new ConvInputGradient(window), X(output), W(kernel), X(x))
            {
                Reference = inputs =>
                {
                    var result = Plain.Zeros(x);
                    Visit(window, x, kernel, output, (i, w, o) => result.Values[i] += inputs[0].Values[o] * inputs[1].Values[w]);
                    return [result];
                },
            },
            new(variation, new ConvWeightGradient(window), X(x), X(output), W(kernel))
            {
                Reference = inputs =>
                {
                    var result = Plain.Zeros(kernel);
                    Visit(window, x, kernel, output, (i, w, o) => result.Values[w] += inputs[0].Values[i] * inputs[1].Values[o]);
                    return [result];
                },
            },
        ];
    }

    private static Plain Convolve(Window window, Plain x, Plain kernel)
    {
        int[] dims = [x.Dims[0], .. window.Strides.Select((stride, i) =>
        {
            var (begin, end) = Border(window.Pads, i, x.Dims[i + 1], ((kernel.Dims[i] - 1) * window.Dilations[i]) + 1, stride);
            return ((x.Dims[i + 1] + begin + end - ((kernel.Dims[i] - 1) * window.Dilations[i]) - 1) / stride) + 1;
        }), kernel.Dims[^1]];
        var result = Plain.Zeros(dims);
        Visit(window, x.Dims, kernel.Dims, dims, (i, w, o) => result.Values[o] += x.Values[i] * kernel.Values[w]);
        return result;
    }

    /// <summary>Every product of a convolution, as the indices of its three elements.</summary>
    private static void Visit(Window window, int[] x, int[] kernel, int[] output, Action<int, int, int> product)
    {
        var (weights, sources, o) = (Plain.Places(kernel), new int[x.Length], 0);
        foreach (var place in Plain.Places(output))
        {
            var w = 0;
            foreach (var tap in weights)
            {
                var inside = tap[^1] == place[^1];
                sources[0] = place[0];
                for (var i = 0; i < window.SpatialRank; i++)
                {
                    var (begin, _) = Border(window.Pads, i, x[i + 1], ((kernel[i] - 1) * window.Dilations[i]) + 1, window.Strides[i]);
                    sources[i + 1] = (place[i + 1] * window.Strides[i]) + (tap[i] * window.Dilations[i]) - begin;
                    inside &= sources[i + 1] >= 0 && sources[i + 1] < x[i + 1];
                }

                sources[^1] = (place[^1] / (output[^1] / window.Groups) * kernel[^2]) + tap[^2];
                if (inside) product(Flat(x, sources), w, o);
                w++;
            }

            o++;
        }

        static int Flat(int[] dims, int[] place)
        {
            var flat = 0;
            for (var i = 0; i < dims.Length; i++) flat = (flat * dims[i]) + place[i];
            return flat;
        }
    }

    /// <summary>The padding before and after an axis, computed from Keras' definition.</summary>
    private static (int Begin, int End) Border(Pads pads, int axis, int size, int extent, int stride)
    {
        if (pads.IsExplicit) return (pads.Begin[axis], pads.End[axis]);
        if (pads.Mode == Padding.Causal) return (extent - 1, 0);
        if (pads.Mode == Padding.Valid) return (0, 0);
        var outputs = (int)Math.Ceiling(size / (double)stride);
        var total = Math.Max(((outputs - 1) * stride) + extent - size, 0);
        return (total / 2, total - (total / 2));
    }

    private static OpCase Transposed(string variation, int[] strides, int[] dilations, Padding padding, int[] outputPadding, int[] x, int[] kernel) =>
        new(variation, new ConvTranspose(Over(strides, dilations, padding), [.. outputPadding]), X(x), W(kernel))
        {
            Reference = inputs => [ConvolveBack(strides, dilations, padding, outputPadding, inputs[0], inputs[1])],
        };

    /// <summary>Each input element spreads the kernel over the output, which is then cut as Keras does.</summary>
    private static Plain ConvolveBack(int[] strides, int[] dilations, Padding padding, int[] outputPadding, Plain x, Plain kernel)
    {
        var rank = strides.Length;
        var (dims, cut) = (new int[rank + 2], new int[rank]);
        (dims[0], dims[^1]) = (x.Dims[0], kernel.Dims[^2]);
        for (var i = 0; i < rank; i++)
        {
            var (extent, stride, size) = (((kernel.Dims[i] - 1) * dilations[i]) + 1, strides[i], x.Dims[i + 1]);
            if (padding == Padding.Valid)
            {
                dims[i + 1] = ((size - 1) * stride) + extent + (outputPadding.Length > 0 ? outputPadding[i] : Math.Max(extent, stride) - extent);
            }
            else
            {
                var total = outputPadding.Length > 0 ? extent + (extent % 2) - 2 + outputPadding[i] : stride + extent - 2;
                dims[i + 1] = outputPadding.Length > 0 ? ((size - 1) * stride) + (extent % 2) + outputPadding[i] : size * stride;
                cut[i] = extent - 1 - Math.Min((total / 2) + (total % 2), extent - 1);
            }
        }

        var result = Plain.Zeros(dims);
        foreach (var source in Plain.Places(x.Dims))
        {
            foreach (var tap in Plain.Places(kernel.Dims))
            {
                if (tap[^1] != source[^1]) continue;
                int[] target = [source[0], .. strides.Select((stride, i) => (source[i + 1] * stride) + (tap[i] * dilations[i]) - cut[i]), tap[^2]];
                if (Enumerable.Range(1, rank).All(i => target[i] >= 0 && target[i] < dims[i])) result[target] += x[source] * kernel[tap];
            }
        }

        return result;
    }

    private static IEnumerable<OpCase> Pooled(string variation, int[] window, int[] strides, Pads pads, int[] dims)
    {
        IntList kernel = [.. window], steps = [.. strides];
        var output = Pool(window, strides, pads, Plain.Zeros(dims), row => 0).Dims;
        var max = X(dims) with { Distinct = true, Low = -30, High = 30 };
        return
        [
            new(variation, new MaxPool(kernel, steps, pads), max)
            {
                Reference = x => [Pool(window, strides, pads, x[0], row => row.Max(element => element.Value))],
            },
            new(variation, new AveragePool(kernel, steps, pads), X(dims))
            {
                Reference = x => [Pool(window, strides, pads, x[0], row => row.Average(element => element.Value))],
            },
            new(variation, new MaxPoolGradient(kernel, steps, pads), max, X(output))
            {
                Build = x => Ops.Make(new MaxPoolGradient(kernel, steps, pads), x[0], Ops.Make(new MaxPool(kernel, steps, pads), x[0]), x[1]),
                Reference = x => [Spread(window, strides, pads, x[0], x[1], row => [row.MaxBy(element => element.Value)])],
                Differentiable = false,
            },
            new(variation, new AveragePoolGradient(kernel, steps, pads), X(output), X(dims))
            {
                Reference = x => [Spread(window, strides, pads, x[1], x[0], row => row)],
            },
        ];
    }

    private static Plain Pool(int[] window, int[] strides, Pads pads, Plain x, Func<List<(int Place, double Value)>, double> row)
    {
        int[] dims = [x.Dims[0], .. window.Select((size, i) =>
        {
            var (begin, end) = Border(pads, i, x.Dims[i + 1], size, strides[i]);
            return ((x.Dims[i + 1] + begin + end - size) / strides[i]) + 1;
        }), x.Dims[^1]];
        return Plain.Of(dims, place => row(Under(window, strides, pads, x, place)));
    }

    /// <summary>Spreads the gradient of each window evenly over its selected elements.</summary>
    private static Plain Spread(
        int[] window,
        int[] strides,
        Pads pads,
        Plain x,
        Plain gradient,
        Func<List<(int Place, double Value)>, List<(int Place, double Value)>> chosen)
    {
        var result = Plain.Zeros(x.Dims);
        foreach (var place in Plain.Places(gradient.Dims))
        {
            var elements = chosen(Under(window, strides, pads, x, place));
            foreach (var (source, _) in elements) result.Values[source] += gradient[place] / elements.Count;
        }

        return result;
    }

    private static List<(int Place, double Value)> Under(int[] window, int[] strides, Pads pads, Plain x, int[] place)
    {
        var elements = new List<(int, double)>();
        foreach (var tap in Plain.Places(window))
        {
            var spatial = window.Select((size, i) => (place[i + 1] * strides[i]) + tap[i] - Border(pads, i, x.Dims[i + 1], size, strides[i]).Begin);
            int[] source = [place[0], .. spatial, place[^1]];
            if (!Enumerable.Range(1, window.Length).All(i => source[i] >= 0 && source[i] < x.Dims[i])) continue;
            var flat = 0;
            for (var i = 0; i < source.Length; i++) flat = (flat * x.Dims[i]) + source[i];
            elements.Add((flat, x.Values[flat]));
        }

        return elements;
    }
}
