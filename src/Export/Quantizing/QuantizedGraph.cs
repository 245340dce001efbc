using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>A range of numbers as 8-bit integers: <c>x = (q - Zero) Scale</c>.</summary>
internal readonly record struct Quantum(float Scale, byte Zero)
{
    /// <summary>The whole range in 256 steps, 0 being one of them.</summary>
    public static Quantum Of((float Least, float Greatest) range)
    {
        var (least, greatest) = (Math.Min(0, range.Least), Math.Max(0, range.Greatest));
        var scale = (greatest - least) / 255;

        // A range without an extent, or one whose steps are no normal numbers.
        if (!(scale >= 1e-30f)) return new(1, 0);
        return new(scale, (byte)Math.Clamp(MathF.Round(-least / scale), 0, 255));
    }
}

/// <summary>The graph of a model in which some products compute with 8-bit weights and activations.</summary>
internal sealed class QuantizedGraph
{
    private const int MostBits = 127;
    private const int MostBits7 = 63;

    private readonly FoldedGraph _folded;
    private readonly QuantizationOptions _options;
    private readonly IReadOnlyDictionary<Value, Quantum> _quanta;
    private readonly QuantizedValues _values;
    private readonly HashSet<Value> _stored;
    private readonly Dictionary<Node, QuantizedProduct> _products;
    private readonly Dictionary<Value, Value> _inputs = [];
    private readonly Dictionary<Value, float[]> _numbers;

    /// <param name="folded">The graph in float32.</param>
    /// <param name="values">What can be stored in 8 bits.</param>
    /// <param name="products">The products that are to compute with integers.</param>
    /// <param name="quanta">The ranges of activations, by the value that stands for those of one range.</param>
    /// <param name="numbers">The numbers of kernels and biases.</param>
    /// <param name="options">How weights are quantized.</param>
    public QuantizedGraph(
        FoldedGraph folded,
        QuantizedValues values,
        IReadOnlyCollection<QuantizedProduct> products,
        IReadOnlyDictionary<Value, Quantum> quanta,
        Dictionary<Value, float[]> numbers,
        QuantizationOptions options)
    {
        (_folded, _values, _quanta, _numbers, _options) = (folded, values, quanta, numbers, options);
        _products = products.ToDictionary(product => product.Node);
        _stored = values.Stored(products);
        var map = folded.Graph.Rewrite(Rewrite);
        Map = folded.Map.Where(entry => map.ContainsKey(entry.Value)).ToDictionary(entry => entry.Key, entry => map[entry.Value]);
        Outputs = [.. folded.Outputs.Select(output => map[output])];
    }

    /// <summary>For values of the model, those that stand for them.</summary>
    public IReadOnlyDictionary<Value, Value> Map { get; }

    public IReadOnlyList<Value> Outputs { get; }

    private IReadOnlyList<Value>? Rewrite(Node node, IReadOnlyList<Value> given)
    {
        if (node.Op is SourceOp) return null;
        var inputs = given.Select((value, i) => _folded.Inputs.Contains(node.Inputs[i]) ? OfInput(node.Inputs[i]) : value).ToArray();
        var made = _products.TryGetValue(node, out var product) ? Product(node, product, inputs) : node.WithInputs(inputs);
        return [.. node.Outputs.Select((output, i) => _stored.Contains(output) ? Rounded(made.Outputs[i], output, node.Scope) : made.Outputs[i])];
    }

    private Value OfInput(Value input)
    {
        if (!_stored.Contains(input)) return input;
        if (!_inputs.TryGetValue(input, out var rounded)) _inputs.Add(input, rounded = Rounded(input, input, null));
        return rounded;
    }

    /// <summary>A value through its 8-bit form.</summary>
    private Value Rounded(Value value, Value original, LayerCall? scope)
    {
        var quantum = _quanta[_values.Group(original)];
        var scale = Constant(TensorData.Of(Shape.Of(), [quantum.Scale]), scope);
        var zero = Constant(TensorData.Create(Shape.Of(), DType.UInt8, [quantum.Zero]), scope);
        var integers = Node.Create(new QuantizeLinear(0), [value, scale, zero], scope).Outputs[0];
        return Node.Create(new DequantizeLinear(0), [integers, scale, zero], scope).Outputs[0];
    }

