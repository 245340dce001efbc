using System.Collections;
using System.Globalization;
using System.Reflection;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>Random values of options, by type where the type says all, else by Keras' name of the option.</summary>
internal static class OptionValues
{
    /// <summary>An option that stays at its default.</summary>
    public static readonly object None = new();

    public static readonly IReadOnlyList<Activation> Activations = [.. typeof(Activation).GetProperties(BindingFlags.Public | BindingFlags.Static)
        .Where(property => property.PropertyType == typeof(Activation))
        .Select(property => (Activation)property.GetValue(null)!)];

    // By "Class.option", else by "option".
    private static readonly Dictionary<string, Func<OptionContext, object?>> s_rules = new()
    {
        ["units"] = at => at.Draw.Size(),
        ["filters"] = at => at.Draw.Size(),
        ["output_dim"] = at => at.Draw.Size(),
        ["key_dim"] = at => at.Draw.Size(),
        ["value_dim"] = at => at.Draw.Size(),
        ["head_dim"] = at => at.Draw.Size(),
        ["num_heads"] = at => at.Draw.Between(1, 3),
        ["num_key_value_heads"] = at => at.Draw.Between(1, 3),
        ["num_query_heads"] = at => at.Draw.Between(1, 6),
        ["lora_rank"] = at => at.Draw.Between(1, 3),
        ["lora_alpha"] = at => at.Draw.Between(0.5f, 4f),
        ["groups"] = at => at.Draw.Of(Divisors(at.Channels ?? 1)),
        ["GroupNormalization.groups"] = at => at.Draw.Of([-1, .. Divisors(at.Channels ?? 1)]),
        ["depth_multiplier"] = at => at.Draw.Between(1, 3),
        ["axis"] = at => at.Draw.Chance(0.5) ? at.KnownAxis() : at.KnownAxis() - at.Shape.Rank,
        ["n"] = at => at.Draw.Between(1, 4),
        ["num_tokens"] = at => at.Draw.Between(ModelDraw.Classes, 9),
        ["input_dim"] = at => at.Draw.Between(ModelDraw.Classes, 9),
        ["height"] = at => at.Draw.Between(1, 8),
        ["width"] = at => at.Draw.Between(1, 8),
        ["RandomCrop.height"] = at => at.Draw.Between(1, at.SpatialSize(0) ?? 3),
        ["RandomCrop.width"] = at => at.Draw.Between(1, at.SpatialSize(1) ?? 3),
        ["max_tokens"] = at => at.Draw.Between(9, 12),
        ["num_oov_indices"] = at => at.Draw.Between(1, 3),
        ["mask_token"] = at => 0L,
        ["oov_token"] = at => (long)at.Draw.Of(-1, 99),
        ["power_iterations"] = at => at.Draw.Between(1, 3),
        ["sliding_window"] = at => at.Draw.Between(1, 4),
        ["seed"] = at => at.Draw.Below(100),
        ["num_bins"] = at => None,

        ["rate"] = at => at.Draw.Of(0, 0.1f, 0.25f, 0.5f),
        ["dropout"] = at => at.Draw.Of(0, 0.1f, 0.25f, 0.5f),
        ["recurrent_dropout"] = at => at.Draw.Of(0, 0.1f, 0.25f, 0.5f),
        ["momentum"] = at => at.Draw.Between(0.5f, 0.99f),
        ["renorm_momentum"] = at => at.Draw.Between(0.5f, 0.99f),
        ["epsilon"] = at => at.Draw.Between(0.001f, 0.1f),
        ["Discretization.epsilon"] = at => None,
        ["alpha"] = at => at.Draw.Between(0.25f, 1.5f),
        ["negative_slope"] = at => at.Draw.Between(0f, 0.5f),
        ["threshold"] = at => at.Draw.Between(0f, 0.5f),
        ["max_value"] = at => at.Draw.Between(0.5f, 2f),
        ["min_value"] = at => at.Draw.Between(0.05f, 0.4f),
        ["mask_value"] = at => at.Draw.Of(0f, 1f, -0.5f),
        ["fill_value"] = at => at.Draw.Between(-1f, 1f),
        ["l1"] = at => at.Draw.Between(0f, 0.01f),
        ["l2"] = at => at.Draw.Between(0f, 0.01f),
        ["OrthogonalRegularizer.factor"] = at => at.Draw.Between(0f, 0.01f),
        ["stddev"] = at => at.Draw.Between(0.05f, 0.4f),
        ["mean"] = at => at.Draw.Between(-0.2f, 0.2f),
        ["gain"] = at => at.Draw.Between(0.25f, 1f),
        ["minval"] = at => at.Draw.Between(-0.4f, 0f),
        ["maxval"] = at => at.Draw.Between(0.05f, 0.4f),
        ["value"] = at => at.Draw.Between(-0.3f, 0.3f),
        ["VarianceScaling.scale"] = at => at.Draw.Between(0.25f, 2f),

        ["factor"] = at => at.Draw.Chance(0.5) ? (DoubleValues)at.Draw.Between(0.05f, 0.4f) : [at.Draw.Between(-0.4f, 0f), at.Draw.Between(0.05f, 0.4f)],
        ["RandomContrast.factor"] = at => at.Draw.Chance(0.5)
            ? (DoubleValues)at.Draw.Between(0.05f, 0.4f)
            : [at.Draw.Between(0.05f, 0.4f), at.Draw.Between(0.05f, 0.4f)],
        ["RandomSaturation.factor"] = at => at.Share(),
        ["RandomHue.factor"] = at => at.Share(),
        ["RandomGrayscale.factor"] = at => at.Draw.Between(0f, 1f),
        ["RandomErasing.factor"] = at => at.Share(),
        ["RandomErasing.scale"] = at => at.Share(),
        ["RandomErasing.fill_value"] = at => (DoubleValues)at.Draw.Between(-1f, 1f),
        ["CutMix.factor"] = at => at.Share(),
        ["RandomSharpness.factor"] = at => at.Share(),
        ["RandomGaussianBlur.factor"] = at => at.Share(),
        ["RandomGaussianBlur.kernel_size"] = at => at.Draw.Chance(0.5) ? (IntValues)3 : (IntValues)(at.Draw.Of(1, 3), at.Draw.Of(3, 5)),
        ["RandomGaussianBlur.sigma"] = at => (DoubleValues)([at.Draw.Between(0.25f, 0.5f), at.Draw.Between(0.5f, 1f)]),
        ["RandomPosterization.factor"] = at => (DoubleValues)at.Draw.Between(1, 8),
        ["RandomInvert.factor"] = at => at.Share(),
        ["RandomPerspective.factor"] = at => at.Share(),
        ["RandomPerspective.scale"] = at => at.Draw.Between(0f, 0.5f),
        ["RandomElasticTransform.factor"] = at => at.Share(),
        ["RandomElasticTransform.scale"] = at => at.Share(),
        ["RandAugment.factor"] = at => at.Share(),
        ["AugMix.factor"] = at => at.Share(),
        ["x_factor"] = at => at.Share(),
        ["y_factor"] = at => at.Share(),
        ["addition_factor"] = at => at.Share(),
        ["threshold_factor"] = at => at.Share(),
        ["brightness_factor"] = at => at.Rule("factor"),
        ["contrast_factor"] = at => at.Share(),
        ["saturation_factor"] = at => at.Share(),
        ["hue_factor"] = at => at.Share(),
        ["num_ops"] = at => at.Draw.Between(1, 2),
        ["num_chains"] = at => at.Draw.Between(1, 2),
        ["chain_depth"] = at => 1,
        ["bins"] = at => at.Draw.Between(2, 256),
        ["clip_limit"] = at => at.Draw.Between(0f, 6f),
        ["tile_grid_size"] = at => at.PerAxis(_ => at.Draw.Between(1, 3)),
        ["max_number"] = at => at.Draw.Between(1, 4),
        ["MaxNumBoundingBoxes.fill_value"] = at => at.Draw.Between(-1, 1),
        ["height_factor"] = at => at.Rule("factor"),
        ["width_factor"] = at => at.Rule("factor"),
        ["value_range"] = at => (DoubleValues)([-at.Draw.Between(3f, 9f), at.Draw.Between(3f, 9f)]),
        ["Rescaling.scale"] = at => at.PerChannel(0.25f, 1.5f),
        ["Rescaling.offset"] = at => at.PerChannel(-1f, 1f),
        ["Normalization.mean"] = at => at.Numbers(-0.5f, 0.5f),
        ["Normalization.variance"] = at => at.Numbers(0.25f, 2f),
        ["bin_boundaries"] = at => at.Draw.Of<IReadOnlyList<double>>([0], [-0.5, 0, 0.5], [-1, -0.25, 0.125, 0.75]),
        ["vocabulary"] = at => at.Draw.Of<IReadOnlyList<long>>([3, 1, 7], [2, 4], [1, 2, 3, 4], [3_000_000, 4, 2]),
        ["idf_weights"] = at => None,
        ["renorm_clipping"] = at => new Dictionary<string, double>
        {
            ["rmax"] = at.Draw.Between(1.5f, 3f),
            ["rmin"] = 0.3f,
            ["dmax"] = at.Draw.Between(0.5f, 2f),
        },

        ["fft_length"] = at => at.Draw.Of(8, 16),
        ["sequence_stride"] = at => at.Draw.Between(1, 5),
        ["sequence_length"] = at => at.Draw.Between(4, 8),
        ["MelSpectrogram.window"] = at => at.Draw.Of("hann", "hamming"),
        ["window"] = at => at.Draw.Of("hann", "hamming", "blackman", "bartlett", "cosine", "boxcar"),
        ["sampling_rate"] = at => at.Draw.Of(8000, 16000),
        ["num_mel_bins"] = at => at.Draw.Between(1, 6),
        ["min_freq"] = at => at.Draw.Between(0f, 100f),
        ["max_freq"] = at => at.Draw.Between(1000f, 4000f),
        ["top_db"] = at => at.Draw.Between(10f, 80f),
        ["mag_exp"] = at => at.Draw.Of(1f, 2f),
        ["min_power"] = at => at.Draw.Between(0.001f, 0.1f),
        ["ref_power"] = at => at.Draw.Between(0.5f, 2f),
        ["frame_length"] = at => at.Draw.Between(2, 6),
        ["frame_step"] = at => at.Draw.Between(1, 2),
        ["STFTSpectrogram.fft_length"] = at => at.Draw.Of(8, 9),

        ["init_values"] = at => at.Draw.Between(0.1f, 1f),
        ["projection_dim"] = at => at.Channels ?? 3,
        ["CustomScaleLayer.scale"] = at => at.Draw.Between(0.1f, 1f),
        ["ReversibleEmbedding.output_dim"] = at => at.Channels ?? at.Draw.Size(),
        ["logit_soft_cap"] = at => at.Draw.Between(0.5f, 4f),

        ["kernel_size"] = at => at.PerAxis(axis => at.Draw.Between(1, Math.Min(3, at.SpatialSize(axis) ?? 3))),
        ["pool_size"] = at => at.PerAxis(axis => at.Draw.Between(1, Math.Min(3, at.SpatialSize(axis) ?? 3))),
        ["strides"] = at => at.PerAxis(_ => at.Draw.Between(1, 3)),
        ["dilation_rate"] = at => at.PerAxis(_ => at.Draw.Between(1, 2)),
        ["size"] = at => at.PerAxis(_ => at.Draw.Between(1, 3)),
        ["output_size"] = at => at.PerAxis(axis => at.Draw.Between(1, Math.Min(4, at.SpatialSize(axis) ?? 4))),
        ["output_padding"] = at => at.PerAxis(_ => at.Draw.Between(0, 1)),
        ["edges"] = at => at.Edges(_ => at.Draw.Between(0, 2)),
        ["cropping"] = at => at.Edges(axis => at.Draw.Between(0, Math.Min(2, ((at.SpatialSize(axis) ?? 5) - 1) / 2))),
        ["target_shape"] = at => at.Factors(),
        ["dims"] = at => at.Permutation(),
        ["shared_axes"] = at => IntValues.Create(at.Axes().Select(axis => axis < 0 ? axis + at.Shape.Rank : axis).ToArray()),
        ["attention_axes"] = at => at.AttentionAxes(),
        ["output_shape"] = at => (IntValues)at.Draw.Size(),
        ["noise_shape"] = at => Shape.Of([Shape.Unknown, .. at.Shape.Dims[1..].ToArray().Select(dim => at.Draw.Chance(0.5) ? 1 : dim)]),
        ["input_axes"] = at => None,
        ["output_axes"] = at => None,
        ["axes"] = at => None,
        ["equation"] = at => "",
        ["bias_axes"] = at => "",
    };

