using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;
using Opcode = OnnxFunctional.Training.Simd.ElementwiseOpcode;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The elementwise operators as instructions of a chain: the kernel table's rows for all of them.</summary>
internal static class ElementwiseTable
{
    /// <summary>The most nodes in one chain: the tiles of more would not fit in the first-level cache.</summary>
    public const int LongestChain = 64;

    /// <summary>Adds the instructions of one node and returns the register of its result.</summary>
    private delegate int Instructions(ElementwiseProgramBuilder program, Node node, ReadOnlySpan<int> x, RandomStreams random);

    /// <summary>Whether chains support a node and its types.</summary>
    public static bool CanFuse(Node node)
    {
        if (!Has(node.Op)) return false;
        foreach (var output in node.Outputs)
        {
            if (TypeOf(output.Spec.Type) is null) return false;
        }

        for (var i = 0; i < node.Inputs.Count; i++)
        {
            if (!node.Op.ReadsOnlyShapeOf(i) && TypeOf(node.Inputs[i].Spec.Type) is null) return false;
        }

        return IntegerBounds.FitFloats(node);
    }

    /// <summary>How chains store an element type; null if they do not support it.</summary>
    public static ElementwiseType? TypeOf(DType type) => type switch
    {
        DType.Float32 => ElementwiseType.Float32,
        DType.Int32 => ElementwiseType.Int32,
        DType.Int64 => ElementwiseType.Int64,
        DType.Bool => ElementwiseType.Bool,
        DType.Float16 => ElementwiseType.Float16,
        DType.BFloat16 => ElementwiseType.BFloat16,
        DType.Int8 => ElementwiseType.Int8,
        DType.UInt8 => ElementwiseType.UInt8,
        _ => null,
    };

    /// <summary>Adds a node's instructions to a program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="node">The node.</param>
    /// <param name="x">The registers of its inputs.</param>
    /// <param name="random">The random streams and their seeds.</param>
    /// <returns>The register of its result.</returns>
    public static int Append(ElementwiseProgramBuilder program, Node node, ReadOnlySpan<int> x, RandomStreams random) =>
        Find(node.Op)!(program, node, x, random);

    public static bool Has(Op op) => Find(op) is not null;

    private static Instructions? Find(Op op) => op switch
    {
        Abs => Unary(Opcode.Abs),
        Acos => Unary(Opcode.Acos),
        Acosh => Unary(Opcode.Acosh),
        Asin => Unary(Opcode.Asin),
        Asinh => Unary(Opcode.Asinh),
        Atan => Unary(Opcode.Atan),
        Atanh => Unary(Opcode.Atanh),
        Ceil => Unary(Opcode.Ceiling),
        Celu celu => Unary(Opcode.Celu, celu.Alpha),
        Clip clip => Unary(Opcode.Clip, clip.Minimum, clip.Maximum),
        Cos => Unary(Opcode.Cos),
        Cosh => Unary(Opcode.Cosh),
        Elu elu => Unary(Opcode.Elu, elu.Alpha),
        Erf => Unary(Opcode.Erf),
        Exp => Unary(Opcode.Exp),
        Expm1 => Unary(Opcode.Expm1),
        Floor => Unary(Opcode.Floor),
        Gelu gelu => Unary(gelu.Approximate ? Opcode.GeluTanh : Opcode.Gelu),
        HardSigmoid hard => Unary(Opcode.HardSigmoid, hard.Alpha, hard.Beta),
        HardSwish => Unary(Opcode.HardSwish),
        LeakyRelu leaky => Unary(Opcode.LeakyRelu, leaky.Alpha),
        Log => Unary(Opcode.Log),
        Log1p => Unary(Opcode.Log1p),
        Mish => Unary(Opcode.Mish),
        Neg => Unary(Opcode.Negate),
        Reciprocal => Unary(Opcode.Reciprocal),
        Relu => Unary(Opcode.Relu),
        Round => Unary(Opcode.Round),
        Selu => Unary(Opcode.Selu, 1.6732632423543772f, 1.0507009873554805f),
        Shrink shrink => Unary(Opcode.Shrink, shrink.Lambda, shrink.Bias),
        Sigmoid => Unary(Opcode.Sigmoid),
        Sign => Unary(Opcode.Sign),
        Sin => Unary(Opcode.Sin),
        Sinh => Unary(Opcode.Sinh),
        Softplus => Unary(Opcode.Softplus),
        Softsign => Unary(Opcode.Softsign),
        Sqrt => Unary(Opcode.Sqrt),
        Tan => Unary(Opcode.Tan),
        Tanh => Unary(Opcode.Tanh),
        ThresholdedRelu relu => Unary(Opcode.ThresholdedRelu, relu.Alpha),
        IsNaN => Unary(Opcode.IsNaN),
        IsInf => Unary(Opcode.IsInfinity),
        Not => Unary(Opcode.Not),
        Add => Binary(Opcode.Add),
        Div => Binary(Opcode.Divide),
        Max => Binary(Opcode.Max),
        Min => Binary(Opcode.Min),
        Mod => Binary(Opcode.FloorMod),
        Mul => Binary(Opcode.Multiply),
        Pow => Binary(Opcode.Power),
        PRelu => Binary(Opcode.Prelu),
        Sub => Binary(Opcode.Subtract),
        Equal => Binary(Opcode.Equal),
        Greater => Binary(Opcode.Greater),
        GreaterOrEqual => Binary(Opcode.GreaterOrEqual),
        Less => Binary(Opcode.Less),
        LessOrEqual => Binary(Opcode.LessOrEqual),
        And => Binary(Opcode.And),
        Or => Binary(Opcode.Or),
        Xor => Binary(Opcode.Xor),
        Where => Choice,
        ExpandLike => Copy,
        Cast cast => Convert(cast),
        Dropout { SharedAxes.Count: 0 } dropout => Drop(dropout),
        RandomNormal normal => Normal(normal),
        RandomUniform uniform => Uniform(uniform),
        _ => null,
    };

