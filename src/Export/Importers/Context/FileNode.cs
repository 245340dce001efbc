using System.Text;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Importers;

/// <summary>A node of the file as its importer sees it: attributes with their defaults, inputs in the order of axes that is asked for.</summary>
internal sealed class FileNode
{
    private readonly NodeProto _proto;
    private readonly IFileScope _graph;
    private readonly Importer _importer;
    private readonly FileValue?[] _inputs;
    private readonly Dictionary<string, AttributeProto> _attributes = new(StringComparer.Ordinal);
    private readonly SymbolicTensor?[] _tensors;
    private readonly int[] _computed;
    private readonly int[] _symbols;
    private readonly Dictionary<int, SymbolicTensor> _sources = [];
    private OperatorLayer? _layer;

    public FileNode(NodeProto proto, int version, IFileScope graph, Importer importer, FileValue?[] inputs)
    {
        (_proto, Version, _graph, _importer, _inputs) = (proto, version, graph, importer, inputs);
        foreach (var attribute in proto.Attribute) _attributes[attribute.Name] = attribute;
        _tensors = new SymbolicTensor?[inputs.Length];
        _computed = [.. Enumerable.Range(0, inputs.Length)
            .Where(i => inputs[i] is { Data: null } && !(SizeInputs.Contains(OpType, i) && SizesOf(i) is not null))];
        _symbols = [.. Symbols().Distinct().Where(symbol => graph.SourceOf(symbol) is not null)];
    }

    public string OpType => _proto.OpType;

    /// <summary>The version of the operators that the file imports.</summary>
    public int Version { get; }

    public int InputCount => _inputs.Length;

    public int OutputCount => _proto.Output.Count;

    public string? Name => _proto.Name.Length > 0 ? _proto.Name : _proto.Output.FirstOrDefault(name => name.Length > 0);

    /// <summary>The values that the graph computes for it; the others are known, are parameters, or are read as sizes.</summary>
    public SymbolicTensors Computed =>
        _computed.Select(i => _inputs[i]!.Tensor!).Concat(_symbols.Select(symbol => _graph.SourceOf(symbol)!.Value.Tensor)).ToArray();

    public bool HasComputed => _computed.Length + _symbols.Length > 0;

    /// <summary>Whether what it computes changes when parameters do.</summary>
    public bool ReadsParameters => _inputs.Any(input => input is { IsParameter: true } or { FromParameters: not null });

    /// <summary>The orders of the axes of the last results.</summary>
    public Layout[] Orders { get; private set; } = [];

    /// <summary>Whether an input, which may be optional, is there.</summary>
    public bool Has(int input) => input < _inputs.Length && _inputs[input] is not null;

    /// <summary>Whether somebody may read an output.</summary>
    public bool Gives(int output) => output < _proto.Output.Count && _proto.Output[output].Length > 0;

    /// <summary>The shape of an input in the file.</summary>
    public Shape ShapeOf(int input) => Value(input).Shape;

    public int RankOf(int input) => ShapeOf(input).Rank;

    public DType TypeOf(int input) => Value(input).Type;

    /// <summary>The type that an input has in the file; null if nothing tells it.</summary>
    public int? TypeInFile(int input) => _graph.TypeInFile(_proto.Input[input]);

    /// <summary>The order of the axes of an input as it lies in the graph; natural if it is known or a parameter that nobody read.</summary>
    public Layout OrderOf(int input) => Value(input) is { Tensor: not null } value ? value.Order : Layout.Identity(RankOf(input));

    /// <summary>An input with its axes in the order of the file.</summary>
    public SymbolicTensor In(int input) => In(input, Layout.Identity(RankOf(input)));

    /// <summary>An input with its axes in a given order.</summary>
    public SymbolicTensor In(int input, Layout order)
    {
        var value = Value(input);
        if (value.IsParameter && _layer is not null) return Parameter(input, order);
        if (value.FromParameters is var (node, output) && _layer is not null)
        {
            var results = node.Build(_layer, []);
            return Moved(results[output], node.Orders[output], order);
        }

        if (value.Data is { } data) return Ops.Make(new Operators.Constant(DataMoves.Transposed(data, Layout.Identity(order.Rank).GraphPermutationTo(order))));
        return Moved(_tensors[input] ?? value.Tensor!, value.Order, order);
    }

    /// <summary>An input as it lies.</summary>
    public SymbolicTensor AsItLies(int input) => In(input, OrderOf(input));