    private Node Product(Node node, QuantizedProduct product, Value[] inputs)
    {
        var kernel = node.Inputs[1];
        var numbers = _numbers[kernel];
        var channels = kernel.Spec.Shape.Dims[^1];
        var bias = node.Inputs.Count > 2 && _folded.IsStatic(node.Inputs[2]) ? _numbers[node.Inputs[2]] : null;
        var input = _quanta[_values.Group(product.Input)].Scale;
        var scales = Scales(numbers, channels, bias, input);
        inputs[1] = Kernel(kernel, numbers, scales, node.Scope);
        if (bias is not null) inputs[2] = Bias(bias, scales, input, node.Scope);
        return Node.Create(node.Op, inputs, node.Scope);
    }

    /// <summary>The steps of the weights, symmetric around 0: one per output channel, the last axis, or the same for all.</summary>
    private float[] Scales(float[] kernel, int channels, float[]? bias, float input)
    {
        var most = _options.ReduceRange ? MostBits7 : MostBits;
        var largest = new float[channels];
        for (var i = 0; i < kernel.Length; i++) largest[i % channels] = Math.Max(largest[i % channels], Math.Abs(kernel[i]));
        if (!_options.PerChannel) Array.Fill(largest, largest.Max());
        var scales = Array.ConvertAll(largest, value => value / most);
        for (var i = 0; i < channels; i++)
        {
            // The bias is a 32-bit integer in steps of input times weight; a channel of tiny weights must have room for it.
            var room = bias is null ? 0 : (float)(Math.Abs((double)bias[i % bias.Length]) / input / (1 << 30));
            if (!(scales[i] >= 1e-30f)) scales[i] = 1e-30f;
            scales[i] = Math.Max(scales[i], room);
        }

        return scales;
    }

    private Value Kernel(Value kernel, float[] numbers, float[] scales, LayerCall? scope)
    {
        var rank = kernel.Spec.Shape.Rank;
        var (shape, channels) = (kernel.Spec.Shape, scales.Length);
        var most = _options.ReduceRange ? MostBits7 : MostBits;
        var integers = new float[numbers.Length];
        for (var i = 0; i < numbers.Length; i++) integers[i] = Math.Clamp(MathF.Round(numbers[i] / scales[i % channels]), -most, most);

        // In the order of the file, so that nothing moves them there.
        var layout = rank > 2 ? Layout.KernelOf(rank) : Layout.Identity(rank);
        var stored = layout.Stored(shape);
        var ordered = layout.IsIdentity ? integers : Arrangement.Of(shape, layout.Steps).Apply(integers, shape);
        var bytes = Array.ConvertAll(ordered, number => unchecked((byte)(sbyte)number));
        var axis = layout.Position(rank - 1);
        var perChannel = _options.PerChannel;
        var scaleShape = perChannel ? Shape.Of(channels) : Shape.Of();
        float[] steps = perChannel ? scales : [scales[0]];
        Value[] inputs =
        [
            Constant(TensorData.Create(stored, DType.Int8, bytes), scope),
            Constant(TensorData.Of(scaleShape, steps), scope),
            Constant(TensorData.Create(scaleShape, DType.Int8, new byte[steps.Length]), scope),
        ];
        var read = Node.Create(new DequantizeLinear(perChannel ? axis : 0), inputs, scope).Outputs[0];
        return layout.IsIdentity ? read : Node.Create(new Transpose(Layout.Identity(rank).GraphPermutationTo(layout)), [read], scope).Outputs[0];
    }

    private Value Bias(float[] bias, float[] scales, float input, LayerCall? scope)
    {
        var perChannel = _options.PerChannel;
        float[] steps = perChannel ? Array.ConvertAll(scales, scale => scale * input) : [scales[0] * input];
        int[] integers = [.. bias.Select((number, i) => (int)Math.Clamp(Math.Round(number / (double)steps[perChannel ? i : 0]), int.MinValue, int.MaxValue))];
        var scaleShape = perChannel ? Shape.Of(steps.Length) : Shape.Of();
        Value[] inputs =
        [
            Constant(TensorData.Of(Shape.Of(bias.Length), integers), scope),
            Constant(TensorData.Of(scaleShape, steps), scope),
            Constant(TensorData.Of(scaleShape, new int[steps.Length]), scope),
        ];
        return Node.Create(new DequantizeLinear(0), inputs, scope).Outputs[0];
    }

    private static Value Constant(TensorData data, LayerCall? scope) => Node.Create(new Constant(data), [], scope).Outputs[0];
}