    private static readonly Dictionary<string, Func<OptionContext, object?>> s_trainingRules = new()
    {
        ["learning_rate"] = at => at.Draw.Chance(0.6) ? (Schedule)at.Draw.Between(0.001f, 0.01f) : at.Schedule(),
        ["rho"] = at => at.Draw.Between(0.8f, 0.99f),
        ["beta1"] = at => at.Draw.Between(0.5f, 0.95f),
        ["beta2"] = at => at.Draw.Between(0.8f, 0.999f),
        ["Adadelta.epsilon"] = at => at.Draw.Between(1e-4f, 1e-2f),
        ["initial_accumulator_value"] = at => at.Draw.Between(0.05f, 0.3f),
        ["learning_rate_power"] = at => at.Draw.Between(-0.7f, -0.4f),
        ["l1_regularization_strength"] = at => at.Draw.Between(0f, 0.01f),
        ["l2_regularization_strength"] = at => at.Draw.Between(0f, 0.01f),
        ["l2_shrinkage_regularization_strength"] = at => at.Draw.Between(0f, 0.01f),
        ["beta"] = at => at.Draw.Between(0.1f, 0.9f),
        ["beta2_decay"] = at => at.Draw.Between(-0.9f, -0.5f),
        ["epsilon1"] = at => 1e-20f,
        ["epsilon2"] = at => at.Draw.Between(1e-3f, 1e-2f),
        ["clip_threshold"] = at => at.Draw.Between(0.5f, 2f),
        ["ns_steps"] = at => at.Draw.Between(3, 6),
        ["rms_rate"] = at => at.Draw.Between(0.1f, 0.3f),
        ["adam_lr_ratio"] = at => at.Draw.Between(0.5f, 1f),
        ["muon_a"] = at => 3.4445f,
        ["muon_b"] = at => -4.775f,
        ["muon_c"] = at => 2.0315f,
        ["adam_beta1"] = at => at.Draw.Between(0.5f, 0.95f),
        ["adam_beta2"] = at => at.Draw.Between(0.8f, 0.999f),
        ["adam_weight_decay"] = at => at.Draw.Between(0f, 0.01f),
        ["exclude_layers"] = at => at.Draw.Of<IReadOnlyList<string>>(["dense"], ["conv", "lstm"]),
        ["name"] = at => None,
        ["clipnorm"] = at => at.Draw.Between(0.1f, 2f),
        ["clipvalue"] = at => at.Draw.Between(0.05f, 1f),
        ["global_clipnorm"] = at => at.Draw.Between(0.1f, 2f),
        ["weight_decay"] = at => at.Draw.Between(0f, 0.01f),
        ["exclude_from_weight_decay"] = at => at.Draw.Of<IReadOnlyList<string>>(["bias"], ["kernel", "gamma"]),
        ["ema_momentum"] = at => at.Draw.Between(0.5f, 0.99f),
        ["ema_overwrite_frequency"] = at => at.Draw.Between(1, 2),
        ["gradient_accumulation_steps"] = at => at.Draw.Between(2, 3),

        ["initial_learning_rate"] = at => at.Draw.Between(0.001f, 0.01f),
        ["decay_steps"] = at => at.Draw.Between(1, 5),
        ["first_decay_steps"] = at => at.Draw.Between(1, 5),
        ["decay_rate"] = at => at.Draw.Between(0.5f, 0.95f),
        ["end_learning_rate"] = at => at.Draw.Between(1e-4f, 1e-3f),
        ["power"] = at => at.Draw.Between(0.5f, 2f),
        ["t_mul"] = at => at.Draw.Between(1f, 2f),
        ["m_mul"] = at => at.Draw.Between(0.5f, 1f),
        ["CosineDecay.alpha"] = at => at.Draw.Between(0f, 0.5f),
        ["CosineDecayRestarts.alpha"] = at => at.Draw.Between(0f, 0.5f),
        ["warmup_target"] = at => at.Draw.Between(0.01f, 0.02f),
        ["warmup_steps"] = at => at.Draw.Between(1, 3),
        ["boundaries"] = at => at.Draw.Of<IReadOnlyList<int>>([1], [1, 2]),
        ["values"] = at => None,
        ["then"] = at => at.Schedule(),

        ["label_smoothing"] = at => at.Draw.Between(0f, 0.2f),
        ["gamma"] = at => at.Draw.Between(0.5f, 2f),
        ["BinaryFocalCrossentropy.alpha"] = at => at.Draw.Between(0.1f, 0.9f),
        ["CategoricalFocalCrossentropy.alpha"] = at => at.Draw.Between(0.1f, 0.9f),
        ["Tversky.alpha"] = at => at.Draw.Between(0.1f, 0.9f),
        ["q"] = at => at.Draw.Between(0.2f, 0.9f),
        ["delta"] = at => at.Draw.Between(0.5f, 2f),
        ["margin"] = at => at.Draw.Between(0.2f, 0.5f),
        ["ignore_class"] = at => at.Draw.Of(0, 1),
        ["BinaryCrossentropy.axis"] = at => at.LossAxis(),
        ["BinaryFocalCrossentropy.axis"] = at => at.LossAxis(),
        ["CategoricalCrossentropy.axis"] = at => -1,
        ["CategoricalFocalCrossentropy.axis"] = at => -1,
        ["SparseCategoricalCrossentropy.axis"] = at => -1,
        ["CosineSimilarity.axis"] = at => at.LossAxis(),
        ["Dice.axis"] = at => at.Shape.Rank > 1 ? at.Draw.Some<int>([.. Enumerable.Range(1, at.Shape.Rank - 1)]) : None,
        ["Tversky.axis"] = at => at.Shape.Rank > 1 ? at.Draw.Some<int>([.. Enumerable.Range(1, at.Shape.Rank - 1)]) : None,
    };

