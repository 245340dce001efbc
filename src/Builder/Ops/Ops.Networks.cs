using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>What layers compute, with weights that are given. Images are channels last; a <see cref="Transpose"/> makes them so.</content>
public static partial class Ops
{
    /// <summary><c>exp(x) / sum(exp(x))</c> over several axes; the shape stays (https://keras.io/api/ops/nn/#softmax-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes, all if there is none; sizes are known if they are several.</param>
    /// <exception cref="ModelException">The tensor has no such axis, or a size is unknown.</exception>
    public static SymbolicTensor Softmax(SymbolicTensor x, Axes axes) => OverAxes(x, axes, Softmax);

    /// <summary>Scales vectors along the axes to length one: <c>x / max(|x|, epsilon)</c> (https://keras.io/api/ops/nn/#normalize-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes of a vector; the last by default.</param>
    /// <param name="order">Which norm is the length, from 1: <c>sum(|x|^order)^(1 / order)</c>.</param>
    /// <param name="epsilon">The smallest length that is divided by.</param>
    /// <exception cref="ModelException">There is no such axis, or an option is out of its range.</exception>
    public static SymbolicTensor Normalize(SymbolicTensor x, Axes axis = default, int order = 2, double epsilon = 1e-7)
    {
        Check.Positive(order, nameof(Normalize), nameof(order));
        x = Floats(x);
        if (axis.List.Count == 0) axis = -1;
        Check.NotNegative(epsilon, nameof(Normalize), nameof(epsilon));

        // The bound lies below the root, so that the gradient at zero is zero and not a quotient of zeros.
        if (order == 2) return x / Sqrt(Maximum(Sum(Square(x), axis, keepdims: true), epsilon * epsilon));
        var length = order == 1 ? Sum(Abs(x), axis, keepdims: true) : Power(Sum(Power(Abs(x), order), axis, keepdims: true), 1.0 / order);
        return x / Maximum(length, epsilon);
    }

    /// <summary>
    /// Normalizes to mean 0 and variance 1 along axes: <c>gamma (x - mean) / sqrt(variance + epsilon) + beta</c>
    /// (https://keras.io/api/ops/nn/#layer_normalization-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="gamma">The scale, of the shape of the normalized axes; none by default.</param>
    /// <param name="beta">The offset, of the shape of the normalized axes; none by default.</param>
    /// <param name="axis">The axes; the last by default.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <exception cref="ModelException">There is no such axis, or its size is unknown.</exception>
    public static SymbolicTensor LayerNormalization(
        SymbolicTensor x, SymbolicTensor? gamma = null, SymbolicTensor? beta = null, Axes axis = default, double epsilon = 1e-7)
    {
        x = Floats(x);
        var axes = ShapeRules.Axes(axis.List.Count == 0 ? [-1] : axis.List, x.Rank, nameof(LayerNormalization));
        var centered = x - Mean(x, Axes.Create(axes), keepdims: true);
        var normal = centered / Sqrt(Mean(Square(centered), Axes.Create(axes), keepdims: true) + epsilon);
        if (gamma is not null) normal *= Along(gamma, axes, x.Rank);
        return beta is null ? normal : normal + Along(beta, axes, x.Rank);
    }

    /// <summary>
    /// Divides by the root of the mean square along axes: <c>scale x / sqrt(mean(x^2) + epsilon)</c>
    /// (https://keras.io/api/ops/nn/#rms_normalization-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="scale">The scale, which broadcasts; none by default.</param>
    /// <param name="axis">The axes; the last by default.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <exception cref="ModelException">There is no such axis.</exception>
    public static SymbolicTensor RmsNormalization(SymbolicTensor x, SymbolicTensor? scale = null, Axes axis = default, double epsilon = 1e-7)
    {
        x = Floats(x);
        var normal = x / Sqrt(Mean(Square(x), axis.List.Count == 0 ? -1 : axis, keepdims: true) + epsilon);
        return scale is null ? normal : normal * scale;
    }

