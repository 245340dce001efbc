using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace OnnxFunctional.Serialization;

/// <summary>
/// Operations of TensorFlow on tensors, which Keras 2 wrote as layers of class TFOpLambda and SlicingOpLambda, as functions of Keras 3. Others keep their name,
/// <c>tf.math.igamma</c>, as a class that nothing knows.
/// </summary>
internal static class Keras2Functions
{
    private static readonly FrozenDictionary<string, Row> s_rows = new Dictionary<string, Row>
    {
        ["__operators__.add"] = Binary("Add"),
        ["math.add"] = Binary("Add"),
        ["math.subtract"] = Binary("Subtract"),
        ["math.multiply"] = Binary("Multiply"),
        ["math.truediv"] = Binary("TrueDivide"),
        ["math.divide"] = Binary("TrueDivide"),
        ["math.pow"] = Binary("Power"),
        ["math.maximum"] = Binary("Maximum"),
        ["math.minimum"] = Binary("Minimum"),
        ["math.equal"] = Binary("Equal"),
        ["math.not_equal"] = Binary("NotEqual"),
        ["math.greater"] = Binary("Greater"),
        ["math.greater_equal"] = Binary("GreaterEqual"),
        ["math.less"] = Binary("Less"),
        ["math.less_equal"] = Binary("LessEqual"),
        ["math.logical_and"] = Binary("LogicalAnd"),
        ["math.logical_or"] = Binary("LogicalOr"),
        ["linalg.matmul"] = new("Matmul", ["b"]),

        ["identity"] = new("Copy"),
        ["stop_gradient"] = new("StopGradient"),
        ["math.abs"] = new("Absolute"),
        ["math.ceil"] = new("Ceil"),
        ["math.cos"] = new("Cos"),
        ["math.erf"] = new("Erf"),
        ["math.exp"] = new("Exp"),
        ["math.floor"] = new("Floor"),
        ["math.log"] = new("Log"),
        ["math.logical_not"] = new("LogicalNot"),
        ["math.negative"] = new("Negative"),
        ["math.reciprocal"] = new("Reciprocal"),
        ["math.rsqrt"] = new("Rsqrt"),
        ["math.sigmoid"] = new("Sigmoid"),
        ["math.sign"] = new("Sign"),
        ["math.sin"] = new("Sin"),
        ["math.softplus"] = new("Softplus"),
        ["math.sqrt"] = new("Sqrt"),
        ["math.square"] = new("Square"),
        ["math.tanh"] = new("Tanh"),
        ["nn.elu"] = new("Elu"),
        ["nn.gelu"] = new("Gelu", [], ("approximate", "approximate")),
        ["nn.leaky_relu"] = new("LeakyRelu", [], ("alpha", "negative_slope")),
        ["nn.log_softmax"] = new("LogSoftmax", [], ("axis", "axis")),
        ["nn.relu"] = new("Relu"),
        ["nn.relu6"] = new("Relu6"),
        ["nn.selu"] = new("Selu"),
        ["nn.sigmoid"] = new("Sigmoid"),
        ["nn.silu"] = new("Silu"),
        ["nn.softmax"] = new("Softmax", [], ("axis", "axis")),
        ["nn.tanh"] = new("Tanh"),

        ["math.reduce_logsumexp"] = Reduction("Logsumexp"),
        ["math.reduce_max"] = Reduction("Max"),
        ["math.reduce_mean"] = Reduction("Mean"),
        ["math.reduce_min"] = Reduction("Min"),
        ["math.reduce_prod"] = Reduction("Prod"),
        ["math.reduce_std"] = Reduction("Std"),
        ["math.reduce_sum"] = Reduction("Sum"),
        ["math.reduce_variance"] = Reduction("Var"),

        ["__operators__.getitem"] = new("GetItem", ["slice_spec"]),
        ["cast"] = new("Cast", [], ("dtype", "dtype")),
        ["clip_by_value"] = new("Clip", [], ("clip_value_min", "x_min"), ("clip_value_max", "x_max")),
        ["concat"] = new("Concatenate", [], ("axis", "axis")),
        ["expand_dims"] = new("ExpandDims", [], ("axis", "axis")),
        ["reshape"] = new("Reshape", [], ("shape", "newshape")),
        ["squeeze"] = new("Squeeze", [], ("axis", "axis")),
        ["stack"] = new("Stack", [], ("axis", "axis")),
        ["tile"] = new("Tile", [], ("multiples", "repeats")),
        ["transpose"] = new("Transpose", [], ("perm", "axes")),
    }.ToFrozenDictionary();