    private static Instructions Unary(Opcode opcode, float alpha = 0, float beta = 0) =>
        (program, _, x, _) => program.Add(opcode, x[0], alpha: alpha, beta: beta);

    private static Instructions Binary(Opcode opcode) => (program, _, x, _) => program.Add(opcode, x[0], x[1]);

    private static int Choice(ElementwiseProgramBuilder program, Node node, ReadOnlySpan<int> x, RandomStreams random) =>
        node.Outputs[0].Spec.Type == DType.Bool
            ? program.Add(Opcode.Or, program.Add(Opcode.And, x[0], x[1]), program.Add(Opcode.And, program.Add(Opcode.Not, x[0]), x[2]))
            : program.Add(Opcode.Where, x[0], x[1], x[2]);

    private static int Copy(ElementwiseProgramBuilder program, Node node, ReadOnlySpan<int> x, RandomStreams random) =>
        node.Outputs[0].Spec.Type == DType.Bool ? program.Add(Opcode.And, x[0], x[0]) : program.Add(Opcode.Copy, x[0]);

    private static Instructions Drop(Dropout op) => (program, _, x, random) =>
    {
        if (op.Rate >= 1) return program.Add(Opcode.Multiply, x[0], program.Constant(0));
        var numbers = program.Random(Opcode.RandomUniform, random.SeedOf(op.Stream), random.NumberOf(op.Stream));
        var stays = program.Add(Opcode.GreaterOrEqual, numbers, program.Constant(op.Rate));
        return program.Add(Opcode.Where, stays, program.Add(Opcode.Multiply, x[0], program.Constant(1 / (1 - op.Rate))), program.Constant(0));
    };

    private static Instructions Uniform(RandomUniform op) => (program, _, _, random) =>
    {
        var even = program.Random(Opcode.RandomUniform, random.SeedOf(op.Stream), random.NumberOf(op.Stream));
        if (op is { Low: 0, High: 1 }) return even;
        return program.Add(Opcode.Add, program.Add(Opcode.Multiply, even, program.Constant(op.High - op.Low)), program.Constant(op.Low));
    };

    private static Instructions Normal(RandomNormal op) => (program, _, _, random) =>
    {
        var standard = program.Random(Opcode.RandomNormal, random.SeedOf(op.Stream), random.NumberOf(op.Stream));
        return program.Add(Opcode.Add, program.Add(Opcode.Multiply, standard, program.Constant(op.Deviation)), program.Constant(op.Mean));
    };

    private static Instructions Convert(Cast op) => (program, node, x, _) =>
    {
        if (op.IsStorage) return x[0];
        var result = Convert(program, x[0], node.Inputs[0].Spec.Type, op.To);
        return op.To.Is8Bit() && !IsWithin(node.Inputs[0], op.To) ? Wrapped(program, result, op.To) : result;
    };

    /// <summary>Whether all elements are known to be in the range of an 8-bit type.</summary>
    private static bool IsWithin(Value value, DType type)
    {
        var (lowest, highest) = type.RangeOf8Bit();
        return value.Spec.Type == DType.Bool || (value.Producer.Op is Clip clip && clip.Minimum >= lowest && clip.Maximum <= highest);
    }

    /// <summary>A whole number's lowest eight bits, as memory would hold them.</summary>
    private static int Wrapped(ElementwiseProgramBuilder program, int x, DType type)
    {
        var above = program.Add(Opcode.Subtract, x, program.Constant(type.RangeOf8Bit().Lowest));
        var turns = program.Add(Opcode.Floor, program.Add(Opcode.Multiply, above, program.Constant(1f / 256)));
        return program.Add(Opcode.Subtract, x, program.Add(Opcode.Multiply, turns, program.Constant(256)));
    }

    private static int Convert(ElementwiseProgramBuilder program, int x, DType from, DType to)
    {
        if (from == DType.Bool) return to == DType.Bool ? x : program.Add(Opcode.MaskToFloat, x);
        if (to == DType.Bool) return program.Add(Opcode.FloatToMask, x);

        if (to == DType.Float16) return program.Add(Opcode.ToHalf, x);
        if (to == DType.BFloat16) return program.Add(Opcode.ToBFloat16, x);

        // Truncates, as a conversion to integers does, so that later instructions of the chain see what a reader of memory would see.
        if (from.IsFloating() && (to.IsInteger() || to.Is8Bit()))
            return program.Add(Opcode.Multiply, program.Add(Opcode.Sign, x), program.Add(Opcode.Floor, program.Add(Opcode.Abs, x)));
        return x;
    }
}
