using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Serialization;

/// <summary>An operator between tensors of a model, such as <c>x + y</c>, as a Keras function.</summary>
internal sealed class WrittenFunction(string module, string className, Node node, params (string Key, JsonNode? Value)[] config)
{
    public string Module { get; } = module;

    public string ClassName { get; } = className;

    /// <summary>Whether the tensors are passed as one list.</summary>
    public bool TakesList { get; init; }

    /// <summary>Arguments after the tensors.</summary>
    public JsonNode?[] More { get; init; } = [];

    /// <summary>The inputs of the node that are arguments.</summary>
    public Range Inputs { get; init; } = Range.All;

    public JsonObject Config(string name)
    {
        var json = new JsonObject { ["name"] = name };
        foreach (var (key, value) in config) json[key] = value;
        return json;
    }

    /// <summary>The arguments: constants become literals, other values tensors of the model.</summary>
    public JsonArray Arguments(Func<Value, JsonNode> tensor)
    {
        var inputs = node.Inputs.ToArray()[Inputs].Select(input => input.Producer.Op is Constant { Data: var data } ? Number(data) : tensor(input)).ToArray();
        return TakesList ? new JsonArray([new JsonArray(inputs), .. More]) : new JsonArray([.. inputs, .. More]);
    }

    private static JsonNode? Number(TensorData data)
    {
        JsonNode?[] numbers = data.Type switch
        {
            DType.Float32 => [.. MemoryMarshal.Cast<byte, float>(data.Bytes).ToArray().Select(value => (JsonNode?)PythonNumbers.Write(value))],
            DType.Int64 => [.. MemoryMarshal.Cast<byte, long>(data.Bytes).ToArray().Select(value => (JsonNode?)JsonValue.Create(value))],
            DType.Int32 => [.. MemoryMarshal.Cast<byte, int>(data.Bytes).ToArray().Select(value => (JsonNode?)JsonValue.Create(value))],
            DType.Bool => [.. data.Bytes.ToArray().Select(value => (JsonNode?)JsonValue.Create(value != 0))],
            _ => throw new ModelException($"a constant of type {data.Type.KerasName()} has no form in a file."),
        };
        if (data.Shape.Rank == 0) return numbers[0];
        var next = 0;
        return new JsonObject { ["class_name"] = "__numpy__", ["config"] = new JsonObject { ["value"] = Rows(0), ["dtype"] = data.Type.KerasName() } };

        JsonNode? Rows(int axis)
        {
            if (axis == data.Shape.Rank) return numbers[next++];
            var row = new JsonArray();
            for (var i = 0; i < data.Shape.Dims[axis]; i++) row.Add(Rows(axis + 1));
            return row;
        }
    }
}

/// <summary>The Keras function of an operator, one row per operator; the inverse of <see cref="KerasFunctions"/>.</summary>
internal static class WrittenFunctions
{
    private const string Numpy = "keras.src.ops.numpy";
    private const string Nn = "keras.src.ops.nn";
    private const string Math = "keras.src.ops.math";
    private const string Core = "keras.src.ops.core";
    private const string Image = "keras.src.ops.image";
    private const string Own = KerasFunctions.OwnModule;

