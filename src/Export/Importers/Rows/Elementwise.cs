using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Functions of each element: axes stay as they lie.</summary>
internal static class Elementwise
{
    // Values of ONNX's specification.
    private const float SeluAlpha = 1.67326319217681884765625f;
    private const float SeluGamma = 1.05070102214813232421875f;

    public static Importer Unary(Func<SymbolicTensor, SymbolicTensor> function) => node => [new(function(node.AsItLies(0)), node.OrderOf(0))];

    public static Importer Unary(Func<FileNode, SymbolicTensor, SymbolicTensor> function) => node => [new(function(node, node.AsItLies(0)), node.OrderOf(0))];

    /// <summary>A function of floats; integers keep their type.</summary>
    public static Importer Unary(Op op) => Unary(x => Ops.Cast(Ops.Make(op, x), x.DType));

    public static Importer Binary(Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function) => node =>
    {
        var order = OrderOf(node, [0, 1]);
        return [new(function(Left(node, order), Right(node, order)), order)];
    };

    public static Importer Binary(Op op) => Binary((x, y) => Of(op, x, y));

    /// <summary>A function of two tensors; 8-bit integers are computed as int32 and keep their lowest eight bits.</summary>
    private static SymbolicTensor Of(Op op, SymbolicTensor x, SymbolicTensor y) => InInt32(x, y, (a, b) => Ops.Make(op, a, b));

    /// <summary>A function of two tensors, for 8-bit integers in int32; of the results, the lowest eight bits stay.</summary>
    public static SymbolicTensor InInt32(SymbolicTensor x, SymbolicTensor y, WholeNumbers.Both function)
    {
        if (!x.DType.Is8Bit() || x.DType != y.DType) return function(x, y);
        var result = function(Ops.Cast(x, DType.Int32), Ops.Cast(y, DType.Int32));
        return result.DType == DType.Bool ? result : Ops.Cast(result, x.DType);
    }

    /// <summary>A function of any number of tensors.</summary>
    public static Importer Variadic(Op op, bool mean = false) => node =>
    {
        int[] inputs = [.. Enumerable.Range(0, node.InputCount)];
        var order = OrderOf(node, inputs);
        var result = node.Aligned(0, order);
        foreach (var input in inputs[1..]) result = Of(op, result, node.Aligned(input, order));
        if (inputs.Length == 1 && node.RankOf(0) == order.Rank) result = Ops.Make(new Identity(), result);
        return [new(mean ? result * (1f / inputs.Length) : result, order)];
    };

    /// <summary>The order of axes in which broadcast operands meet: that of the first computed operand of full rank that has another than the file's.</summary>
    public static Layout OrderOf(FileNode node, ReadOnlySpan<int> inputs)
    {
        var rank = 0;
        foreach (var input in inputs) rank = Math.Max(rank, node.RankOf(input));
        foreach (var input in inputs)
        {
            if (node.RankOf(input) == rank && node.Value(input) is { Data: null } && !node.OrderOf(input).IsIdentity) return node.OrderOf(input);
        }

        return Layout.Identity(rank);
    }

    public static FileResult[] Clip(FileNode node)
    {
        var x = node.AsItLies(0);
        var order = node.OrderOf(0);
        if (node.Version < 11)
            return [new(Ops.Make(new Clip(node.Float("min", float.NegativeInfinity), node.Float("max", float.PositiveInfinity)), x), order)];
        if (x.DType == DType.Float32 && Bound(node, 1, float.NegativeInfinity) is { } low && Bound(node, 2, float.PositiveInfinity) is { } high)
            return [new(Ops.Make(new Clip(low, high), x), order)];
        if (node.Has(1)) x = Of(new Max(), x, node.In(1));
        if (node.Has(2)) x = Of(new Min(), x, node.In(2));
        return [new(node.Has(1) || node.Has(2) ? x : Ops.Make(new Identity(), x), order)];
    }

    public static FileResult[] Cast(FileNode node) => CastTo(node, node.Int("to", 0));

    public static FileResult[] CastLike(FileNode node) =>
        CastTo(node, node.TypeInFile(1) ?? throw new ModelException("nothing tells the type of its second input. Export the file with types of its values."));

    /// <summary>A cast; one to a narrow float type rounds, and the graph holds the result as float32.</summary>
    private static FileResult[] CastTo(FileNode node, int type)
    {
        var to = StoredTensors.TypeOf(type)
            ?? throw new ModelException($"it casts to {StoredTensors.NameOf(type)}; expected a float type, int8, uint8, int32, int64 or bool.");
        var x = node.AsItLies(0);
        if (StoredTensors.NarrowOf(type) is { } narrow) x = Ops.Make(new Cast(narrow), x);
        return [new(Ops.Make(new Cast(to), x), node.OrderOf(0))];
    }

    public static FileResult[] Dropout(FileNode node)
    {
        if (node.Has(2) && DataMoves.Longs(node.Known(2, "training_mode"))[0] != 0 && (!node.Has(1) || DataMoves.Floats(node.Known(1, "the ratio"))[0] != 0))
            throw new ModelException("it drops elements in inference too (training_mode is true). Export the model for inference.");
        var x = Ops.Make(new Identity(), node.AsItLies(0));
        FileResult result = new(x, node.OrderOf(0));
        return node.Gives(1) ? [result, new(Ops.Cast(Ops.OnesLike(x), node.Version < 10 ? x.DType : DType.Bool), node.OrderOf(0))] : [result];
    }

