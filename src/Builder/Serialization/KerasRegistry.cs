using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using OnnxFunctional.Constraints;
using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;
using OnnxFunctional.Regularizers;

namespace OnnxFunctional.Serialization;

/// <summary>The built-in classes a file may name, one row per class. Apart from <see cref="CustomObjects"/>, nothing else is created from a file.</summary>
internal static class KerasRegistry
{
    // How Keras runs the loop over time; the results are the same.
    private static readonly FixedKey[] RecurrentKeys =
    [
        Ignored("use_cudnn", "\"auto\"") with { Written = false },
        Ignored("implementation", "2") with { Written = false },
    ];

    public static FrozenDictionary<string, KerasType> Layers { get; } = ByName(
        Layer<ActivationLayer>("Activation", notesShape: false),
        Layer<ActivityRegularization>("ActivityRegularization", notesShape: false),
        Layer<AdaptiveAveragePooling1D>("AdaptiveAveragePooling1D", notesShape: false),
        Layer<AdaptiveAveragePooling2D>("AdaptiveAveragePooling2D", notesShape: false),
        Layer<AdaptiveAveragePooling3D>("AdaptiveAveragePooling3D", notesShape: false),
        Layer<AdaptiveMaxPooling1D>("AdaptiveMaxPooling1D", notesShape: false),
        Layer<AdaptiveMaxPooling2D>("AdaptiveMaxPooling2D", notesShape: false),
        Layer<AdaptiveMaxPooling3D>("AdaptiveMaxPooling3D", notesShape: false),
        Layer<Add>("Add", CallForm.List),
        Layer<AdditiveAttention>("AdditiveAttention", CallForm.List),
        Layer<AlphaDropout>("AlphaDropout", notesShape: false),
        Layer<Attention>("Attention", CallForm.List),
        Layer<AugMix>("AugMix", notesShape: false),
        Layer<AutoContrast>("AutoContrast", notesShape: false),
        Layer<Average>("Average", CallForm.List),
        Layer<AveragePooling1D>("AveragePooling1D", notesShape: false),
        Layer<AveragePooling2D>("AveragePooling2D", notesShape: false),
        Layer<AveragePooling3D>("AveragePooling3D", notesShape: false),
        Layer<BatchNormalization>("BatchNormalization", mask: true),
        Layer<Bidirectional>("Bidirectional", CallForm.Recurrent, mask: true),
        Layer<CategoryEncoding>("CategoryEncoding", notesShape: false, keys: [Ignored("sparse", "false")]),
        Layer<CenterCrop>("CenterCrop", notesShape: false),
        Layer<Concatenate>("Concatenate", CallForm.List),
        Layer<ContrastLimitedAdaptiveHistogramEqualization>("ContrastLimitedAdaptiveHistogramEqualization", notesShape: false),
        Layer<Conv1D>("Conv1D", omitted: [.. KerasType.LoraKeys]),
        Layer<Conv1DTranspose>("Conv1DTranspose"),
        Layer<Conv2D>("Conv2D", omitted: [.. KerasType.LoraKeys]),
        Layer<Conv2DTranspose>("Conv2DTranspose"),
        Layer<Conv3D>("Conv3D", omitted: [.. KerasType.LoraKeys]),
        Layer<Conv3DTranspose>("Conv3DTranspose"),
        Layer<ConvLstm1D>("ConvLSTM1D", CallForm.Recurrent, mask: true),
        Layer<ConvLstm2D>("ConvLSTM2D", CallForm.Recurrent, mask: true),
        Layer<ConvLstm3D>("ConvLSTM3D", CallForm.Recurrent, mask: true),
        Layer<Cropping1D>("Cropping1D", omitted: ["data_format"]),
        Layer<Cropping2D>("Cropping2D"),
        Layer<Cropping3D>("Cropping3D"),
        Row<CustomScaleLayer>("CustomScaleLayer", "keras.src.applications.inception_resnet_v2", CallForm.List, notesShape: true),
        Layer<CutMix>("CutMix", notesShape: false),
        Layer<Dense>("Dense", omitted: ["activity_regularizer", .. KerasType.LoraKeys], keys: [Ignored("quantization_config", "null")]),
        Layer<DepthwiseConv1D>("DepthwiseConv1D"),
        Layer<DepthwiseConv2D>("DepthwiseConv2D"),
        Layer<Discretization>("Discretization", notesShape: false, omitted: ["trainable"], keys: [Ignored("sparse", "false")]),
        Layer<Dot>("Dot", CallForm.List, single: ["axes"]),
        Layer<Dropout>("Dropout", notesShape: false),
        Layer<EinsumDense>("EinsumDense", omitted: [.. KerasType.LoraKeys], keys: [Ignored("quantization_config", "null")]),
        Layer<Elu>("ELU", notesShape: false),
        Layer<Embedding>("Embedding", omitted: [.. KerasType.LoraKeys], keys: [Ignored("quantization_config", "null")]),
        Layer<Equalization>("Equalization", notesShape: false),
        Layer<Flatten>("Flatten"),
        Layer<GaussianDropout>("GaussianDropout", notesShape: false),
        Layer<GaussianNoise>("GaussianNoise", notesShape: false),
        Layer<GlobalAveragePooling1D>("GlobalAveragePooling1D", mask: true, notesShape: false),
        Layer<GlobalAveragePooling2D>("GlobalAveragePooling2D", notesShape: false),
        Layer<GlobalAveragePooling3D>("GlobalAveragePooling3D", notesShape: false),
        Layer<GlobalMaxPooling1D>("GlobalMaxPooling1D", notesShape: false),
        Layer<GlobalMaxPooling2D>("GlobalMaxPooling2D", notesShape: false),
        Layer<GlobalMaxPooling3D>("GlobalMaxPooling3D", notesShape: false),
        Layer<GroupNormalization>("GroupNormalization"),
        Layer<GroupQueryAttention>("GroupQueryAttention"),
        Layer<Gru>("GRU", CallForm.Recurrent, mask: true, keys: RecurrentKeys),
        Layer<GruCell>("GRUCell", notesShape: false, keys: [Ignored("implementation", "2") with { Written = false }]),
        Layer<HashedCrossing>("HashedCrossing", CallForm.List, notesShape: false, omitted: ["trainable"], keys: [Ignored("sparse", "false")]),
        Layer<Hashing>("Hashing", notesShape: false, keys: [Ignored("sparse", "false")], single: ["salt"]),
        Layer<Layers.Identity>("Identity", notesShape: false),
        Layer<IntegerLookup>("IntegerLookup", notesShape: false, keys: [
            Ignored("sparse", "false"),
            Fixed("oov_method", "\"floormod\""),
            Fixed("salt", "null"),
            Ignored("vocabulary_dtype", "\"int64\""),
            Ignored("vocabulary_size", "null") with { Written = false }]),
        Layer<LayerNormalization>("LayerNormalization"),
        Row<LayerScale>("LayerScale", "keras.src.applications.convnext", notesShape: true),
        Layer<LeakyRelu>("LeakyReLU", notesShape: false),
        Layer<Lstm>("LSTM", CallForm.Recurrent, mask: true, keys: RecurrentKeys),
        Layer<LstmCell>("LSTMCell", notesShape: false, keys: [Ignored("implementation", "2") with { Written = false }]),
        Layer<Masking>("Masking", notesShape: false),
        Layer<Maximum>("Maximum", CallForm.List),
        Layer<MaxNumBoundingBoxes>("MaxNumBoundingBoxes", notesShape: false),
        Layer<MaxPooling1D>("MaxPooling1D", notesShape: false),
        Layer<MaxPooling2D>("MaxPooling2D", notesShape: false),
        Layer<MaxPooling3D>("MaxPooling3D", notesShape: false),
        Layer<MelSpectrogram>("MelSpectrogram", notesShape: false),
        Layer<Minimum>("Minimum", CallForm.List),
        Layer<MixUp>("MixUp", notesShape: false),
        Layer<MultiHeadAttention>("MultiHeadAttention"),
        Layer<Multiply>("Multiply", CallForm.List),
        Layer<Normalization>("Normalization"),
        Layer<Permute>("Permute"),
        Layer<Pipeline>("Pipeline", notesShape: false, omitted: ["trainable", "dtype"]),
        Layer<PRelu>("PReLU"),
        Layer<RandAugment>("RandAugment", notesShape: false),
        Layer<RandomBrightness>("RandomBrightness", notesShape: false),
        Layer<RandomColorDegeneration>("RandomColorDegeneration", notesShape: false),
        Layer<RandomColorJitter>("RandomColorJitter", notesShape: false),
        Layer<RandomContrast>("RandomContrast", notesShape: false),
        Layer<RandomCrop>("RandomCrop", notesShape: false),
        Layer<RandomElasticTransform>("RandomElasticTransform", notesShape: false),
        Layer<RandomErasing>("RandomErasing", notesShape: false),
        Layer<RandomFlip>("RandomFlip", notesShape: false),
        Layer<RandomGaussianBlur>("RandomGaussianBlur", notesShape: false),
        Layer<RandomGrayscale>("RandomGrayscale", notesShape: false, omitted: ["seed"]),
        Layer<RandomHue>("RandomHue", notesShape: false),
        Layer<RandomInvert>("RandomInvert", notesShape: false),
        Layer<RandomPerspective>("RandomPerspective", notesShape: false),
        Layer<RandomPosterization>("RandomPosterization", notesShape: false),
        Layer<RandomRotation>("RandomRotation", notesShape: false),
        Layer<RandomSaturation>("RandomSaturation", notesShape: false),
        Layer<RandomSharpness>("RandomSharpness", notesShape: false),
        Layer<RandomShear>("RandomShear", notesShape: false),
        Layer<RandomTranslation>("RandomTranslation", notesShape: false),
        Layer<RandomZoom>("RandomZoom", notesShape: false),
        Layer<Relu>("ReLU", notesShape: false),
        Layer<RepeatVector>("RepeatVector"),
        Layer<Rescaling>("Rescaling"),
        Layer<Reshape>("Reshape", notesShape: false),
        Layer<Resizing>("Resizing", notesShape: false, keys: [Fixed("fill_mode", "\"constant\"")]),
        Layer<ReversibleEmbedding>("ReversibleEmbedding", omitted: [.. KerasType.LoraKeys], keys: [
            Ignored("quantization_config", "null"),
            Ignored("reverse_dtype", "null")]),
        Layer<RmsNormalization>("RMSNormalization"),
        Layer<Rnn>("RNN", CallForm.Recurrent, mask: true),
        Layer<SeparableConv1D>("SeparableConv1D"),
        Layer<SeparableConv2D>("SeparableConv2D"),
        Layer<SimpleRnn>("SimpleRNN", CallForm.Recurrent, mask: true, omitted: ["seed"], keys: RecurrentKeys),
        Layer<SimpleRnnCell>("SimpleRNNCell", notesShape: false),
        Layer<Softmax>("Softmax", mask: true, notesShape: false, single: ["axis"]),
        Layer<Solarization>("Solarization", notesShape: false),
        Layer<SpatialDropout1D>("SpatialDropout1D", notesShape: false, omitted: ["trainable", "data_format"]),
        Layer<SpatialDropout2D>("SpatialDropout2D", notesShape: false, omitted: ["trainable"]),
        Layer<SpatialDropout3D>("SpatialDropout3D", notesShape: false, omitted: ["trainable"]),
        Layer<SpectralNormalization>("SpectralNormalization"),
        Layer<StackedRnnCells>("StackedRNNCells", notesShape: false),
        Layer<StftSpectrogram>("STFTSpectrogram"),
        Layer<StringLookup>("StringLookup", notesShape: false, keys: [
            Ignored("sparse", "false"),
            Ignored("encoding", "\"utf-8\""),
            Fixed("salt", "null") with { Written = false },
            Ignored("vocabulary_size", "null") with { Written = false }]),
        Layer<Subtract>("Subtract", CallForm.List),
        Layer<TernaryDense>("TernaryDense"),
        Layer<TextVectorization>("TextVectorization", notesShape: false, single: ["ngrams"], keys: [
            Ignored("sparse", "false"),
            Fixed("ragged", "false"),
            Ignored("encoding", "\"utf-8\""),
            Ignored("vocabulary_size", "null") with { Written = false }]),
        Layer<TimeDistributed>("TimeDistributed", mask: true),
        Layer<UnitNormalization>("UnitNormalization", notesShape: false, single: ["axis"]),
        Layer<UpSampling1D>("UpSampling1D", single: ["size"], omitted: ["data_format"]),
        Layer<UpSampling2D>("UpSampling2D"),
        Layer<UpSampling3D>("UpSampling3D"),
        Layer<ZeroPadding1D>("ZeroPadding1D"),
        Layer<ZeroPadding2D>("ZeroPadding2D"),
        Layer<ZeroPadding3D>("ZeroPadding3D"));