    /// <summary>The function of a node; null if it has no form in a file.</summary>
    public static WrittenFunction? Write(Node node) => node.Op switch
    {
        Abs => new(Numpy, "Absolute", node),
        Acos => new(Numpy, "Arccos", node),
        Acosh => new(Numpy, "Arccosh", node),
        Asin => new(Numpy, "Arcsin", node),
        Asinh => new(Numpy, "Arcsinh", node),
        Atan => new(Numpy, "Arctan", node),
        Atanh => new(Numpy, "Arctanh", node),
        Ceil or Cos or Cosh or Equal or Exp or Floor or Greater or Less or Log or Mod or Reciprocal or Sign or Sin or Sinh or Sqrt or Tan or Tanh =>
            new(Numpy, node.Op.Name, node),
        Round => new(Numpy, "Round", node, ("decimals", 0)),
        Erf => new(Math, "Erf", node),
        Expm1 or Log1p => new(Numpy, node.Op.Name, node),
        IsInf => new(Numpy, "Isinf", node),
        IsNaN => new(Numpy, "Isnan", node),
        Not => new(Numpy, "LogicalNot", node),
        Neg => new(Numpy, "Negative", node),
        Identity => new(Numpy, "Copy", node),
        Relu or Sigmoid or Softplus or Softsign => new(Nn, node.Op.Name, node),
        Add => new(Numpy, "Add", node),
        Sub => new(Numpy, "Subtract", node),
        Mul => new(Numpy, "Multiply", node),
        Div when node.Outputs[0].Spec.Type.IsFloating() => new(Numpy, "Divide", node),
        Div => new(Own, "IntegerDivide", node),
        Pow => new(Numpy, "Power", node),
        GreaterOrEqual => new(Numpy, "GreaterEqual", node),
        LessOrEqual => new(Numpy, "LessEqual", node),
        And => new(Numpy, "LogicalAnd", node),
        Or => new(Numpy, "LogicalOr", node),
        Xor => new(Numpy, "LogicalXor", node),
        BitwiseOp => new(Numpy, node.Op.Name, node),
        Max => new(Numpy, "Maximum", node),
        Min => new(Numpy, "Minimum", node),
        MatMul { TransposeLeft: false, TransposeRight: false } => new(Numpy, "Matmul", node),
        MatMul op => new(Own, "TransposedMatmul", node, ("transpose_x1", op.TransposeLeft), ("transpose_x2", op.TransposeRight)),
        Clip op => new(Numpy, "Clip", node, ("x_min", Bound(op.Minimum)), ("x_max", Bound(op.Maximum))),
        Where => new(Numpy, "Where", node),
        Cast op => new(Core, "Cast", node, ("dtype", op.To.KerasName())),
        StopGradient => new(Core, "StopGradient", node),
        ExpandLike when node.Inputs[0].Producer.Op is Constant { Data: { Shape.Count: 0 } data } && OneNumber(data) is 0 or 1 =>
            new(Numpy, OneNumber(data) == 0 ? "ZerosLike" : "OnesLike", node, ("dtype", data.Type == node.Inputs[1].Spec.Type ? null : data.Type.KerasName()))
            {
                Inputs = 1..,
            },

        ReduceAll op => new(Numpy, "All", node, Reduced(op)),
        ReduceAny op => new(Numpy, "Any", node, Reduced(op)),
        ReduceMax op => new(Numpy, "Max", node, [.. Reduced(op), ("initial", null)]),
        ReduceMin op => new(Numpy, "Min", node, [.. Reduced(op), ("initial", null)]),
        ReduceMean op => new(Numpy, "Mean", node, Reduced(op)),
        ReduceSum op => new(Numpy, "Sum", node, Reduced(op)),
        ReduceProd op => new(Numpy, "Prod", node, [.. Reduced(op), ("dtype", null)]),
        ReduceLogSumExp op => new(Math, "Logsumexp", node, Reduced(op)),
        ReduceL2 op => new("keras.src.ops.linalg", "Norm", node, [("ord", null), .. Reduced(op)]),
        ArgMax op => new(Numpy, "Argmax", node, ("axis", op.Axis), ("keepdims", op.KeepDims)),
        ArgMin op => new(Numpy, "Argmin", node, ("axis", op.Axis), ("keepdims", op.KeepDims)),
        CumSum { Exclusive: false, Reverse: false } op => new(Numpy, "Cumsum", node, ("axis", op.Axis), ("dtype", null)),
        TopK op => new(Math, "TopK", node, ("k", op.K), ("sorted", true)),
        Size op => new(Own, "Size", node, ("axis", op.Axes.Count == 0 ? null : List(op.Axes))),

        Concat op => new(Numpy, "Concatenate", node, ("axis", op.Axis)) { TakesList = true },
        Unsqueeze op => new(Numpy, "ExpandDims", node, ("axis", List(op.Axes))),
        Squeeze op => new(Numpy, "Squeeze", node, ("axis", List(op.Axes))),
        Gather op => new(Numpy, "Take", node, ("axis", op.Axis)),
        GatherElements op => new(Numpy, "TakeAlongAxis", node, ("axis", op.Axis)),
        GatherGradient { Axis: 0 } when node.Inputs[1].Spec.Shape.Rank == 1 && node.Outputs[0].Spec.Shape[0] is { } segments =>
            new(Math, "SegmentSum", node, ("num_segments", segments), ("sorted", false)) { Inputs = ..2 },
        OneHot op => new(Nn, "OneHot", node, ("num_classes", op.Depth), ("axis", -1), ("dtype", null), ("sparse", false)),
        Trilu op => new(Numpy, op.Upper ? "Triu" : "Tril", node, ("k", op.K)),
        Pad op => new(Numpy, "Pad", node, ("pad_width", Widths(op)), ("mode", Naming.SnakeCase(op.Mode.ToString())))
        {
            More = op.Mode == PadMode.Constant && op.Value != 0 ? [op.Value] : [],
        },
        Reshape op => new(Numpy, "Reshape", node, ("newshape", NewShape(op.Target, node.Outputs[0].Spec.Shape))),
        Slice op => new(Numpy, "GetItem", node) { More = [Key(op, node.Inputs[0].Spec.Shape.Rank)] },
        Split op => new(Numpy, "Split", node, ("indices_or_sections", Cuts(op.Sizes)), ("axis", op.Axis)),
        Tile op => new(Numpy, "Tile", node, ("repeats", List(op.Repeats))),
        Transpose op => new(Numpy, "Transpose", node, ("axes", List(op.Permutation))),

        Resize op when node.Inputs[0].Spec.Shape.Rank == 4 && op.Sizes.All(size => size > 0) => new(
            Image,
            "Resize",
            node,
            ("size", List(op.Sizes)),
            ("interpolation", InterpolationOf(op.Mode)),
            ("antialias", false),
            ("crop_to_aspect_ratio", false),
            ("pad_to_aspect_ratio", false),
            ("fill_mode", "constant"),
            ("fill_value", 0.0),
            ("data_format", "channels_last")),
        Conv { Window: { Groups: 1, Pads.Mode: not Padding.Causal } } op when IsKeras(op.Window, node) => new(Nn, "Conv", node, Windows(op.Window)),

        // Keras 3.16 refuses a kernel of fewer channels than its images have.
        Conv { Window.Pads.Mode: not Padding.Causal } op when IsKeras(op.Window, node) =>
            new(Own, "GroupedConv", node, [.. Windows(op.Window), ("groups", op.Window.Groups)]),
        ConvTranspose { Window.Groups: 1 } op when IsKeras(op.Window, node) => new(
            Nn, "ConvTranspose", node, [.. Windows(op.Window), ("output_padding", op.OutputPadding.Count == 0 ? null : List(op.OutputPadding))]),
        MaxPool or AveragePool when node.Op is PoolOp { Pads.IsExplicit: false } op => new(
            Nn,
            op.Name,
            node,
            ("pool_size", List(op.Kernel)),
            ("strides", List(op.Strides)),
            ("padding", Naming.SnakeCase(op.Pads.Mode.ToString())),
            ("data_format", "channels_last")),
        Softmax op => new(Nn, "Softmax", node, ("axis", op.Axis)),
        LogSoftmax op => new(Nn, "LogSoftmax", node, ("axis", op.Axis)),
        LeakyRelu op => new(Nn, "LeakyRelu", node, ("negative_slope", op.Alpha)),
        Elu op => new(Nn, "Elu", node, ("alpha", op.Alpha)),
        Celu op => new(Nn, "Celu", node, ("alpha", op.Alpha)),
        Selu => new(Nn, "Selu", node),
        Gelu op => new(Nn, "Gelu", node, ("approximate", op.Approximate)),
        HardSwish => new(Nn, "HardSilu", node),
        HardSigmoid { Alpha: 1f / 6, Beta: 0.5f } => new(Nn, "HardSigmoid", node),
        HardSigmoid op => new(Own, "HardSigmoid", node, ("alpha", op.Alpha), ("beta", op.Beta)),
        Shrink { Bias: 0 } op => new(Nn, "HardShrink", node, ("threshold", op.Lambda)),
        Shrink op when op.Bias == op.Lambda => new(Nn, "SoftShrink", node, ("threshold", op.Lambda)),
        Shrink op => new(Own, "Shrink", node, ("threshold", op.Lambda), ("bias", op.Bias)),
        Mish => new(Own, "Mish", node),
        Phase { FreezesWithLayer: false } => new(Own, "Phase", node),
        _ => null,
    };