    public static SymbolicTensor IsInf(FileNode node, SymbolicTensor x)
    {
        var (negative, positive) = (node.Flag("detect_negative", true), node.Flag("detect_positive", true));
        var infinite = Ops.Make(new IsInf(), x);
        if (negative && positive) return infinite;
        if (!negative && !positive) return Ops.Make(new And(), infinite, Ops.Make(new Not(), infinite));
        var side = Ops.Make(positive ? new Greater() : new Less(), x, Ops.Constant(0));
        return Ops.Make(new And(), infinite, side);
    }

    /// <summary>The remainder: with the sign of the divisor, or of the dividend if fmod is set.</summary>
    public static FileResult[] Mod(FileNode node)
    {
        var order = OrderOf(node, [0, 1]);
        return [new(InInt32(Left(node, order), Right(node, order), node.Flag("fmod") ? OfDividend : (x, y) => Ops.Make(new Mod(), x, y)), order)];
    }

    private static SymbolicTensor OfDividend(SymbolicTensor x, SymbolicTensor y)
    {
        var rest = Ops.Make(new Mod(), Magnitude(x), Magnitude(y));
        var below = Ops.Make(new Less(), x, Parts.Number(0, x.DType));
        return Ops.Make(new Where(), below, Opposite(rest), rest);
    }

    /// <summary>The power, in the type of the base.</summary>
    public static SymbolicTensor Pow(SymbolicTensor x, SymbolicTensor y)
    {
        var power = Ops.Make(new Pow(), Ops.Cast(x, DType.Float32), Ops.Cast(y, DType.Float32));
        return Ops.Cast(power, x.DType);
    }

    public static SymbolicTensor Equal(SymbolicTensor x, SymbolicTensor y) =>
        x.DType == DType.Bool ? Ops.Make(new Not(), Ops.Make(new Xor(), x, y)) : Of(new Equal(), x, y);

    public static SymbolicTensor Magnitude(SymbolicTensor x) =>
        x.DType == DType.Float32 ? Ops.Make(new Abs(), x) : Ops.Make(new Max(), x, Opposite(x));

    public static SymbolicTensor Opposite(SymbolicTensor x) =>
        x.DType == DType.Float32 ? Ops.Make(new Neg(), x) : Ops.Make(new Sub(), Parts.Number(0, x.DType), x);

    public static SymbolicTensor Selu(FileNode node, SymbolicTensor x)
    {
        var (alpha, gamma) = (node.Float("alpha", node.Version < 6 ? 1.6732f : SeluAlpha), node.Float("gamma", node.Version < 6 ? 1.0507f : SeluGamma));
        return alpha == SeluAlpha && gamma == SeluGamma ? Ops.Make(new Selu(), x) : Ops.Make(new Elu(alpha), x) * gamma;
    }

    public static FileResult[] PRelu(FileNode node)
    {
        var order = node.OrderOf(0);
        var rank = node.RankOf(0);

        // Before version 7 a list of slopes is one per channel, not per last position.
        if (node.Version < 7 && node.RankOf(1) == 1 && node.ShapeOf(1).Dims[0] > 1 && rank > 2)
        {
            var slopes = Ops.Make(new Unsqueeze([.. Enumerable.Range(1, rank - 2)]), node.Parameter(1, Layout.Identity(1)));
            return [new(Ops.Make(new PRelu(), node.In(0), slopes), Layout.Identity(rank))];
        }

        return [new(Ops.Make(new PRelu(), node.AsItLies(0), node.Aligned(1, order)), order)];
    }

    public static FileResult[] Where(FileNode node)
    {
        var order = OrderOf(node, [0, 1, 2]);
        var (condition, then, otherwise) = (node.Aligned(0, order), node.Aligned(1, order), node.Aligned(2, order));
        if (!then.DType.Is8Bit()) return [new(Ops.Make(new Where(), condition, then, otherwise), order)];
        return [new(Ops.Cast(Ops.Make(new Where(), condition, Ops.Cast(then, DType.Int32), Ops.Cast(otherwise, DType.Int32)), then.DType), order)];
    }

    private static float? Bound(FileNode node, int input, float none) =>
        !node.Has(input) ? none : node.Value(input).Data is { Type: DType.Float32 } data ? data.As<float>()[0] : null;

    private static SymbolicTensor Left(FileNode node, Layout order) => node.Aligned(0, order);

    /// <summary>The second operand. Before version 7, an attribute says where its axes lie in those of the first.</summary>
    private static SymbolicTensor Right(FileNode node, Layout order)
    {
        var (rank, own) = (node.RankOf(0), node.RankOf(1));
        if (node.Version >= 7 || node.IntOrNull("axis") is not { } axis || own == 0) return node.Aligned(1, order);
        var after = rank - own - (axis < 0 ? axis + rank : axis);
        if (after <= 0) return node.Aligned(1, order);
        if (!order.IsIdentity) throw new ModelException("its operands lie in different orders of axes. Convert the file to opset 7 or later.");
        return Ops.Make(new Unsqueeze([.. Enumerable.Range(own, after)]), node.In(1));
    }
}
