using System.Globalization;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>The engine's random numbers, computed in the file: Philox 4x32-10 in int64, so that masks equal the engine's bit for bit.</summary>
/// <remarks>
/// ONNX's own random operators differ between hosts and do not take a step. Words are held in int64, because ONNX Runtime cannot multiply unsigned
/// numbers: the low 64 bits of a product are the same, and its upper half is shifted out as uint64. See <see cref="Philox"/> for the order of the words.
/// </remarks>
internal static class RandomNumbersInGraph
{
    private const int OldestOpset = 18;
    private const int BlocksPerGroup = Philox.Group / 4;
    private const long Word = 0xFFFFFFFF;
    private const int UInt64 = 13;
    private const float Unit = 1f / 16777216f;

    private static readonly TensorSpec s_words = new(Shape.Of(Shape.Unknown, 1, BlocksPerGroup), DType.Int64);
    private static readonly TensorSpec s_numbers = new(Shape.Of(Shape.Unknown, 1, BlocksPerGroup), DType.Float32);

    public static void Dropout(Emission emission, Node node, Dropout op)
    {
        if (!Allowed(emission, node)) return;
        Definitions.Write(emission, node, inputs =>
        {
            if (op.Rate >= 1) return Ops.ZerosLike(inputs[0]);
            if (op.SharedAxes.Count > 0) return Training.Decompositions.Of(op, inputs)[0];
            var kept = Ops.GreaterEqual(Ops.Make(new RandomUniform(op.Stream, 0, 1), inputs[0]), op.Rate);
            return Ops.Where(kept, inputs[0] * (1 / (1 - op.Rate)), 0);
        });
    }

    public static void Uniform(Emission emission, Node node, RandomUniform op) =>
        Write(emission, node, op.Stream, "uniform", op.High - op.Low, op.Low, words => [.. words.Select(word => Fraction(emission, word, 0))]);

    /// <summary>The Box-Muller transform: the first word of a pair gives the radius, the second the angle.</summary>
    public static void Normal(Emission emission, Node node, RandomNormal op) => Write(emission, node, op.Stream, "normal", op.Deviation, op.Mean, words =>
    {
        var results = new string[words.Length];
        for (var pair = 0; pair < words.Length; pair += 2)
        {
            var logarithm = emission.Add("Log", s_numbers, [Fraction(emission, words[pair], 1)]);
            var radius = emission.Add("Sqrt", s_numbers, [emission.Add("Mul", s_numbers, [logarithm, emission.Scalar("factor", -2f)])]);
            var angle = emission.Add("Mul", s_numbers, [Fraction(emission, words[pair + 1], 0), emission.Scalar("turn", 2 * MathF.PI)]);
            results[pair] = emission.Add("Mul", s_numbers, [radius, emission.Add("Cos", s_numbers, [angle])]);
            results[pair + 1] = emission.Add("Mul", s_numbers, [radius, emission.Add("Sin", s_numbers, [angle])]);
        }

        return results;
    });

    private static bool Allowed(Emission emission, Node node)
    {
        if (emission.Random is null)
        {
            Refusals.Random(emission, node);
            return false;
        }

        if (emission.Opset >= OldestOpset) return true;
        emission.Refuse(node, $"it draws random numbers, which need the bitwise operators of opset {OldestOpset}. Use opset {OldestOpset} or later.");
        return false;
    }

    private static void Write(Emission emission, Node node, RandomStream stream, string kind, float scale, float offset, Func<string[], string[]> distribute)
    {
        if (!Allowed(emission, node)) return;
        var (x, y) = (node.Inputs[0], node.Outputs[0]);
        var shape = x.Spec.Shape;

        // The forward and the backward pass read the same stream; equal shapes are drawn once. Two calls of a layer may have other unknown sizes.
        var standard = emission.Once(stream, kind + string.Join(',', shape.Symbols.ToArray()), () =>
        {
            var dims = shape.IsKnown ? emission.Constant("dims", shape.Dims.ToArray()) : DynamicShapes.Dims(emission, x, Enumerable.Range(0, shape.Rank));
            var count = shape.IsKnown
                ? emission.Constant("count", shape.ElementCount)
                : emission.Add("ReduceProd", new TensorSpec(Shape.Of(1), DType.Int64), [dims], Attributes.Int("keepdims", 1));
            var rows = distribute(Blocks(emission, stream, count));
            var groups = emission.Add("Concat", s_numbers with { Shape = Shape.Of(Shape.Unknown, 4, BlocksPerGroup) }, rows, Attributes.Int("axis", 1));
            var line = new TensorSpec(Shape.Of(Shape.Unknown), DType.Float32);
            var flat = emission.Add("Reshape", line, [groups, emission.Constant("flat", -1)]);
            var cut = emission.Add("Slice", line, [flat, emission.Constant("start", 0), count, emission.Constant("axis", 0)]);
            return emission.Add("Reshape", y.Spec, [cut, dims]);
        });

        var layout = Layout.Identity(shape.Rank);
        if (scale == 1 && offset == 0)
        {
            emission.Result(y, layout, "Identity", [standard]);
            return;
        }

        var scaled = emission.Add("Mul", y.Spec, [standard, emission.Scalar("scale", scale)]);
        emission.Result(y, layout, "Add", [scaled, emission.Scalar("offset", offset)]);
    }

