using System.Collections.Frozen;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions of its module image.</summary>
internal static class ImageFunctions
{
    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["CropImages"] = call => Framed(call, crops: true),
        ["ExtractPatches"] = ExtractPatches,
        ["HSVToRGB"] = call => InChannels(call, HsvToRgb),
        ["PadImages"] = call => Framed(call, crops: false),
        ["RGBToGrayscale"] = call => InChannels(call, x => Ops.Sum(x * Ops.Constant([3], [0.2989f, 0.587f, 0.114f]), -1, keepdims: true)),
        ["RGBToHSV"] = call => InChannels(call, RgbToHsv),
        ["Resize"] = Resize,
    }.ToFrozenDictionary();

    private static bool IsChannelsFirst(FunctionArguments call) =>
        call.Choice("data_format", "channels_last", ("channels_last", false), ("channels_first", true));

    /// <summary>A function of the last axis of images, with or without a batch.</summary>
    private static SymbolicTensors InChannels(FunctionArguments call, Func<SymbolicTensor, SymbolicTensor> function)
    {
        var x = Ops.Floats(call.Tensor(0, "images"));
        return IsChannelsFirst(call) ? Ops.MoveAxis(function(Ops.MoveAxis(x, -3, -1)), -1, -3) : function(x);
    }

    /// <summary>A function of batches of images, channels last.</summary>
    private static SymbolicTensor InBatch(FunctionArguments call, Func<SymbolicTensor, SymbolicTensor> function)
    {
        var x = call.Tensor(0, "images");
        if (x.Rank is not (3 or 4)) throw new ModelException($"images have shape {x.Shape}; expected three axes, or four with a batch.");
        var images = IsChannelsFirst(call) ? Ops.MoveAxis(x, -3, -1) : x;
        var result = x.Rank == 3 ? Ops.Squeeze(function(Ops.ExpandDims(images, 0)), 0) : function(images);
        return IsChannelsFirst(call) ? Ops.MoveAxis(result, -1, -3) : result;
    }

    private static SymbolicTensors Resize(FunctionArguments call)
    {
        if (call.Flag("antialias")) throw new ModelException("antialias is not supported in this function; use the layer Resizing.");
        if (call.Choice("fill_mode", "constant", ("constant", false)) || call.Flag("crop_to_aspect_ratio") && call.Flag("pad_to_aspect_ratio"))
            throw new ModelException("crop_to_aspect_ratio and pad_to_aspect_ratio are both set; set one of them.");
        var (size, fill) = (call.Integers("size"), call.Number("fill_value", 0));
        var interpolation = call.Choice(
            "interpolation", "bilinear", ("bilinear", Interpolation.Bilinear), ("nearest", Interpolation.Nearest), ("bicubic", Interpolation.Bicubic));
        if (size.Length != 2) throw new ModelException($"size has {size.Length} numbers; expected two, height and width.");
        return InBatch(call, x =>
        {
            var (image, type) = (Ops.Floats(x), x.DType);
            if (call.Flag("crop_to_aspect_ratio")) image = Images.CroppedTo(image, size[0], size[1]);
            if (call.Flag("pad_to_aspect_ratio")) image = Images.PaddedTo(image, size[0], size[1], fill);
            return Ops.Cast(Images.Resized(image, size[0], size[1], interpolation), type);
        });
    }

    /// <summary>Borders added or taken away; of three numbers for an axis, two borders and the new size, one may be missing.</summary>
    private static SymbolicTensors Framed(FunctionArguments call, bool crops)
    {
        return InBatch(call, x =>
        {
            var (top, bottom) = Borders(x, 1, "top", "bottom", "target_height");
            var (left, right) = Borders(x, 2, "left", "right", "target_width");
            var sign = crops ? -1 : 1;
            return Ops.Make(new Pad([0, sign * top, sign * left, 0], [0, sign * bottom, sign * right, 0]), x);
        });

        (int Before, int After) Borders(SymbolicTensor x, int axis, string before, string after, string target)
        {
            var suffix = crops ? "_cropping" : "_padding";
            var (first, last, wanted) = (OptionalInteger(call, before + suffix), OptionalInteger(call, after + suffix), OptionalInteger(call, target));
            if (wanted is not { } size) return (first ?? 0, last ?? 0);
            var change = crops ? Ops.SizeOf(x, axis, "CropImages") - size : size - Ops.SizeOf(x, axis, "PadImages");
            return first is { } start ? (start, last ?? (change - start)) : last is { } end ? (change - end, end) : (change / 2, change - (change / 2));
        }
    }

    /// <summary>The elements of each window, side by side as channels.</summary>
    private static SymbolicTensors ExtractPatches(FunctionArguments call)
    {
        var size = call.Integers("size");
        int[] window = size.Length == 1 ? [size[0], size[0]] : size;
        var strides = call.Config("strides").IsNull ? window : call.Integers("strides");
        int[] step = strides.Length == 1 ? [strides[0], strides[0]] : strides;
        var dilation = call.Config("dilation_rate").IsNull ? [1] : call.Integers("dilation_rate");
        var padding = call.Choice("padding", "valid", ("valid", Padding.Valid), ("same", Padding.Same));
        return InBatch(call, x =>
        {
            var channels = Ops.SizeOf(x, 3, "ExtractPatches");
            var count = window[0] * window[1] * channels;
            var kernel = new float[window[0] * window[1] * channels * count];
            for (var i = 0; i < count; i++) kernel[(i * count) + i] = 1;
            var each = Ops.Constant(Shape.Of(window[0], window[1], channels, count), kernel);
            return Ops.Conv(Ops.Floats(x), each, IntValues.Create(step), padding, IntValues.Create(dilation));
        });
    }

    private static SymbolicTensor RgbToHsv(SymbolicTensor x)
    {
        var (red, green, blue) = (Part(x, 0), Part(x, 1), Part(x, 2));
        var (value, least) = (Ops.Max(x, -1, keepdims: true), Ops.Min(x, -1, keepdims: true));
        var range = value - least;
        var isGray = Ops.Equal(range, 0);
        var divisor = Ops.Where(isGray, 1, range);
        var sixth = Ops.Where(
            Ops.Equal(value, red),
            (green - blue) / divisor,
            Ops.Where(Ops.Equal(value, green), ((blue - red) / divisor) + 2, ((red - green) / divisor) + 4));
        var hue = Ops.Where(isGray, 0, Ops.Mod(sixth / 6, 1));
        return Ops.Concatenate([hue, Ops.DivideNoNan(range, value), value], -1);
    }

    /// <summary>Each color falls from the value along a trapezoid of the hue.</summary>
    private static SymbolicTensor HsvToRgb(SymbolicTensor x)
    {
        var (hue, saturation, value) = (Part(x, 0), Part(x, 1), Part(x, 2));
        return Ops.Concatenate([Color(5), Color(3), Color(1)], -1);

        SymbolicTensor Color(double shift)
        {
            var place = Ops.Mod((hue * 6) + shift, 6);
            return value - (value * saturation * Ops.Clip(Ops.Minimum(place, 4 - place), 0, 1));
        }
    }

    private static SymbolicTensor Part(SymbolicTensor x, int channel) => Ops.Slice(x, x.Rank - 1, channel, channel + 1);
}
