using OnnxFunctional.Layers;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>What options of one layer require of each other, and of the shape the layer is called on.</summary>
internal static class OptionRules
{
    /// <summary>The options to change, or to remove with <see cref="OptionValues.None"/>, so that the layer accepts all together.</summary>
    public static IEnumerable<(string Key, object? Value)> Changes(
        KerasType type,
        IReadOnlyDictionary<string, object?> options,
        Shape shape,
        Draw draw,
        bool fixedBatch)
    {
        var none = OptionValues.None;
        var strides = options.GetValueOrDefault("strides") as IntValues?;
        if (options.GetValueOrDefault("kernel_constraint") is not null || options.GetValueOrDefault("embeddings_constraint") is not null)
            yield return ("lora_rank", none);
        if (strides?.Any(stride => stride > 1) == true && options.GetValueOrDefault("dilation_rate") is IntValues) yield return ("dilation_rate", none);
        if (options.ContainsKey("output_padding"))
        {
            if (strides is { Count: > 0 } given && given.All(stride => stride > 1)) yield return ("dilation_rate", none);
            else yield return ("output_padding", none);
        }

        if (type.Find("groups") is not null && type.Find("filters") is not null && options.TryGetValue("groups", out var groups))
            yield return ("filters", (int)options["filters"]! * (int)groups!);
        if (options.ContainsKey("stateful") && !fixedBatch) yield return ("stateful", none);
        // Only one-dimensional convolutions have a time axis.
        if (options.GetValueOrDefault("padding") is Padding.Causal && type.Name is not ("Conv1D" or "DepthwiseConv1D" or "SeparableConv1D"))
            yield return ("padding", Padding.Same);
        foreach (var change in OfTraining(type, options)) yield return change;
        switch (type.Name)
        {
            case "GroupQueryAttention":
                yield return ("num_query_heads", draw.Between(1, 3) * (int)options["num_key_value_heads"]!);
                break;
            case "RandomRotation" or "RandomTranslation" or "RandomZoom" or "RandomShear" or "RandomPerspective" or "RandomElasticTransform" or "RandAugment"
                or "AugMix" when options.GetValueOrDefault("interpolation") is Interpolation and not (Interpolation.Nearest or Interpolation.Bilinear):
                yield return ("interpolation", Interpolation.Nearest);
                break;
            case "UpSampling2D" when options.GetValueOrDefault("interpolation") is Interpolation.Area:
                yield return ("interpolation", Interpolation.Bicubic);
                break;
            case "MultiHeadAttention" or "GroupQueryAttention" when shape.Rank > 3:
                // A window reaches along one axis.
                yield return ("sliding_window", none);
                break;
            case "Resizing" when options.ContainsKey("crop_to_aspect_ratio"):
                yield return ("pad_to_aspect_ratio", none);
                break;
            case "BatchNormalization" when !options.ContainsKey("renorm"):
                yield return ("renorm_clipping", none);
                break;
            case "Normalization" when options.ContainsKey("mean") || options.ContainsKey("variance"):
                if (options.ContainsKey("mean") && options.ContainsKey("variance") && shape[^1] is not null)
                {
                    yield return ("axis", none);
                    break;
                }

                yield return ("mean", none);
                yield return ("variance", none);
                break;
            case "IntegerLookup":
                foreach (var change in OfLookup(options)) yield return change;
                break;
            case "CategoryEncoding" when options.GetValueOrDefault("output_mode") is EncodingMode.Int or EncodingMode.TfIdf:
            case "Discretization" when options.GetValueOrDefault("output_mode") is EncodingMode.TfIdf:
                yield return ("output_mode", none);
                break;
            case "EinsumDense":
                foreach (var change in OfEinsum(shape, draw, options.ContainsKey("bias_axes"))) yield return change;
                break;
            case "Bidirectional" when options.GetValueOrDefault("backward_layer") is RecurrentLayer backward:
                // Both directions return the same kind of output and keep their states alike, in opposite orders.
                var forward = (RecurrentLayer)options["layer"]!;
                if (forward.ReturnSequences != backward.ReturnSequences || forward.ReturnState != backward.ReturnState
                    || forward.Stateful != backward.Stateful || forward.GoBackwards == backward.GoBackwards || forward.GetType() != backward.GetType())
                    yield return ("backward_layer", none);
                break;
        }
    }

    /// <summary>Options of losses, optimizers and schedules.</summary>
    private static IEnumerable<(string Key, object? Value)> OfTraining(KerasType type, IReadOnlyDictionary<string, object?> options)
    {
        // A trainer needs one value.
        if (options.GetValueOrDefault("reduction") is LossReduction.None) yield return ("reduction", LossReduction.Sum);
        foreach (var clip in new[] { "clipnorm", "clipvalue", "global_clipnorm" }.Where(options.ContainsKey).Skip(1)) yield return (clip, OptionValues.None);
        if (!options.ContainsKey("use_ema") && options.ContainsKey("ema_overwrite_frequency")) yield return ("ema_overwrite_frequency", OptionValues.None);
        if (options.ContainsKey("warmup_target") != options.ContainsKey("warmup_steps") && type.Name == "CosineDecay")
        {
            yield return ("warmup_target", OptionValues.None);
            yield return ("warmup_steps", OptionValues.None);
        }

        if (type.Name == "PiecewiseConstantDecay")
            yield return ("values", Enumerable.Range(1, ((IReadOnlyList<int>)options["boundaries"]!).Count + 1).Select(i => 0.01 / i).ToArray());
    }

    private static IEnumerable<(string Key, object? Value)> OfLookup(IReadOnlyDictionary<string, object?> options)
    {
        var invert = options.GetValueOrDefault("invert") is true;
        if (invert) yield return ("output_mode", OptionValues.None);
        if (!options.ContainsKey("max_tokens")) yield return ("pad_to_max_tokens", OptionValues.None);
        if (!invert && options.GetValueOrDefault("output_mode") is EncodingMode.TfIdf)
        {
            var tokens = ((IReadOnlyList<long>)options["vocabulary"]!).Count;
            yield return ("idf_weights", Enumerable.Range(1, tokens).Select(i => 0.25 * i).ToArray());
        }
    }

    private static IEnumerable<(string Key, object? Value)> OfEinsum(Shape shape, Draw draw, bool bias)
    {
        var (k, m) = (draw.Size(), draw.Between(1, 3));
        var (equation, output, axes) = (shape.Rank, draw.Below(3)) switch
        {
            (2, 0) => ("ab,bc->ac", Shape.Of(k), "c"),
            (2, _) => ("ab,bcd->acd", Shape.Of(k, m), "cd"),
            (3, 0) => ("abc,cd->abd", Shape.Of(Shape.Unknown, k), "d"),
            (3, 1) => ("abc,cde->abde", Shape.Of(Shape.Unknown, k, m), "e"),
            (4, 0) => ("abcd,cde->abe", Shape.Of(Shape.Unknown, k), "e"),
            (4, 1) => ("abcd,bde->ace", Shape.Of(Shape.Unknown, k), "ce"),
            _ => ("...x,xy->...y", Shape.Of(k), "y"),
        };
        yield return ("equation", equation);
        yield return ("output_shape", output);
        yield return ("bias_axes", bias ? axes : OptionValues.None);
    }
}