    /// <summary>A value for the option, <see cref="None"/> where the default must stay; the text is how a description shows it.</summary>
    /// <exception cref="AssertFailedException">There is no rule for the option yet.</exception>
    public static (object? Value, string Text) Of(OptionContext at, Type type)
    {
        var kind = Nullable.GetUnderlyingType(type) ?? type;
        if (kind == typeof(bool)) return Plain(at.Draw.Chance(0.5));
        if (kind == typeof(Activation)) return Plain(at.Draw.Of(Activations));
        if (typeof(Initializer).IsAssignableFrom(kind) || typeof(Regularizer).IsAssignableFrom(kind) || typeof(Constraint).IsAssignableFrom(kind))
            return at.Made(kind);
        if (typeof(LayerBase).IsAssignableFrom(kind) || kind == typeof(IReadOnlyList<RecurrentCell>) || kind == typeof(IReadOnlyList<Layer>))
            return at.Layers(kind);
        if (kind.IsEnum) return Plain(at.Draw.Of<object>([.. Enum.GetValues(kind)]));
        if (kind == typeof(EdgeWidths) && at.Option == "padding") return Plain(at.Rule("edges"));

        if (kind == typeof(Axes)) return Plain(at.Class is "MaxNorm" or "MinMaxNorm" or "UnitNorm" ? (Axes)0 : Axes.Create(at.Axes().ToArray()));
        var drawn = at.Rule(at.Option);

        return Plain(drawn switch
        {
            float number when kind == typeof(double) => AsWritten(number),
            IEnumerable<float> numbers when kind == typeof(IReadOnlyList<double>) => numbers.Select(AsWritten).ToArray(),
            _ => drawn,
        });

        // With the digits of the float, as one would write it.
        static double AsWritten(float number) => double.Parse(Text(number), CultureInfo.InvariantCulture);
    }