    /// <summary>An input aligned with a broader one, as broadcasting does: axes of size 1 in front, then the order.</summary>
    public SymbolicTensor Aligned(int input, Layout order)
    {
        var rank = RankOf(input);
        if (rank == order.Rank) return In(input, order);
        if (rank == 0 || order.IsIdentity) return In(input);
        var wide = Layout.Identity(order.Rank);
        return Moved(Ops.Make(new Operators.Unsqueeze([.. Enumerable.Range(0, order.Rank - rank)]), In(input)), wide, order);
    }

    /// <summary>An input of parameters with its axes in a given order; the first reader decides how they are stored.</summary>
    public SymbolicTensor Parameter(int input, Layout order, bool trainable = true)
    {
        var value = Value(input);
        if (!value.IsParameter || _layer is null) return In(input, order);
        if (value.Tensor is null)
        {
            var data = DataMoves.Transposed(value.Data!, Layout.Identity(order.Rank).GraphPermutationTo(order));
            _layer.Parameter(value.Name, data.Shape, new FromFile(data), trainable && _graph.IsTrainable(value.Name));
            var weight = _layer.OwnWeights.First(weight => weight.Name == value.Name);
            weight.TakesAdapter = data.Shape.Rank >= 2 && Parameters.IsKernel(OpType, input);
            weight.IsKernelOfNode = Parameters.IsFactor(OpType, input) && !(OpType == "Conv" && Int("group", 1) > 1 && value.Shape.Dims[1] == 1);
            (value.Tensor, value.Order) = (new SymbolicTensor(weight.Variable), order);
        }

        // A copy of the layer has weights of its own.
        var own = _layer.OwnWeights.FirstOrDefault(weight => weight.Name == value.Name);
        return Moved(own is null ? value.Tensor! : new SymbolicTensor(own.Variable), value.Order, order);
    }

    /// <summary>Whether training normalizes by the statistics of each batch, which it can where the node is a layer.</summary>
    public bool TrainsStatistics => _graph.TrainsStatistics && _layer is not null;

    /// <summary>Sets a parameter in each training step.</summary>
    public void Move(SymbolicTensor parameter, SymbolicTensor value) => _layer!.Move(parameter, value);

    /// <summary>The elements of an input that must be known before anything runs.</summary>
    /// <exception cref="ModelException">They are not.</exception>
    public TensorData Known(int input, string what) => Value(input).Data ?? throw Undecided(input, what);

    /// <summary>The refusal of what only the model's inputs decide.</summary>
    public ModelException Undecided(int input, string what) => Remedies.Undecided(Value(input), what);

    /// <summary>The elements of an input that are integers known before anything runs.</summary>
    public int[] Integers(int input, string what) => DataMoves.Integers(Known(input, what));

    /// <summary>The elements of an input as sizes, which shapes may decide.</summary>
    /// <exception cref="ModelException">They are computed from data.</exception>
    public IReadOnlyList<Extent> Sizes(int input, string what) => SizesOf(input) ?? [.. Integers(input, what).Select(number => Extent.Of(number))];

    /// <summary>0, 1, 2 ... below a size that is a symbol; null if nothing has that size.</summary>
    public SymbolicTensor? Positions(int symbol) =>
        _sources.TryGetValue(symbol, out var source) ? Ops.Make(new Operators.Positions(_graph.SourceOf(symbol)!.Value.Axis), source) : null;

    /// <summary>A tensor of a shape whose sizes may be symbols, for operators that only read shapes; null if a size is neither.</summary>
    public SymbolicTensor? OfShape(IReadOnlyList<Extent> sizes)
    {
        if (sizes.Any(size => !size.IsKnown && !_sources.ContainsKey(size.Symbol))) return null;
        var known = Shape.Of([.. sizes.Select(size => checked((int)(size.Number ?? 1)))]);
        var result = Ops.Make(new Operators.Constant(DataMoves.Filled(TensorData.Of([1], [0L]), known)));
        for (var axis = 0; axis < sizes.Count; axis++)
        {
            if (sizes[axis].IsKnown) continue;
            int[] along = [.. Enumerable.Range(0, sizes.Count).Select(i => i == axis ? -1 : 1)];
            result = Ops.Make(new Operators.Add(), result, Ops.Reshape(Positions(sizes[axis].Symbol)!, along));
        }

        return result;
    }

    /// <summary>A shape for which a constant is about to be made.</summary>
    /// <exception cref="ModelException">The constants of the file would be larger than the limit.</exception>
    public Shape Reserved(Shape shape, DType type)
    {
        _graph.Reserve(shape, type);
        return shape;
    }

    public bool HasAttribute(string name) => _attributes.ContainsKey(name);

    public int Int(string name, int fallback) => _attributes.TryGetValue(name, out var found) ? Narrow(found.I) : fallback;

