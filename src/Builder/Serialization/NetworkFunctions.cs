using System.Collections.Frozen;
using OnnxFunctional.Operators;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions of layers and losses, in its module nn.</summary>
internal static class NetworkFunctions
{
    // Keras' epsilon, which keeps logarithms finite.
    private const double Epsilon = 1e-7;

    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["AdaptiveAveragePool"] = call => AdaptivePool(call, Ops.Mean),
        ["AdaptiveMaxPool"] = call => AdaptivePool(call, Ops.Max),
        ["AveragePool"] = call => Pool(call, Ops.AveragePool),
        ["BatchNorm"] = Of((x, call) => Ops.BatchNormalization(
            x,
            call.Tensor(1, "mean"),
            call.Tensor(2, "variance"),
            call.Integer("axis", -1),
            OptionalTensor(call, 3, "offset"),
            OptionalTensor(call, 4, "scale"),
            call.Number("epsilon", 1e-3f))),
        ["BinaryCrossentropy"] = BinaryCrossentropy,
        ["CTCDecode"] = CtcDecode,
        ["CategoricalCrossentropy"] = CategoricalCrossentropy,
        ["Conv"] = call => Convolution(call, (x, window) => Ops.Conv(x, call.Tensor(1, "kernel"), window.Strides, window.Padding, window.Dilation)),
        ["ConvTranspose"] = call => Convolution(call, (x, window) => Ops.ConvTranspose(
            x,
            call.Tensor(1, "kernel"),
            window.Strides,
            window.Padding,
            call.Config("output_padding") is { IsNull: false } extra ? IntValues.Create(extra.Integers("output_padding")) : default,
            window.Dilation)),
        ["DepthToSpace"] = call => Blocks(call, toSpace: true),
        ["DepthwiseConv"] = call =>
            Convolution(call, (x, window) => Ops.DepthwiseConv(x, call.Tensor(1, "kernel"), window.Strides, window.Padding, window.Dilation)),
        ["DotProductAttention"] = Attention,
        ["Fold"] = Of((x, call) => Ops.Fold(
            x,
            Values(call, "output_size"),
            Values(call, "kernel_size"),
            Values(call, "dilation"),
            Values(call, "padding"),
            Values(call, "stride"))),
        ["LayerNorm"] = LayerNorm,
        ["MaxPool"] = call => Pool(call, Ops.MaxPool),
        ["Moments"] = Moments,
        ["MultiHot"] = MultiHot,
        ["Normalize"] = Of((x, call) => Ops.Normalize(x, AxesOr(call, "axis", -1), call.Integer("order", 2), call.Number("epsilon", 1e-7f))),
        ["OneHot"] = Of((x, call) => Hot(call, x)),
        ["PSNR"] = call => Ops.Psnr(call.Tensor(0, "x1"), call.Tensor(1, "x2"), call.Number("max_val", 1)),
        ["RMSNorm"] = Of((x, call) => Ops.RmsNormalization(x, OptionalTensor(call, 1, "scale"), AxesOr(call, "axis", -1), call.Number("epsilon", 1e-7f))),
        ["SeparableConv"] = call => Convolution(call, (x, window) => Ops.Conv(
            Ops.DepthwiseConv(x, call.Tensor(1, "depthwise_kernel"), window.Strides, window.Padding, window.Dilation), call.Tensor(2, "pointwise_kernel"))),
        ["SpaceToDepth"] = call => Blocks(call, toSpace: false),
        ["SparseCategoricalCrossentropy"] = SparseCategoricalCrossentropy,
        ["Unfold"] = Of((x, call) => Ops.Unfold(x, Values(call, "kernel_size"), Values(call, "dilation"), Values(call, "padding"), Values(call, "stride"))),
    }.ToFrozenDictionary();

    /// <summary>A convolution of groups of channels, which Keras' function does not take.</summary>
    public static SymbolicTensors GroupedConvolution(FunctionArguments call)
    {
        call.Ignore("groups");
        return Convolution(call, (x, window) => Ops.Conv(x, call.Tensor(1, "kernel"), window.Strides, window.Padding, window.Dilation));
    }

    private static bool IsChannelsFirst(FunctionArguments call) =>
        call.Choice("data_format", "channels_last", ("channels_last", false), ("channels_first", true));

    private static IntValues Values(FunctionArguments call, string key) =>
        call.Config(key) is { IsNull: false } value ? IntValues.Create(value.Integers(key)) : default;

    private static Padding PaddingOf(FunctionArguments call) =>
        call.Choice("padding", "valid", ("valid", Padding.Valid), ("same", Padding.Same), ("causal", Padding.Causal));

    /// <summary>A function of images with channels last, of images in the order that data_format names.</summary>
    private static SymbolicTensor ChannelsLast(FunctionArguments call, SymbolicTensor x, Func<SymbolicTensor, SymbolicTensor> function)
    {
        if (!IsChannelsFirst(call)) return function(x);
        var result = function(Ops.MoveAxis(x, 1, -1));
        return Ops.MoveAxis(result, -1, 1);
    }

    private static SymbolicTensors Pool(FunctionArguments call, Func<SymbolicTensor, IntValues, IntValues?, Padding, SymbolicTensor> function) =>
        ChannelsLast(call, call.Tensor(0, "inputs"), x => function(
            x, Values(call, "pool_size"), call.Config("strides").IsNull ? null : Values(call, "strides"), PaddingOf(call)));

    private static SymbolicTensors Convolution(
        FunctionArguments call, Func<SymbolicTensor, (IntValues Strides, Padding Padding, IntValues Dilation), SymbolicTensor> function) =>
        ChannelsLast(call, call.Tensor(0, "inputs"), x => function(x, (Values(call, "strides"), PaddingOf(call), Values(call, "dilation_rate"))));

    /// <summary>Window i of n positions goes from <c>floor(i n / count)</c> to <c>ceil((i + 1) n / count)</c>.</summary>
    private static SymbolicTensors AdaptivePool(FunctionArguments call, Func<SymbolicTensor, Axes, bool, SymbolicTensor> reduce) =>
        ChannelsLast(call, call.Tensor(0, "inputs"), x =>
        {
            var counts = Values(call, "output_size").For(x.Rank - 2, "AdaptivePool", "output_size");
            for (var axis = 1; axis < x.Rank - 1; axis++)
            {
                var (size, count) = (Ops.SizeOf(x, axis, "AdaptivePool"), counts[axis - 1]);
                x = Ops.Concatenate(
                    Enumerable.Range(0, count)
                        .Select(i => reduce(Ops.Slice(x, axis, i * size / count, (((i + 1) * size) + count - 1) / count), axis, true))
                        .ToArray(),
                    axis);
            }

            return x;
        });

    /// <summary>Blocks with channels last; with channels first Keras counts the channels before the blocks.</summary>
    private static SymbolicTensors Blocks(FunctionArguments call, bool toSpace)
    {
        var (x, block) = (call.Tensor(0, "x"), call.Integer("block_size", 1));
        if (!IsChannelsFirst(call)) return toSpace ? Ops.DepthToSpace(x, block) : Ops.SpaceToDepth(x, block);
        var (channels, height, width) = (Ops.SizeOf(x, 1, "Blocks"), Ops.SizeOf(x, 2, "Blocks"), Ops.SizeOf(x, 3, "Blocks"));
        if (toSpace)
        {
            var rest = channels / (block * block);
            return Ops.Reshape(Ops.Transpose(Ops.Reshape(x, -1, rest, block, block, height, width), 0, 1, 4, 2, 5, 3), -1, rest, height * block, width * block);
        }

        var (high, wide) = (height / block, width / block);
        return Ops.Reshape(
            Ops.Transpose(Ops.Reshape(x, -1, channels, high, block, wide, block), 0, 1, 3, 5, 2, 4), -1, channels * block * block, high, wide);
    }

    private static SymbolicTensors Attention(FunctionArguments call)
    {
        // How it is computed changes no number.
        call.Ignore("flash_attention");
        return Ops.DotProductAttention(
            call.Tensor(0, "query"),
            call.Tensor(1, "key"),
            call.Tensor(2, "value"),
            OptionalTensor(call, 3, "bias"),
            OptionalTensor(call, 4, "mask") is { } mask ? Truth(mask) : null,
            call.Argument(5, "scale") is { IsNull: false } scale ? scale.Number("scale") : null,
            call.Flag("is_causal"));
    }

    private static SymbolicTensors LayerNorm(FunctionArguments call)
    {
        if (call.Flag("rms_scaling")) throw new ModelException("rms_scaling is not supported; expected False. RMSNorm normalizes by the mean square.");
        return Ops.LayerNormalization(
            call.Tensor(0, "x"), OptionalTensor(call, 1, "gamma"), OptionalTensor(call, 2, "beta"), AxesOr(call, "axis", -1), call.Number("epsilon", 1e-7f));
    }

    private static SymbolicTensors Moments(FunctionArguments call)
    {
        // One process computes whole batches.
        call.Ignore("synchronized");
        var (x, axes, keepdims) = (call.Tensor(0, "x"), AxesOr(call, "axes"), call.Flag("keepdims"));
        return [Ops.Mean(x, axes, keepdims), Ops.Var(x, axes, keepdims)];
    }

    private static SymbolicTensor Hot(FunctionArguments call, SymbolicTensor x)
    {
        if (call.Flag("sparse")) throw new ModelException("a sparse result is not supported; expected sparse=False.");
        var hot = Ops.OneHot(Integers(x), call.Integer("num_classes", 0));
        var axis = ShapeRules.Axis(call.Integer("axis", -1), hot.Rank, "OneHot");
        return Typed(call, axis == hot.Rank - 1 ? hot : Ops.MoveAxis(hot, -1, axis));
    }

    private static SymbolicTensors MultiHot(FunctionArguments call)
    {
        var x = call.Tensor(0, "inputs");
        return Ops.Max(Hot(call, x), x.Rank > 1 ? 1 : 0);
    }

    private static SymbolicTensors CtcDecode(FunctionArguments call)
    {
        call.Ignore("beam_width", "top_paths");
        call.Choice("strategy", "greedy", ("greedy", true));
        return Both(Ops.CtcDecode(
            call.Tensor(0, "inputs"), Integers(call.Tensor(1, "sequence_lengths")), call.Flag("merge_repeated", true), call.Integer("mask_index", 0)));
    }

    private static SymbolicTensors BinaryCrossentropy(FunctionArguments call)
    {
        var (target, output) = (Ops.Floats(call.Tensor(0, "target")), call.Tensor(1, "output"));
        if (call.Flag("from_logits")) return Ops.Maximum(output, 0) - (output * target) + Ops.Log1p(Ops.Exp(-Ops.Abs(output)));
        output = Ops.Clip(output, Epsilon, 1 - Epsilon);
        return -((target * Ops.Log(output)) + ((1 - target) * Ops.Log(1 - output)));
    }

    private static SymbolicTensors CategoricalCrossentropy(FunctionArguments call)
    {
        var (target, output, axis) = (call.Tensor(0, "target"), call.Tensor(1, "output"), call.Integer("axis", -1));
        return -Ops.Sum(target * LogProbabilities(call, output, axis), axis);
    }

    private static SymbolicTensors SparseCategoricalCrossentropy(FunctionArguments call)
    {
        var (target, output) = (Integers(call.Tensor(0, "target")), call.Tensor(1, "output"));
        var axis = ShapeRules.Axis(call.Integer("axis", -1), output.Rank, "SparseCategoricalCrossentropy");
        if (target.Rank == output.Rank) target = Ops.Squeeze(target, axis);
        return -Ops.Squeeze(Ops.TakeAlongAxis(LogProbabilities(call, output, axis), Ops.ExpandDims(target, axis), axis), axis);
    }

    /// <summary>Logarithms of logits' softmax, or of probabilities that are made to sum to one.</summary>
    private static SymbolicTensor LogProbabilities(FunctionArguments call, SymbolicTensor output, int axis) => call.Flag("from_logits")
        ? Ops.LogSoftmax(output, axis)
        : Ops.Log(Ops.Clip(output / Ops.Sum(output, axis, keepdims: true), Epsilon, 1 - Epsilon));
}
