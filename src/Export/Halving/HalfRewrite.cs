using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Halving;

/// <summary>A value as the file has it, and as the engine computes it: in float32, rounded to numbers that the file's type has.</summary>
internal readonly record struct HalfValue(Value Written, Value Computed);

/// <summary>Makes nodes again that compute in 16 bits, or read weights of 16 bits.</summary>
/// <remarks>
/// Each result is rounded, as a GPU rounds it. ONNX Runtime's CPU provider converts to float32 for most operators, and rounds only what it stores in 16 bits.
/// </remarks>
internal sealed class HalfRewrite(HalfConstants constants, HalfRules rules, HalfOptions options)
{
    private readonly Dictionary<Value, HalfValue> _map = [];
    private readonly Dictionary<Value, HalfValue> _narrowed = [];
    private readonly Dictionary<Value, HalfValue> _widened = [];

    /// <summary>Whether a node is of a layer that stays float32.</summary>
    public required Func<Node, bool> IsKept { get; init; }

    /// <summary>Whether what only moves numbers is converted too, because the rest of the graph stays as it is.</summary>
    public bool IsAlone { get; init; }

    /// <summary>What stands for a value; the value itself if nothing was made in its place.</summary>
    public HalfValue this[Value original]
    {
        get => _map.TryGetValue(original, out var stands) ? stands : new(original, original);
        set => _map[original] = value;
    }

    /// <summary>Makes a node again.</summary>
    /// <returns>Whether it computes in 16 bits, or reads weights of 16 bits.</returns>
    public bool Add(Node node)
    {
        if (node.Op is SourceOp) return false;
        var half = ComputesInHalf(node);
        HalfValue[] inputs = [.. node.Inputs.Select((input, i) => node.Op.ReadsOnlyShapeOf(i) ? this[input] : half ? Narrow(input) : Widen(input, node))];
        var written = Made(node, [.. inputs.Select(input => input.Written)]);
        var computed = Made(node, [.. inputs.Select(input => input.Computed)]);
        for (var i = 0; i < node.Outputs.Count; i++)
        {
            var narrow = written.Outputs[i].Spec.Type.IsHalfWidth() && !OnlyMoves(node);
            _map[node.Outputs[i]] = new(written.Outputs[i], narrow ? Rounded(computed.Outputs[i]) : computed.Outputs[i]);
        }

        return half || inputs.Any(input => input.Written.Producer is { Op: Operators.Cast, Inputs: [{ Producer.Op: Constant }] });
    }

    /// <summary>A value in 16 bits, if it is of floating point.</summary>
    public HalfValue Narrow(Value value)
    {
        var stands = this[value];
        if (stands.Written.Spec.Type != DType.Float32) return stands;
        if (_narrowed.TryGetValue(stands.Written, out var known)) return known;
        if (value.Producer.Op is not (Variable or Constant))
            return _narrowed[stands.Written] = new(Cast(stands.Written, options.Type), Rounded(stands.Computed));
        var half = constants.Half(value);
        return _narrowed[stands.Written] = new(half, Cast(half, DType.Float32));
    }

    /// <summary>A value in float32, if it is of floating point.</summary>
    public HalfValue Widen(Value value, Node? reader = null)
    {
        var stands = this[value];
        if (stands.Written.Spec.Type.IsHalfWidth())
        {
            if (_widened.TryGetValue(stands.Written, out var known)) return known;
            return _widened[stands.Written] = new(Cast(stands.Written, DType.Float32), stands.Computed);
        }

        if (!HalfConstants.IsWeight(value)) return stands;
        if (reader is null || IsKept(reader) || rules.IsExact(reader)) return new(constants.Whole(value), constants.Whole(value));
        if (_widened.TryGetValue(value, out var widened)) return widened;
        var wide = Cast(constants.Half(value), DType.Float32);
        return _widened[value] = new(wide, wide);
    }

    /// <summary>Whether a node computes in 16 bits.</summary>
    public bool ComputesInHalf(Node node)
    {
        if (options.Kind != HalfKind.Float16 || IsKept(node) || !rules.CanCompute(node)) return false;
        if (IsAlone || !HalfRules.Follows(node)) return true;
        var computed = node.Inputs.Where((input, i) => IsRead(node, i) && input.Producer.Op is (not SourceOp) or Placeholder);
        var halves = computed.Select(input => this[input].Written.Spec.Type.IsHalfWidth()).ToList();
        return halves.Count == 0 || (node.Op is ComparisonOp ? halves.All(half => half) : halves.Any(half => half));
    }

    /// <summary>A value rounded to what the type has.</summary>
    public Value Rounded(Value value) => Cast(Cast(value, options.Type), DType.Float32);

    private static Value Cast(Value value, DType type) => Node.Create(new Cast(type), [value], value.Producer.Scope).Outputs[0];

    private static Node Made(Node node, Value[] inputs) => inputs.SequenceEqual(node.Inputs) ? node : node.WithInputs(inputs);

    private static bool IsRead(Node node, int input) => node.Inputs[input].Spec.Type == DType.Float32 && !node.Op.ReadsOnlyShapeOf(input);

    private static bool OnlyMoves(Node node) => Enumerable.Range(0, node.Inputs.Count).All(input => !IsRead(node, input) || node.Op.Moves(input));
}