    /// <summary>
    /// Normalizes channels by a mean and variance: <c>scale (x - mean) / sqrt(variance + epsilon) + offset</c>
    /// (https://keras.io/api/ops/nn/#batch_normalization-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="mean">The mean of each channel.</param>
    /// <param name="variance">The variance of each channel.</param>
    /// <param name="axis">The axis of channels.</param>
    /// <param name="offset">The offset of each channel; none by default.</param>
    /// <param name="scale">The scale of each channel; none by default.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <exception cref="ModelException">There is no such axis, or a tensor is no vector of channels.</exception>
    public static SymbolicTensor BatchNormalization(
        SymbolicTensor x,
        SymbolicTensor mean,
        SymbolicTensor variance,
        int axis,
        SymbolicTensor? offset = null,
        SymbolicTensor? scale = null,
        double epsilon = 1e-3)
    {
        x = Floats(x);
        int[] channels = [ShapeRules.Axis(axis, x.Rank, nameof(BatchNormalization))];
        var normal = (x - Along(mean, channels, x.Rank)) / Sqrt(Along(variance, channels, x.Rank) + epsilon);
        if (scale is not null) normal *= Along(scale, channels, x.Rank);
        return offset is null ? normal : normal + Along(offset, channels, x.Rank);
    }

    /// <summary>
    /// Attention of several heads: <c>softmax(scale q k^T + bias) v</c> (https://keras.io/api/ops/nn/#dot_product_attention-function).
    /// </summary>
    /// <param name="query">(batch, queries, heads, d).</param>
    /// <param name="key">(batch, keys, heads, d).</param>
    /// <param name="value">(batch, keys, heads, d).</param>
    /// <param name="bias">Added to the scores; broadcasts to (batch, heads, queries, keys).</param>
    /// <param name="mask">True where a query sees a key; broadcasts to (batch, heads, queries, keys).</param>
    /// <param name="scale">The factor of the scores; <c>1 / sqrt(d)</c> by default.</param>
    /// <param name="isCausal">Whether a query sees only keys up to its own place.</param>
    /// <exception cref="ModelException">The tensors have not four axes, or do not fit.</exception>
    public static SymbolicTensor DotProductAttention(
        SymbolicTensor query,
        SymbolicTensor key,
        SymbolicTensor value,
        SymbolicTensor? bias = null,
        SymbolicTensor? mask = null,
        double? scale = null,
        bool isCausal = false)
    {
        (query, key, value) = (Floats(query), Floats(key), Floats(value));
        if (query.Rank != 4 || key.Rank != 4 || value.Rank != 4)
            throw new ModelException($"DotProductAttention takes (batch, positions, heads, features), but got {query.Shape}, {key.Shape} and {value.Shape}.");
        var factor = scale ?? 1 / Math.Sqrt(SizeOf(key, 3, nameof(DotProductAttention)));
        var scores = Einsum("btnh,bsnh->bnts", query, key) * factor;
        if (bias is not null) scores += bias;
        if (isCausal)
        {
            var seen = Tril(Einsum("bt,bs->bts", OnesLike(query[.., .., 0, 0]), OnesLike(key[.., .., 0, 0])));
            var causal = ExpandDims(Greater(seen, 0), 1);
            mask = mask is null ? causal : LogicalAnd(mask, causal);
        }

        // As Keras, far below any score but finite: a query that sees no key is the mean of all values.
        if (mask is not null) scores = Where(mask, scores, float.MaxValue * -0.7);
        return Einsum("bnts,bsnh->btnh", Softmax(scores), value);
    }

