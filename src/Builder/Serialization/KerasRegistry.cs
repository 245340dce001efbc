using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using OnnxFunctional.Constraints;
using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;
using OnnxFunctional.Regularizers;

namespace OnnxFunctional.Serialization;

/// <summary>All classes a file may name without the user's doing, one row a class. Nothing else is ever made from a file.</summary>
internal static class KerasRegistry
{
    private static readonly FixedKey[] FansOfEinsum = [Null("input_axes"), Null("output_axes")];

    // How Keras runs the loop over time; the numbers are the same.
    private static readonly FixedKey[] RecurrentKeys = [Ignored("use_cudnn", "\"auto\"") with { Written = false }, Ignored("implementation", "2") with { Written = false }];

    public static FrozenDictionary<string, KerasType> Layers { get; } = ByName(
        Layer<ActivationLayer>("Activation", notesShape: false),
        Layer<Add>("Add", CallForm.List),
        Layer<Average>("Average", CallForm.List),
        Layer<AveragePooling1D>("AveragePooling1D", notesShape: false),
        Layer<AveragePooling2D>("AveragePooling2D", notesShape: false),
        Layer<AveragePooling3D>("AveragePooling3D", notesShape: false),
        Layer<BatchNormalization>("BatchNormalization", mask: true, keys: [Ignored("synchronized", "false"), Fixed("renorm", "false"), Ignored("renorm_clipping", "null"), Ignored("renorm_momentum", "0.99")]),
        Layer<Concatenate>("Concatenate", CallForm.List),
        Layer<Conv1D>("Conv1D"),
        Layer<Conv2D>("Conv2D"),
        Layer<Conv3D>("Conv3D"),
        Layer<Dense>("Dense", omitted: ["activity_regularizer"], keys: [Null("quantization_config")]),
        Layer<Dot>("Dot", CallForm.List, single: ["axes"]),
        Layer<Dropout>("Dropout", notesShape: false),
        Layer<Elu>("ELU", notesShape: false),
        Layer<Embedding>("Embedding", keys: [Null("quantization_config")]),
        Layer<Flatten>("Flatten"),
        Layer<GlobalAveragePooling1D>("GlobalAveragePooling1D", mask: true, notesShape: false),
        Layer<GlobalAveragePooling2D>("GlobalAveragePooling2D", notesShape: false),
        Layer<GlobalAveragePooling3D>("GlobalAveragePooling3D", notesShape: false),
        Layer<GlobalMaxPooling1D>("GlobalMaxPooling1D", notesShape: false),
        Layer<GlobalMaxPooling2D>("GlobalMaxPooling2D", notesShape: false),
        Layer<GlobalMaxPooling3D>("GlobalMaxPooling3D", notesShape: false),
        Layer<Gru>("GRU", CallForm.Recurrent, mask: true, keys: RecurrentKeys),
        Layer<LeakyRelu>("LeakyReLU", notesShape: false),
        Layer<Lstm>("LSTM", CallForm.Recurrent, mask: true, keys: RecurrentKeys),
        Layer<Maximum>("Maximum", CallForm.List),
        Layer<MaxPooling1D>("MaxPooling1D", notesShape: false),
        Layer<MaxPooling2D>("MaxPooling2D", notesShape: false),
        Layer<MaxPooling3D>("MaxPooling3D", notesShape: false),
        Layer<Minimum>("Minimum", CallForm.List),
        Layer<Multiply>("Multiply", CallForm.List),
        Layer<PRelu>("PReLU"),
        Layer<Relu>("ReLU", notesShape: false),
        Layer<Reshape>("Reshape", notesShape: false),
        Layer<SimpleRnn>("SimpleRNN", CallForm.Recurrent, mask: true, omitted: ["seed"], keys: RecurrentKeys),
        Layer<Softmax>("Softmax", mask: true, notesShape: false, single: ["axis"]),
        Layer<Subtract>("Subtract", CallForm.List));

    public static FrozenDictionary<string, KerasType> Initializers { get; } = ByName(
        Initializer<Zeros>("Zeros", ["zero"]),
        Initializer<Ones>("Ones", ["one"]),
        Initializer<Constant>("Constant"),
        Initializer<IdentityInitializer>("Identity", ["IdentityInitializer"]),
        Initializer<RandomUniform>("RandomUniform", ["uniform"]),
        Initializer<RandomNormal>("RandomNormal", ["normal"]),
        Initializer<TruncatedNormal>("TruncatedNormal"),
        Initializer<Orthogonal>("Orthogonal", ["OrthogonalInitializer"]),
        Initializer<VarianceScaling>("VarianceScaling", keys: FansOfEinsum),
        Initializer<GlorotUniform>("GlorotUniform", keys: FansOfEinsum),
        Initializer<GlorotNormal>("GlorotNormal", keys: FansOfEinsum),
        Initializer<HeUniform>("HeUniform", keys: FansOfEinsum),
        Initializer<HeNormal>("HeNormal", keys: FansOfEinsum),
        Initializer<LecunUniform>("LecunUniform", keys: FansOfEinsum),
        Initializer<LecunNormal>("LecunNormal", keys: FansOfEinsum));

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

    /// <summary>The row of a class of ours.</summary>
    public static FrozenDictionary<Type, KerasType> ByType { get; } =
        new[] { Layers, Initializers, Regularizers, Constraints }.SelectMany(table => table.Values).Distinct().ToFrozenDictionary(type => type.Type);

    public static FrozenDictionary<string, KerasType> Table(KerasKind kind) => kind switch
    {
        KerasKind.Layer => Layers,
        KerasKind.Initializer => Initializers,
        KerasKind.Regularizer => Regularizers,
        _ => Constraints,
    };

    private static FixedKey Null(string key) => new(key, "null", false);

    /// <summary>A feature we do not have; another value is refused.</summary>
    private static FixedKey Fixed(string key, string value) => new(key, value, false);

    /// <summary>A setting without meaning here.</summary>
    private static FixedKey Ignored(string key, string value) => new(key, value, true);

    private static KerasType Layer<[DynamicallyAccessedMembers(KerasType.Members)] T>(
        string name, CallForm form = CallForm.Separate, bool mask = false, bool notesShape = true, string[]? omitted = null, FixedKey[]? keys = null, string[]? single = null)
        where T : Operation =>
        Row<T>(name, "keras.layers", form, mask, notesShape, omitted, keys, single: single);

    private static KerasType Initializer<[DynamicallyAccessedMembers(KerasType.Members)] T>(string name, string[]? aliases = null, FixedKey[]? keys = null)
        where T : Initializer =>
        Row<T>(name, "keras.initializers", keys: keys, aliases: aliases);

    private static KerasType Row<[DynamicallyAccessedMembers(KerasType.Members)] T>(
        string name, string module, CallForm form = CallForm.Separate, bool mask = false, bool notesShape = false, string[]? omitted = null, FixedKey[]? keys = null, string[]? aliases = null, string[]? single = null) =>
        KerasType.Of<T>(name, module, form, mask, notesShape, omitted, keys, aliases, single);

    /// <summary>By Keras' name, its aliases and the snake case that strings use: <c>GlorotUniform</c> and <c>glorot_uniform</c>.</summary>
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