    public static FrozenDictionary<string, KerasType> Initializers { get; } = ByName(
        Initializer<Zeros>("Zeros", ["zero"]),
        Initializer<Ones>("Ones", ["one"]),
        Initializer<Constant>("Constant"),
        Initializer<IdentityInitializer>("Identity", ["IdentityInitializer"]),
        Initializer<RandomUniform>("RandomUniform", ["uniform"]),
        Initializer<RandomNormal>("RandomNormal", ["normal"]),
        Initializer<Stft>("STFT", ["STFTInitializer"]),
        Initializer<TruncatedNormal>("TruncatedNormal"),
        Initializer<Orthogonal>("Orthogonal", ["OrthogonalInitializer"]),
        Initializer<VarianceScaling>("VarianceScaling"),
        Initializer<GlorotUniform>("GlorotUniform"),
        Initializer<GlorotNormal>("GlorotNormal"),
        Initializer<HeUniform>("HeUniform"),
        Initializer<HeNormal>("HeNormal"),
        Initializer<LecunUniform>("LecunUniform"),
        Initializer<LecunNormal>("LecunNormal"));

    public static FrozenDictionary<string, KerasType> Regularizers { get; } = ByName(
        Row<L1>("L1", "keras.regularizers"),
        Row<L2>("L2", "keras.regularizers"),
        Row<L1L2>("L1L2", "keras.regularizers"),
        Row<OrthogonalRegularizer>("OrthogonalRegularizer", "keras.regularizers"));