    /// <summary>Changes the description of a step, whose calls have the form of Keras 3, in place.</summary>
    public static void Upgrade(JsonObject layer)
    {
        if (Keras2.Text(layer["class_name"]) is not ("TFOpLambda" or "SlicingOpLambda") || layer["inbound_nodes"] is not JsonArray calls) return;
        if (layer["config"] is not JsonObject config || Keras2.Text(config["function"]) is not { } function) return;
        layer["class_name"] = "tf." + function;
        if (!s_rows.TryGetValue(function, out var row)) return;
        var name = config["name"]?.DeepClone();
        JsonObject? options = null;
        foreach (var call in calls.OfType<JsonObject>())
        {
            if (call["args"] is not JsonArray arguments || call["kwargs"] is not JsonObject named) return;
            named.Remove("name");
            foreach (var key in row.Tensors) if (Take(named, key) is { } value) arguments.Add(key == "slice_spec" ? Sliced(value) : Constant(value));
            if (arguments is [JsonArray { Count: > 0 } first, ..] && first[0] is not JsonObject) arguments[0] = Constant(first);
            var own = new JsonObject { ["name"] = name?.DeepClone() };

            // TensorFlow's default is the exact function, Keras 3's the approximate one.
            if (row.ClassName == "Gelu") own["approximate"] = false;
            foreach (var (theirs, ours) in row.Options) if (Take(named, theirs) is { } value) own[ours] = value;

            // The options of Keras 3 belong to the step, those of TensorFlow to each call.
            if (options is not null && !JsonNode.DeepEquals(options, own)) return;
            options = own;
        }

        (layer["class_name"], layer["module"], layer["config"]) = (row.ClassName, KerasFunctions.ModuleOf(row.ClassName), options);
    }

    private static JsonNode? Take(JsonObject named, string key)
    {
        var value = named[key];
        named.Remove(key);
        return value;
    }

    /// <summary>An index, whose slices are dictionaries of start, stop and step in Keras 2.</summary>
    private static JsonNode? Sliced(JsonNode? json) => json switch
    {
        JsonArray list => new JsonArray([.. list.Select(Sliced)]),
        JsonObject slice when slice.ContainsKey("start") => new JsonObject { ["class_name"] = "__slice__", ["config"] = slice.DeepClone() },
        _ => json?.DeepClone(),
    };

    /// <summary>An argument that may be a tensor of numbers, which Keras 2 wrote as lists.</summary>
    private static JsonNode? Constant(JsonNode? json) => json is JsonArray list
        ? new JsonObject { ["class_name"] = "__numpy__", ["config"] = new JsonObject { ["value"] = list.DeepClone(), ["dtype"] = "float32" } }
        : json?.DeepClone();

    private static Row Binary(string className) => new(className, ["y"]);

    private static Row Reduction(string className) => new(className, [], ("axis", "axis"), ("keepdims", "keepdims"));

    /// <summary>A function of Keras 3.</summary>
    /// <param name="ClassName">Its class.</param>
    /// <param name="Tensors">The names of further arguments in TensorFlow, in the order of Keras.</param>
    /// <param name="Options">Names of options, there and here.</param>
    private sealed record Row(string ClassName, string[] Tensors, params (string Theirs, string Ours)[] Options)
    {
        public Row(string className)
            : this(className, [])
        {
        }
    }
}