    /// <summary>A share, or two as bounds.</summary>
    private static DoubleValues Share(this OptionContext at) =>
        at.Draw.Chance(0.5) ? at.Draw.Between(0.05f, 0.4f) : [at.Draw.Between(0.05f, 0.4f), at.Draw.Between(0.4f, 0.9f)];

    public static object? Rule(this OptionContext at, string option) =>
        s_rules.TryGetValue($"{at.Class}.{option}", out var rule) || s_trainingRules.TryGetValue($"{at.Class}.{option}", out rule)
            || s_rules.TryGetValue(option, out rule) || s_trainingRules.TryGetValue(option, out rule)
            ? rule(at)
            : throw new AssertFailedException($"OptionValues has no rule for the option '{option}' of {at.Class}. Add one, so that random models reach it.");

    public static string Text(object? value) => value switch
    {
        null => "null",
        Schedule { IsConstant: true } schedule => Text(schedule.InitialLearningRate),
        Schedule => value.GetType().Name,
        float number => number.ToString(CultureInfo.InvariantCulture),
        IDictionary map => "{" + string.Join(", ", map.Keys.Cast<object>().Select(key => key + ": " + Text(map[key]))) + "}",
        string or Activation or Shape or IntValues or DoubleValues or EdgeWidths => value.ToString()!,
        Axes axes => "[" + string.Join(", ", axes) + "]",
        IEnumerable list => "[" + string.Join(", ", list.Cast<object>().Select(Text)) + "]",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static (object? Value, string Text) Plain(object? value) => (value, Text(value));

    private static int[] Divisors(int number) => [.. Enumerable.Range(1, number).Where(divisor => number % divisor == 0)];
}