    /// <summary>The four words of as many blocks as the elements need, each of shape (groups, 1, 16).</summary>
    private static string[] Blocks(Emission emission, RandomStream stream, string count)
    {
        var random = emission.Random!;
        var one = new TensorSpec(Shape.Of(), DType.Int64);
        var single = emission.Add("Squeeze", one, [count, emission.Constant("axes", 0)]);
        var roundedUp = emission.Add("Add", one, [single, emission.Scalar("round_up", Philox.Group - 1L)]);
        var groups = emission.Add("Div", one, [roundedUp, emission.Scalar("group", (long)Philox.Group)]);
        var blocks = emission.Add("Mul", one, [groups, emission.Scalar("blocks", (long)BlocksPerGroup)]);
        var range = emission.Add(
            "Range", new TensorSpec(Shape.Of(Shape.Unknown), DType.Int64), [emission.Scalar("start", 0L), blocks, emission.Scalar("step", 1L)]);
        var x = emission.Add("Reshape", s_words, [range, emission.Constant("rows", -1, 1, BlocksPerGroup)]);
        var y = emission.Scalar("stream", (long)random.Streams.NumberOf(stream));

        // Steps are counted in float32, so they stay below 2^24 and the upper word of the step is zero.
        var z = emission.Add("Cast", one, [emission.Read(random.Step)], Attributes.Type("to", DType.Int64));
        var w = emission.Scalar("zero", 0L);
        for (var round = 0; round < Philox.Rounds; round++)
        {
            var product0 = Any("Mul", x, emission.Scalar("multiplier", (long)Philox.Multiplier0));
            var product1 = Any("Mul", z, emission.Scalar("multiplier", (long)Philox.Multiplier1));
            (x, y, z, w) = (
                Any("BitwiseXor", Any("BitwiseXor", High(product1), y), Key(emission, stream, 0, round)),
                Any("BitwiseAnd", product1, emission.Scalar("word", Word)),
                Any("BitwiseXor", Any("BitwiseXor", High(product0), w), Key(emission, stream, 1, round)),
                Any("BitwiseAnd", product0, emission.Scalar("word", Word)));
        }

        return [x, y, z, w];

        // In the first rounds some words are scalars and some are rows, so the shapes are not stated.
        string Any(string op, params string[] inputs) => emission.Add(op, null, inputs);

        string High(string product) => UpperHalf(emission, product);
    }

    /// <summary>A word of a round's key: the seed's lower or upper half, plus the Weyl constant times the number of earlier rounds.</summary>
    private static string Key(Emission emission, RandomStream stream, int half, int round)
    {
        var added = unchecked((uint)round * (half == 0 ? Philox.Weyl0 : Philox.Weyl1));
        if (stream.Seed is { } own) return emission.Scalar("key", (long)unchecked((uint)(own >> (32 * half)) + added));

        // All streams that follow the seed have the same keys.
        var role = string.Create(CultureInfo.InvariantCulture, $"key {half} of round {round}");
        return emission.Once(emission.Random!, role, () =>
        {
            var one = new TensorSpec(Shape.Of(), DType.Int64);
            var seed = emission.Read(emission.Random!.Seed);
            var word = half == 0 ? seed : UpperHalf(emission, seed);
            var sum = emission.Add("Add", one, [word, emission.Scalar("weyl", (long)added)]);
            return emission.Add("BitwiseAnd", one, [sum, emission.Scalar("word", Word)]);
        });
    }

    /// <summary>The upper 32 of 64 bits.</summary>
    private static string UpperHalf(Emission emission, string bits)
    {
        var name = emission.Graph.Reserve(emission.Prefix + "/BitShift");
        string[] operands = [Cast(emission, UInt64, bits), Cast(emission, UInt64, emission.Scalar("half", 32L))];
        emission.Node("BitShift", operands, [name], Attributes.Text("direction", "RIGHT"));
        return Cast(emission, OnnxGraph.ElementType(DType.Int64), name);
    }

    private static string Cast(Emission emission, int type, string input) => emission.Add("Cast", null, [input], Attributes.Int("to", type));

    /// <summary>The upper 24 bits of a word, divided by 2^24.</summary>
    private static string Fraction(Emission emission, string word, long added)
    {
        var bits = emission.Add("Div", s_words, [word, emission.Scalar("byte", 256L)]);
        if (added != 0) bits = emission.Add("Add", s_words, [bits, emission.Scalar("added", added)]);
        var number = emission.Add("Cast", s_numbers, [bits], Attributes.Type("to", DType.Float32));
        return emission.Add("Mul", s_numbers, [number, emission.Scalar("unit", Unit)]);
    }
}