    /// <summary>A single element as a number; true is 1.</summary>
    private static float? OneNumber(TensorData data) => data.Type == DType.Bool ? (data.As<bool>()[0] ? 1 : 0) : data.Number;

    private static (string, JsonNode?)[] Reduced(ReduceOp op) => [("axis", op.Axes.Count == 0 ? null : List(op.Axes)), ("keepdims", op.KeepDims)];

    /// <summary>Whether Keras' functions have such a window; they take no bias.</summary>
    private static bool IsKeras(Window window, Node node) => !window.Pads.IsExplicit && node.Inputs.Count == 2;

    private static (string, JsonNode?)[] Windows(Window window) =>
    [
        ("strides", List(window.Strides)),
        ("padding", Naming.SnakeCase(window.Pads.Mode.ToString())),
        ("data_format", "channels_last"),
        ("dilation_rate", List(window.Dilations)),
    ];

    private static string InterpolationOf(ResizeMode mode) => mode switch
    {
        ResizeMode.Nearest => "nearest",
        ResizeMode.Linear => "bilinear",
        _ => "bicubic",
    };

    private static JsonArray Widths(Pad op) => new([.. op.Begin.Zip(op.End, (begin, end) => (JsonNode?)new JsonArray(begin, end))]);

    private static JsonArray List(IntList list) => new([.. list.Select(item => (JsonNode?)JsonValue.Create(item))]);

