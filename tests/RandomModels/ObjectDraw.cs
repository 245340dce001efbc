using OnnxFunctional.Layers;
using OnnxFunctional.Serialization;
using OnnxFunctional.Tests.Cases;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>What a layer takes, as a row of <see cref="LayerCases"/> shows: the rank and type of its inputs, and their number.</summary>
internal sealed record LayerForm(KerasType Type, int Rank, DType Input, int Inputs, CallOptions Options);

/// <summary>Draws layers and what they are made of from the tables of files: a class with a row in <see cref="KerasRegistry"/> joins by itself.</summary>
internal sealed class ObjectDraw(Recipe recipe, bool fixedBatch)
{
    // A kernel that no product could use, or that only a matrix can have.
    private static readonly string[] s_ofMatrices = ["Identity", "Orthogonal", "OrthogonalRegularizer"];

    // A kernel that fits no other weight than that of a spectrogram.
    private const string OfSound = "STFT";

    private static readonly string[] s_wrappers = ["Bidirectional", "TimeDistributed", "SpectralNormalization", "RNN", "StackedRNNCells", "Pipeline"];

    /// <summary>The forms in which layers are called, each class once per rank, type and number of inputs.</summary>
    public static IReadOnlyList<LayerForm> Forms { get; } = [.. LayerCases.All
        .Select(row => (Row: row, Type: KerasRegistry.ByType.GetValueOrDefault(row.Create().GetType())))
        .Where(pair => pair.Type is not null)
        .Select(pair => new LayerForm(pair.Type!, pair.Row.Inputs[0].Rank + 1, pair.Row.InputType, InputsOf(pair.Row), pair.Row.Options))
        .Distinct()];

    /// <summary>What was drawn: <c>Dense</c>, <c>Dense.units</c>.</summary>
    public HashSet<string> Reached { get; } = [];

    /// <summary>The paths of options that a recipe may leave at their defaults.</summary>
    public List<string> Paths { get; } = [];

    public static KerasType Layer(string name) => KerasRegistry.Layers[name];

    /// <summary>Draws the options of a class and makes an object with them.</summary>
    /// <param name="type">The class.</param>
    /// <param name="shape">The shape on which a layer will be called.</param>
    /// <param name="draw">The choices.</param>
    /// <param name="path">The path of the object's options in a recipe.</param>
    /// <param name="given">Options whose values are decided.</param>
    public (object Value, string Text) Make(KerasType type, Shape shape, Draw draw, string path, IReadOnlyDictionary<string, object?>? given = null)
    {
        path += "/" + type.Name;
        var options = new Dictionary<string, (object? Value, string Text)>();
        var needed = Needed(type);
        foreach (var member in type.Configuration.OrderBy(member => member.Key != "data_format"))
        {
            if (given?.TryGetValue(member.Key, out var decided) == true)
            {
                options[member.Key] = (decided, OptionValues.Text(decided));
                continue;
            }

            var own = draw.For(member.Key);
            var must = needed.Contains(member.Key);
            if (!must && (recipe.Plain.Contains(path + "/" + member.Key) || !own.Chance(0.35))) continue;
            var first = options.TryGetValue("data_format", out var format) && DataFormat.ChannelsFirst.Equals(format.Value);
            var at = new OptionContext(this, type, member.Key, shape, own, path + "/" + member.Key, first);
            var drawn = OptionValues.Of(at, member.Property.PropertyType);
            if (drawn.Value == OptionValues.None) continue;
            options[member.Key] = drawn;
            if (!must) Paths.Add(at.Path);
        }

        foreach (var (key, value) in OptionRules.Changes(type, options.ToDictionary(entry => entry.Key, entry => entry.Value.Value), shape, draw, fixedBatch))
        {
            if (value == OptionValues.None) options.Remove(key);
            else options[key] = (value, OptionValues.Text(value));
        }

        Reached.Add(type.Name);
        foreach (var key in options.Keys) Reached.Add($"{type.Name}.{key}");
        var made = type.Create(options.ToDictionary(entry => entry.Key, entry => entry.Value.Value), null);
        var text = string.Join(", ", options.Select(entry => $"{entry.Key}: {entry.Value.Text}"));
        if (made is Layer { Children.Count: 0 } layer && draw.For("trainable").Chance(0.06) && !recipe.Plain.Contains(path + "/trainable"))
        {
            layer.Trainable = false;
            Paths.Add(path + "/trainable");
            text += (text.Length > 0 ? ", " : "") + "trainable: False";
        }

        return (made, $"{type.Name}({text})");
    }