    /// <summary>A convolution with a given kernel (https://keras.io/api/ops/nn/#conv-function).</summary>
    /// <param name="x">Sequences, images or volumes: (batch, positions..., channels).</param>
    /// <param name="kernel">The kernel: (sizes..., channels / groups, filters).</param>
    /// <param name="strides">The step between windows; 1 by default.</param>
    /// <param name="padding">How the border is treated.</param>
    /// <param name="dilationRate">The distance between elements of a window; 1 by default.</param>
    /// <exception cref="ModelException">The kernel does not fit the tensor, or an option is out of its range.</exception>
    public static SymbolicTensor Conv(
        SymbolicTensor x, SymbolicTensor kernel, IntValues strides = default, Padding padding = Padding.Valid, IntValues dilationRate = default)
    {
        var rank = Spatial(x, kernel, nameof(Conv));
        var (channels, own) = (SizeOf(x, rank + 1, nameof(Conv)), SizeOf(kernel, rank, nameof(Conv)));
        if (own == 0 || channels % own != 0)
            throw new ModelException($"Conv: {channels} channels of {x.Shape} are no multiple of those of the kernel {kernel.Shape}.");
        return Make(new Conv(WindowOf(rank, strides, padding, dilationRate, nameof(Conv)) with { Groups = channels / own }), x, kernel);
    }

    /// <summary>A convolution of each channel by itself (https://keras.io/api/ops/nn/#depthwise_conv-function).</summary>
    /// <param name="x">Sequences or images: (batch, positions..., channels).</param>
    /// <param name="kernel">The kernel: (sizes..., channels, multiplier).</param>
    /// <param name="strides">The step between windows; 1 by default.</param>
    /// <param name="padding">How the border is treated.</param>
    /// <param name="dilationRate">The distance between elements of a window; 1 by default.</param>
    /// <exception cref="ModelException">The kernel does not fit the tensor, or an option is out of its range.</exception>
    public static SymbolicTensor DepthwiseConv(
        SymbolicTensor x, SymbolicTensor kernel, IntValues strides = default, Padding padding = Padding.Valid, IntValues dilationRate = default)
    {
        var rank = Spatial(x, kernel, nameof(DepthwiseConv));
        var (channels, multiplier) = (SizeOf(kernel, rank, nameof(DepthwiseConv)), SizeOf(kernel, rank + 1, nameof(DepthwiseConv)));
        int[] sizes = [.. Enumerable.Range(0, rank).Select(axis => SizeOf(kernel, axis, nameof(DepthwiseConv)))];
        var grouped = Reshape(kernel, [.. sizes, 1, channels * multiplier]);
        return Make(new Conv(WindowOf(rank, strides, padding, dilationRate, nameof(DepthwiseConv)) with { Groups = channels }), x, grouped);
    }

    /// <summary>A transposed convolution with a given kernel (https://keras.io/api/ops/nn/#conv_transpose-function).</summary>
    /// <param name="x">Sequences, images or volumes: (batch, positions..., channels).</param>
    /// <param name="kernel">The kernel: (sizes..., filters, channels).</param>
    /// <param name="strides">The distance between windows; 1 by default.</param>
    /// <param name="padding">How the border is treated.</param>
    /// <param name="outputPadding">Positions added at the end of the result; by default, as the stride needs.</param>
    /// <param name="dilationRate">The distance between elements of a window; 1 by default.</param>
    /// <exception cref="ModelException">The kernel does not fit the tensor, or an option is out of its range.</exception>
    public static SymbolicTensor ConvTranspose(
        SymbolicTensor x,
        SymbolicTensor kernel,
        IntValues strides = default,
        Padding padding = Padding.Valid,
        IntValues outputPadding = default,
        IntValues dilationRate = default)
    {
        var rank = Spatial(x, kernel, nameof(ConvTranspose));
        var extra = outputPadding.Count == 0 ? [] : outputPadding.For(rank, nameof(ConvTranspose), nameof(outputPadding), 0).List;
        return Make(new ConvTranspose(WindowOf(rank, strides, padding, dilationRate, nameof(ConvTranspose)), extra), x, kernel);
    }

