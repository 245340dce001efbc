using System.Collections.Frozen;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>How channels-first images (batch, channels, height, width) are given to an interpolating Resize.</summary>
internal enum ImageForm
{
    /// <summary>As they are.</summary>
    Whole,

    /// <summary>(batch x channels, 1, height, width).</summary>
    ChannelsAsImages,

    /// <summary>(1, batch, height, width), of images of one channel.</summary>
    ImagesAsChannels,

    /// <summary>(height, width), of a single image of one channel.</summary>
    OneImage,
}

/// <summary>
/// Keeps ONNX Runtime's transpose optimizer away from an interpolating Resize: it moves a Transpose in front of a Resize behind it, which gives a layout
/// that the Resize refuses when the Transpose is the product of several. No Transpose passes a Reshape that merges axes, which itself copies nothing.
/// </summary>
internal static class ImageForms
{
    // Operators that the optimizer moves no Transpose past.
    private static readonly FrozenSet<string> s_fixed =
        FrozenSet.Create(StringComparer.Ordinal, "Conv", "ConvTranspose", "AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool", "Gemm");

    /// <summary>The form of a value; as it is if no Transpose, or only that of an input of the graph, may be moved to the Resize.</summary>
    public static ImageForm Of(Emission emission, Value x, Layout channelsFirst)
    {
        if (x.Spec.Shape.Rank != 4 || emission.IsStatic(x) || emission.Source.Inputs.Contains(x)) return ImageForm.Whole;
        if (emission.Places(x).FirstOrDefault(place => place.Layout == channelsFirst) is { } stored && !IsBehindTranspose(emission, stored.Name))
            return ImageForm.Whole;
        return (x.Spec.Shape.Dims[0], x.Spec.Shape.Dims[3]) switch
        {
            (1, 1) => ImageForm.OneImage,
            (_, 1) => ImageForm.ImagesAsChannels,
            _ => ImageForm.ChannelsAsImages,
        };
    }

    /// <summary>The value in its form.</summary>
    public static string Write(Emission emission, ImageForm form, Value x, Layout channelsFirst)
    {
        var (source, height, width) = (emission.Read(x, channelsFirst), x.Spec.Shape.Dims[1], x.Spec.Shape.Dims[2]);
        return form switch
        {
            ImageForm.ChannelsAsImages => Reshape([-1, 1, 0, 0], [Shape.Unknown, 1, height, width]),
            ImageForm.ImagesAsChannels => Reshape([1, -1, 0, 0], [1, Shape.Unknown, height, width]),
            ImageForm.OneImage => emission.Add("Squeeze", x.Spec with { Shape = Shape.Of(height, width) }, [source, emission.Constant("axes", 0, 1)]),
            _ => source,
        };

        string Reshape(int[] target, int[] result) =>
            emission.Add("Reshape", x.Spec with { Shape = Shape.Of(result) }, [source, emission.Constant("shape", target)]);
    }

    /// <summary>The size of one of the first two axes of a written form, which the Resize keeps.</summary>
    public static string Kept(Emission emission, string source, int position)
    {
        var shape = emission.Once(source, "shape", () => emission.Add("Shape", new TensorSpec(Shape.Of(4), DType.Int64), [source]));
        return emission.Add("Gather", new TensorSpec(Shape.Of(1), DType.Int64), [shape, emission.Constant("axes", position)], Attributes.Int("axis", 0));
    }

    /// <summary>The resized images in the form they had.</summary>
    public static void Result(Emission emission, ImageForm form, Value x, Value result, string resized)
    {
        var layout = Layout.ChannelsFirst(4);
        if (form == ImageForm.OneImage)
        {
            emission.Result(result, layout, "Unsqueeze", [resized, emission.Constant("axes", 0, 1)]);
            return;
        }

        var (batch, channels) = (result.Spec.Shape.Dims[0], result.Spec.Shape.Dims[3]);
        var target = (batch, channels) is (Shape.Unknown, Shape.Unknown)
            ? emission.Add(
                "Concat",
                new TensorSpec(Shape.Of(4), DType.Int64),
                [DynamicShapes.Dims(emission, x, [0, 3]), emission.Constant("shape", 0, 0)],
                Attributes.Int("axis", 0))
            : emission.Constant("shape", Open(batch), Open(channels), 0, 0);
        emission.Result(result, layout, "Reshape", [resized, target]);

        static int Open(int dim) => dim == Shape.Unknown ? -1 : dim;
    }

    private static bool IsBehindTranspose(Emission emission, string tensor)
    {
        var producers = new Dictionary<string, NodeProto>(StringComparer.Ordinal);
        foreach (var node in emission.Graph.Proto.Node)
        {
            foreach (var output in node.Output) producers[output] = node;
        }

        var (open, seen) = (new Stack<string>([tensor]), new HashSet<string>(StringComparer.Ordinal));
        while (open.TryPop(out var next))
        {
            if (!seen.Add(next) || !producers.TryGetValue(next, out var node) || s_fixed.Contains(node.OpType)) continue;
            if (node.OpType == "Transpose") return true;
            foreach (var input in node.Input) open.Push(input);
        }

        return false;
    }
}
