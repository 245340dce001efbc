using System.Collections.Frozen;
using OnnxFunctional.Layers;
using static OnnxFunctional.Serialization.FunctionRules;
using Rule = System.Func<OnnxFunctional.Serialization.FunctionArguments, OnnxFunctional.SymbolicTensors>;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' functions of its module image.</summary>
internal static class ImageFunctions
{
    public static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["CropImages"] = call => Framed(call, "_cropping", Ops.CropImages),
        ["ExtractPatches"] = ExtractPatches,
        ["HSVToRGB"] = call => ChannelsLast(call, Ops.HsvToRgb),
        ["PadImages"] = call => Framed(call, "_padding", Ops.PadImages),
        ["RGBToGrayscale"] = call => ChannelsLast(call, Ops.RgbToGrayscale),
        ["RGBToHSV"] = call => ChannelsLast(call, Ops.RgbToHsv),
        ["Resize"] = Resize,
    }.ToFrozenDictionary();

    /// <summary>A function of images with channels last, of images in the order that data_format names.</summary>
    private static SymbolicTensors ChannelsLast(FunctionArguments call, Func<SymbolicTensor, SymbolicTensor> function)
    {
        var x = call.Tensor(0, "images");
        return call.Choice("data_format", "channels_last", ("channels_last", false), ("channels_first", true))
            ? Ops.MoveAxis(function(Ops.MoveAxis(x, -3, -1)), -1, -3)
            : function(x);
    }

    private static SymbolicTensors Resize(FunctionArguments call)
    {
        call.Choice("fill_mode", "constant", ("constant", true));
        var interpolation = call.Choice(
            "interpolation",
            "bilinear",
            ("bilinear", Interpolation.Bilinear),
            ("nearest", Interpolation.Nearest),
            ("bicubic", Interpolation.Bicubic),
            ("lanczos3", Interpolation.Lanczos3),
            ("lanczos5", Interpolation.Lanczos5),
            ("area", Interpolation.Area));
        return ChannelsLast(call, x => Ops.Resize(
            x,
            IntValues.Create(call.Integers("size")),
            interpolation,
            call.Flag("antialias"),
            call.Flag("crop_to_aspect_ratio"),
            call.Flag("pad_to_aspect_ratio"),
            call.Number("fill_value", 0)));
    }

    /// <summary>Borders added or taken away.</summary>
    private static SymbolicTensors Framed(
        FunctionArguments call, string suffix, Func<SymbolicTensor, int?, int?, int?, int?, int?, int?, SymbolicTensor> function) =>
        ChannelsLast(call, x => function(
            x,
            OptionalInteger(call, "top" + suffix),
            OptionalInteger(call, "left" + suffix),
            OptionalInteger(call, "bottom" + suffix),
            OptionalInteger(call, "right" + suffix),
            OptionalInteger(call, "target_height"),
            OptionalInteger(call, "target_width")));

    private static SymbolicTensors ExtractPatches(FunctionArguments call)
    {
        var padding = call.Choice("padding", "valid", ("valid", Padding.Valid), ("same", Padding.Same));
        return ChannelsLast(call, x => Ops.ExtractPatches(x, Values("size"), Values("strides"), Values("dilation_rate"), padding));

        IntValues Values(string key) => call.Config(key) is { IsNull: false } value ? IntValues.Create(value.Integers(key)) : default;
    }
}