    /// <summary>The largest element of each window (https://keras.io/api/ops/nn/#max_pool-function).</summary>
    /// <param name="x">Sequences, images or volumes: (batch, positions..., channels).</param>
    /// <param name="poolSize">The size of a window.</param>
    /// <param name="strides">The step between windows; the window's size by default.</param>
    /// <param name="padding">How the border is treated; padded positions never count.</param>
    /// <exception cref="ModelException">The tensor has no positions, or an option is out of its range.</exception>
    public static SymbolicTensor MaxPool(SymbolicTensor x, IntValues poolSize, IntValues? strides = null, Padding padding = Padding.Valid)
    {
        var (size, step) = PoolOf(x, poolSize, strides, nameof(MaxPool));
        return Make(new MaxPool(size, step, padding), x);
    }

    /// <summary>The mean of each window (https://keras.io/api/ops/nn/#average_pool-function).</summary>
    /// <param name="x">Sequences, images or volumes: (batch, positions..., channels).</param>
    /// <param name="poolSize">The size of a window.</param>
    /// <param name="strides">The step between windows; the window's size by default.</param>
    /// <param name="padding">How the border is treated; padded positions never count.</param>
    /// <exception cref="ModelException">The tensor has no positions, or an option is out of its range.</exception>
    public static SymbolicTensor AveragePool(SymbolicTensor x, IntValues poolSize, IntValues? strides = null, Padding padding = Padding.Valid)
    {
        var (size, step) = PoolOf(x, poolSize, strides, nameof(AveragePool));
        return Make(new AveragePool(size, step, padding), x);
    }

    /// <summary>A function along one axis, of several axes as one.</summary>
    internal static SymbolicTensor OverAxes(SymbolicTensor x, Axes axes, Func<SymbolicTensor, int, SymbolicTensor> function)
    {
        ArgumentNullException.ThrowIfNull(x);
        var along = ShapeRules.Axes(axes.List, x.Rank, nameof(Softmax));
        if (along.Length == 1) return function(x, along[0]);
        int[] order = [.. Enumerable.Range(0, x.Rank).Where(axis => !along.Contains(axis)), .. along];
        int[] kept = [.. Enumerable.Repeat(0, x.Rank - along.Length)], sizes = [.. along.Select(axis => SizeOf(x, axis, nameof(Softmax)))];
        var rows = function(Reshape(Transpose(x, order), [.. kept, sizes.Aggregate(1, (product, size) => product * size)]), -1);
        return Transpose(Reshape(rows, [.. kept, .. sizes]), [.. Enumerable.Range(0, x.Rank).Select(axis => Array.IndexOf(order, axis))]);
    }

    /// <summary>A tensor over some axes in the rank of another one, to broadcast along the others.</summary>
    private static SymbolicTensor Along(SymbolicTensor weight, int[] axes, int rank)
    {
        if (weight.Rank != axes.Length) return weight;
        int[] others = [.. Enumerable.Range(0, rank).Where(axis => !axes.Contains(axis))];
        return others.Length == 0 || axes[0] == others.Length ? weight : ExpandDims(weight, Axes.Create(others));
    }

    private static int Spatial(SymbolicTensor x, SymbolicTensor kernel, string what)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(kernel);
        return x.Rank == kernel.Rank && x.Rank is >= 3 and <= 5
            ? x.Rank - 2
            : throw new ModelException(
                $"{what} takes (batch, positions..., channels) and a kernel of the same rank, 3 to 5, but got {x.Shape} and {kernel.Shape}.");
    }

    private static Window WindowOf(int rank, IntValues strides, Padding padding, IntValues dilation, string what) => new(
        strides.OrOnes(rank, what, nameof(strides)).List, dilation.OrOnes(rank, what, "dilationRate").List, padding);

    private static (IntList Size, IntList Strides) PoolOf(SymbolicTensor x, IntValues poolSize, IntValues? strides, string what)
    {
        ArgumentNullException.ThrowIfNull(x);
        var rank = x.Rank is >= 3 and <= 5 ? x.Rank - 2 : throw new ModelException($"{what} takes (batch, positions..., channels), but got {x.Shape}.");
        var size = poolSize.For(rank, what, nameof(poolSize));
        return (size.List, strides is { Count: > 0 } given ? given.For(rank, what, nameof(strides)).List : size.List);
    }
}
