using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit;

/// <summary>
/// Weights and constants of a file. Each weight is stored once, under its name, in the arrangement that its first reader needs, which is noted beside it.
/// </summary>
internal sealed class InitializerStore(Emission emission, IReadOnlyDictionary<Weight, string> weightNames)
{
    private readonly Dictionary<Value, StaticTensor> _statics = [];
    private readonly Dictionary<Weight, Arrangement> _stored = [];
    private readonly Dictionary<(Weight, Arrangement), string> _weights = [];
    private readonly Dictionary<(string Owner, TensorData Data, Arrangement Arrangement, bool Packed), string> _constants = [];
    private readonly Dictionary<string, string> _widened = [];

    /// <summary>A value as a weight or constant; null if it is computed at run time.</summary>
    public StaticTensor? Find(Value value)
    {
        if (_statics.TryGetValue(value, out var known)) return known;

        // A weight may be read before its node is visited: the second direction of a recurrent layer is written with the first.
        return value.Producer.Op is Variable or Operators.Constant && TryFold(value.Producer) ? _statics[value] : null;
    }

    public void Set(Value value, TensorData data) => _statics[value] = StaticTensor.Of(data);

    /// <summary>Folds weights, constants and operators that only move their elements; true if the node need not be written.</summary>
    public bool TryFold(Node node)
    {
        var folded = node.Op switch
        {
            Variable variable when weightNames.ContainsKey(variable.Weight) => StaticTensor.Of(variable.Weight),
            Constant constant => StaticTensor.Of(constant.Data) with { FileName = constant.FileName },
            ViewOp when Input() is { } input
                && node.Outputs[0].Spec.Shape is { IsKnown: true } shape => input.Then(new ReshapeStep(IntList.Create(shape.Dims))),
            Transpose transpose when Input() is { } input => input.Then(new TransposeStep(transpose.Permutation)),
            Identity or StopGradient when Input() is { } input => input,
            Cast { To: DType.Float32 } when Input() is { Data.Type: DType.Float16 or DType.BFloat16 } input => input with { IsWidened = true },

            // 8-bit integers are there to take little room in the file.
            Cast cast when !node.Inputs[0].Spec.Type.Is8Bit() && Input() is { Data: { } data } input
                && Casts.TryConvert(data, cast.To) is { } converted => input with { Data = converted },
            _ => null,
        };
        if (folded is null) return false;
        _statics[node.Outputs[0]] = folded;
        return true;

        StaticTensor? Input() => Find(node.Inputs[0]);
    }

    /// <summary>Stores the weights that inference does not read, so that training can be resumed from the file.</summary>
    public void StoreRest()
    {
        foreach (var (weight, _) in weightNames)
        {
            if (!_stored.ContainsKey(weight)) WeightName(weight, StaticTensor.Of(weight));
        }
    }

    /// <summary>The name of a weight or constant after further steps.</summary>
    public string Name(StaticTensor tensor, IReadOnlyList<ArrangementStep> steps)
    {
        var arranged = tensor.Then(steps);
        if (arranged.Weight is { } weight) return WeightName(weight, arranged);
        var name = ConstantName("constant", arranged);
        return arranged.IsWidened ? Widened(name, arranged.Shape) : name;
    }

    public string Constant(string role, TensorData data) => ConstantName(role, StaticTensor.Of(data));

    /// <summary>The name of a constant of 8-bit integers, two of which are stored in a byte.</summary>
    public string Packed(StaticTensor tensor) => ConstantName("constant", tensor, packed: true);

    /// <summary>The name of a stored tensor of 16 bits as float32: hosts convert it when they open the file.</summary>
    private string Widened(string name, Shape shape)
    {
        if (_widened.TryGetValue(name, out var known)) return known;
        return _widened[name] = emission.Add("Cast", new TensorSpec(shape, DType.Float32), [name], Attributes.Type("to", DType.Float32));
    }

    private string WeightName(Weight weight, StaticTensor tensor)
    {
        if (_weights.TryGetValue((weight, tensor.Arrangement), out var known)) return known;
        if (!_stored.TryGetValue(weight, out var stored))
        {
            _stored[weight] = tensor.Arrangement;
            var name = weightNames[weight];
            var late = LateBytes.Of(Elements(name, tensor.Shape), () => tensor.Arrangement.Apply(Values(), weight.Shape));
            var proto = emission.Graph.Initializer(name, tensor.Shape, DType.Float32, late);
            if (!tensor.Arrangement.IsNone)
            {
                proto.MetadataProps.Add(Arrangement.ShapeKey, string.Join(',', FeatureOrder.Numbers(weight.Shape.Dims.ToArray())));
                proto.MetadataProps.Add(Arrangement.MetadataKey, tensor.Arrangement.ToString());
            }

            return _weights[(weight, tensor.Arrangement)] = name;

            float[] Values() => emission.Merges ? weight.Merged : weight.Storage;
        }

        // A second reader needs another arrangement: it is derived from the stored one in the file, so that the weight remains one tensor.
        if (!_weights.TryGetValue((weight, Arrangement.None), out var plain))
        {
            plain = Conversions.Undo(emission, _weights[(weight, stored)], weight.Shape, stored);
            _weights[(weight, Arrangement.None)] = plain;
        }

        return _weights[(weight, tensor.Arrangement)] = Conversions.Apply(
            emission, plain, new TensorSpec(weight.Shape, DType.Float32), tensor.Arrangement.Steps);
    }

    // The shape in the file, where a bias may stand beside another one.
    private static int Elements(string name, Shape shape)
    {
        var bytes = shape.ElementCount * sizeof(float);
        return bytes <= int.MaxValue
            ? (int)shape.ElementCount
            : throw new ExportException(
                $"The weight '{name}' of shape {shape} takes {bytes:N0} bytes; one tensor of a file has fewer than 2 GiB. "
                + "Make it of several smaller weights, such as layers side by side whose outputs are concatenated. Nothing was written.");
    }

    private string ConstantName(string role, StaticTensor tensor, bool packed = false)
    {
        var wanted = tensor.FileName ?? emission.Prefix + "/" + role;

        // A tensor of floats may be what a layer learns, when the file is opened; two layers do not share it then, nor what has a name of its own. Shapes, axes
        // and numbers are shared by all.
        var isShared = tensor.FileName is null && (tensor.Data!.Type is DType.Int32 or DType.Int64 or DType.Bool || tensor.Shape.ElementCount == 1);
        var key = (isShared ? "" : wanted, tensor.Data!, tensor.Arrangement, packed);
        if (_constants.TryGetValue(key, out var known)) return known;
        var name = emission.Graph.Reserve(wanted);
        _constants[key] = name;
        var data = tensor.Data!;
        if (packed) emission.Graph.Nibbles(name, tensor.Shape, data.Type, Elements<byte>());
        else if (data.Type.Size() == 4) Store<int>();
        else if (data.Type.Size() == 8) Store<long>();
        else if (data.Type.Size() == 2) Store<short>();
        else Store<byte>();
        return name;

        T[] Elements<T>() where T : struct => tensor.Arrangement.Apply(data.As<T>().ToArray(), tensor.Source);

        void Store<T>() where T : struct => emission.Graph.Initializer(name, tensor.Shape, data.Type, Elements<T>());
    }
}