    public static FrozenDictionary<string, KerasType> Constraints { get; } = ByName(
        Row<MaxNorm>("MaxNorm", "keras.constraints", single: ["axis"]),
        Row<MinMaxNorm>("MinMaxNorm", "keras.constraints", single: ["axis"]),
        Row<NonNeg>("NonNeg", "keras.constraints"),
        Row<UnitNorm>("UnitNorm", "keras.constraints", single: ["axis"]));

    /// <summary>The row of each built-in class.</summary>
    public static FrozenDictionary<Type, KerasType> ByType { get; } =
        new[] { Layers, Initializers, Regularizers, Constraints }.SelectMany(table => table.Values).Distinct().ToFrozenDictionary(type => type.Type);

    public static FrozenDictionary<string, KerasType> Table(KerasKind kind) => kind switch
    {
        KerasKind.Layer => Layers,
        KerasKind.Initializer => Initializers,
        KerasKind.Regularizer => Regularizers,
        _ => Constraints,
    };

    /// <summary>A key of a feature that is not supported; other values are rejected.</summary>
    private static FixedKey Fixed(string key, string value) => new(key, value, false);

    /// <summary>A key that has no effect here.</summary>
    private static FixedKey Ignored(string key, string value) => new(key, value, true);

    private static KerasType Layer<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(
        string name,
        CallForm form = CallForm.Separate,
        bool mask = false,
        bool notesShape = true,
        string[]? omitted = null,
        FixedKey[]? keys = null,
        string[]? single = null)
        where T : LayerBase =>
        Row<T>(name, "keras.layers", form, mask, notesShape, omitted, keys, single: single);

    private static KerasType Initializer<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(
        string name,
        string[]? aliases = null,
        FixedKey[]? keys = null)
        where T : Initializer =>
        Row<T>(name, "keras.initializers", keys: keys, aliases: aliases);

    private static KerasType Row<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(
        string name,
        string module,
        CallForm form = CallForm.Separate,
        bool mask = false,
        bool notesShape = false,
        string[]? omitted = null,
        FixedKey[]? keys = null,
        string[]? aliases = null,
        string[]? single = null) =>
        KerasType.Of<T>(name, module, form, mask, notesShape, omitted, keys, aliases, single);

    /// <summary>A table by Keras' name, its aliases and, except for layers, their snake case: <c>GlorotUniform</c> and <c>glorot_uniform</c>.</summary>
    private static FrozenDictionary<string, KerasType> ByName(params KerasType[] types)
    {
        var table = new Dictionary<string, KerasType>();
        foreach (var type in types)
        {
            foreach (var name in type.Aliases.Prepend(type.Name))
            {
                table.Add(name, type);
                if (type.Kind != KerasKind.Layer) table.TryAdd(Naming.SnakeCase(name), type);
            }
        }

        return table.ToFrozenDictionary();
    }
}