    /// <summary>An initializer, regularizer or constraint that fits a weight of any shape, or a matrix.</summary>
    public (object Value, string Text) Part(IEnumerable<KerasType> table, string owner, string option, Draw draw, string path)
    {
        // A negative variance has no root.
        if (option == "moving_variance_initializer")
        {
            var value = new Dictionary<string, object?> { ["value"] = draw.Between(0.25f, 2f) };
            return Make(KerasRegistry.Initializers["Constant"], Shape.Of(), draw, path, value);
        }

        var matrix = option is "recurrent_initializer" or "recurrent_regularizer" && !owner.StartsWith("Conv", StringComparison.Ordinal);
        KerasType[] types = [.. table.Distinct().Where(type => type.Name != OfSound && (matrix || !s_ofMatrices.Contains(type.Name)))
            .OrderBy(type => type.Name, StringComparer.Ordinal)];
        return Make(draw.Of(types), Shape.Of(), draw, path);
    }

    /// <summary>A cell; only the outermost may be a stack.</summary>
    public (object Value, string Text) Cell(Shape shape, Draw draw, string path, bool outermost)
    {
        KerasType[] cells = [.. KerasRegistry.Layers.Values
            .Where(type => typeof(RecurrentCell).IsAssignableFrom(type.Type) && (outermost || type.Type != typeof(StackedRnnCells)))
            .OrderBy(type => type.Name, StringComparer.Ordinal), KerasType.Of<MixingCell>(nameof(MixingCell), null)];
        return Make(draw.Of(cells), shape, draw, path);
    }

    /// <summary>A recurrent layer for sequences of vectors, images or volumes.</summary>
    public (object Value, string Text) Recurrent(Shape shape, Draw draw, string path)
    {
        KerasType[] types = [.. Forms
            .Where(form => form.Rank == shape.Rank && typeof(RecurrentLayer).IsAssignableFrom(form.Type.Type))
            .Select(form => form.Type)
            .Distinct()];
        return Make(draw.Of(types), shape, draw, path);
    }

    /// <summary>A layer to be called inside a wrapper on a part of the shape that the wrapper is called on.</summary>
    public (object Value, string Text) Inner(string wrapper, Shape shape, Draw draw, string path)
    {
        if (wrapper == "TimeDistributed") shape = Shape.Of([Shape.Unknown, .. shape.Dims[2..]]);
        KerasType[] types = [.. Forms
            .Where(form => form.Rank == shape.Rank && form.Inputs == 1 && form.Input == DType.Float32 && typeof(Layer).IsAssignableFrom(form.Type.Type))
            .Select(form => form.Type)
            .Distinct()
            .Where(type => !s_wrappers.Contains(type.Name) && (wrapper != "SpectralNormalization" || HasOneKernel(type)))];
        return Make(types.Length > 0 ? draw.Of(types) : Layer("Dense"), shape, draw, path);
    }

    private static bool HasOneKernel(KerasType type) =>
        type.Find("kernel_initializer") is not null && type.Find("recurrent_initializer") is null && (type.Find("units") ?? type.Find("filters")) is not null;

    private static int InputsOf(LayerCase row) => row.Create() is RecurrentLayer ? 1 : row.Inputs.Length;

    /// <summary>The options without which the class cannot be made, or hardly ever.</summary>
    private static HashSet<string> Needed(KerasType type)
    {
        var constructors = type.Type.GetConstructors()
            .Select(constructor => constructor.GetParameters().Where(parameter => !parameter.HasDefaultValue))
            .Select(parameters => parameters.Select(parameter => type.Find(parameter.Name!)?.Key).ToArray())
            .Where(keys => !keys.Contains(null));
        HashSet<string> needed = [.. constructors.MinBy(keys => keys.Length)!.OfType<string>()];
        if (type.Name is "GroupNormalization") needed.Add("groups");
        if (type.Name is "Discretization") needed.Add("bin_boundaries");
        if (type.Name is "IntegerLookup") needed.Add("vocabulary");

        // By default these take longer sounds than there are here.
        if (type.Name is "MelSpectrogram") needed.UnionWith(["fft_length", "num_mel_bins"]);
        if (type.Name is "STFTSpectrogram") needed.Add("frame_length");

        // By default these add up to 255, beyond which nothing else here goes.
        if (type.Find("value_range") is not null) needed.Add("value_range");
        return needed;
    }
}