    public int? IntOrNull(string name) => _attributes.TryGetValue(name, out var found) ? Narrow(found.I) : null;

    public bool Flag(string name, bool fallback = false) => Int(name, fallback ? 1 : 0) != 0;

    public float Float(string name, float fallback) => _attributes.TryGetValue(name, out var found) ? found.F : fallback;

    public int[]? Ints(string name) => _attributes.TryGetValue(name, out var found) ? [.. found.Ints.Select(Narrow)] : null;

    public float[]? Floats(string name) => _attributes.TryGetValue(name, out var found) ? [.. found.Floats] : null;

    public string Text(string name, string fallback) => _attributes.TryGetValue(name, out var found) ? found.S.ToString(Encoding.UTF8) : fallback;

    /// <summary>The way that an attribute names; the first one is the default.</summary>
    /// <exception cref="ModelException">It names none of them.</exception>
    public string Choice(string name, params string[] ways)
    {
        var asked = Text(name, ways[0]);
        return ways.Contains(asked)
            ? asked
            : throw new ModelException($"its {name} is '{asked}'; expected {string.Join(", ", ways[..^1])} or {ways[^1]}.");
    }

    public string[]? Texts(string name) =>
        _attributes.TryGetValue(name, out var found) ? [.. found.Strings.Select(text => text.ToString(Encoding.UTF8))] : null;

    public GraphProto Graph(string name) =>
        _attributes.TryGetValue(name, out var found) ? found.G : throw new ModelException($"the graph '{name}' is missing.");

    /// <summary>The value of a Constant node, or of another attribute that holds a tensor.</summary>
    public TensorData? Tensor(string name) => _attributes.TryGetValue(name, out var found) ? _graph.Read(found.T) : null;

    /// <summary>The value of a Constant node in any of its forms.</summary>
    public TensorData ConstantValue() =>
        _proto.Attribute.Select(KnownConstants.ValueOf).FirstOrDefault(value => value is not null) is { } tensor
            ? _graph.Read(tensor)
            : throw new ModelException("its value is text or sparse; expected numbers.");

    /// <summary>Builds the node's computation: for the file's own values, or again for others.</summary>
    public SymbolicTensors Build(OperatorLayer? layer, SymbolicTensors tensors)
    {
        _layer = layer;
        for (var i = 0; i < _computed.Length; i++) _tensors[_computed[i]] = tensors[i];
        for (var i = 0; i < _symbols.Length; i++) _sources[_symbols[i]] = tensors[_computed.Length + i];
        var results = Results();
        Orders = [.. results.Select(result => result.Order)];
        return results.Select(result => result.Tensor).ToArray();
    }

    /// <summary>The extents of an input, if each is a number or the symbol of a size.</summary>
    public IReadOnlyList<Extent>? SizesOf(int input) =>
        !Has(input) ? null
        : Value(input) is { Data: { } data } && data.Type.IsInteger() ? [.. DataMoves.Longs(data).Select(Extent.Of)]
        : Value(input).Extents;

    public FileValue Value(int input) => Has(input) ? _inputs[input]! : throw new ModelException($"input {input} is missing.");

    private FileResult[] Results()
    {
        try
        {
            return _importer(this);
        }
        catch (Exception misfit) when (
            misfit is (IndexOutOfRangeException or ArgumentException or ArithmeticException or InvalidOperationException) and not ModelException)
        {
            // Attributes and inputs of a file may hold anything; what an importer then trips over says little to the reader of a message.
            throw new ModelException(
                $"its attributes and inputs do not fit its operator ({string.Join(", ", _inputs.Select(input => input is null ? "none" : $"{input.Shape}"))}). "
                + "The file is damaged, or its writer breaks ONNX's rules; export the model again.",
                misfit);
        }
    }

    /// <summary>The symbols of sizes that it reads, and that are no size of what it computes from.</summary>
    private IEnumerable<int> Symbols()
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            if (_inputs[i] is not { Data: null } || !SizeInputs.Contains(OpType, i) || SizesOf(i) is not { } sizes) continue;
            foreach (var size in sizes)
            {
                if (!size.IsKnown && size.Symbol < Shape.Unknown) yield return size.Symbol;
            }
        }
    }

    private static SymbolicTensor Moved(SymbolicTensor tensor, Layout from, Layout to) =>
        from == to ? tensor : Ops.Make(new Operators.Transpose(from.GraphPermutationTo(to)), tensor);

    // Ends of slices are often the largest integer, which means the end of the axis.
    private static int Narrow(long value) => (int)Math.Clamp(value, int.MinValue, int.MaxValue);
}