    private static JsonValue? Bound(float bound) => float.IsFinite(bound) ? JsonValue.Create(bound) : null;

    /// <summary>
    /// Known dimensions as they are, one unknown as -1. Keras has no number that keeps a dimension, so several unknown ones are written as 0, which our reader
    /// understands.
    /// </summary>
    private static JsonArray NewShape(IntList target, Shape result)
    {
        var unknown = result.Count(dim => dim is null);
        return new([.. result.Dims.ToArray().Select((dim, i) => (JsonNode?)JsonValue.Create(dim != Shape.Unknown ? dim : unknown == 1 ? -1 : target[i]))]);
    }

    private static JsonArray Key(Slice op, int rank)
    {
        var items = new JsonNode?[rank];
        for (var axis = 0; axis < rank; axis++) items[axis] = Range(null, null, null);
        for (var i = 0; i < op.Axes.Count; i++)
        {
            var axis = op.Axes[i] < 0 ? op.Axes[i] + rank : op.Axes[i];
            items[axis] = Range(op.Starts[i], op.Ends[i] is int.MaxValue or int.MinValue ? null : op.Ends[i], op.Steps[i]);
        }

        return new JsonArray(items);

        static JsonObject Range(int? start, int? stop, int? step) =>
            new() { ["class_name"] = "__slice__", ["config"] = new JsonObject { ["start"] = start, ["stop"] = stop, ["step"] = step } };
    }

    private static JsonArray Cuts(IntList sizes)
    {
        var cuts = new JsonArray();
        var at = 0;
        foreach (var size in sizes.Take(sizes.Count - 1)) cuts.Add((JsonNode)JsonValue.Create(at += size));
        return cuts;
    }
}
