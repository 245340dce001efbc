using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;
using Opcode = OnnxFunctional.Training.Simd.ElementwiseOpcode;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The elementwise operators as instructions of a chain: the kernel table's rows for all of them.</summary>
internal static class ElementwiseTable
{
    /// <summary>Nodes in one chain: more would not stay in the first-level cache together.</summary>
    public const int LongestChain = 64;

    /// <summary>Whether a node is elementwise on types that chains compute with.</summary>
    public static bool CanFuse(Node node)
    {
        if (OpcodeOf(node.Op) is null && node.Op is not (RandomUniform or RandomNormal or Cast or Dropout { SharedAxes.Count: 0 })) return false;
        foreach (var output in node.Outputs)
        {
            if (TypeOf(output.Spec.Type) is null) return false;
        }

        for (var i = 0; i < node.Inputs.Count; i++)
        {
            if (!node.Op.ReadsOnlyShapeOf(i) && TypeOf(node.Inputs[i].Spec.Type) is null) return false;
        }

        return true;
    }

    /// <summary>How a chain stores an element type; nothing for those it does not know.</summary>
    public static ElementwiseType? TypeOf(DType type) => type switch
    {
        DType.Float32 => ElementwiseType.Float32,
        DType.Int32 => ElementwiseType.Int32,
        DType.Int64 => ElementwiseType.Int64,
        DType.Bool => ElementwiseType.Bool,
        DType.Float16 => ElementwiseType.Float16,
        DType.BFloat16 => ElementwiseType.BFloat16,
        _ => null,
    };

    /// <summary>Adds a node's instructions to a program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="node">The node.</param>
    /// <param name="x">The numbers of its inputs in the program.</param>
    /// <param name="random">Seeds and streams.</param>
    /// <returns>The number of its result.</returns>
    public static int Append(ElementwiseProgramBuilder program, Node node, ReadOnlySpan<int> x, RandomPlan random)
    {
        switch (node.Op)
        {
            case Dropout dropout:
                if (dropout.Rate >= 1) return program.Add(Opcode.Multiply, x[0], program.Constant(0));
                var numbers = program.Random(Opcode.RandomUniform, random.SeedOf(dropout.Stream), random.StreamOf(dropout.Stream));
                var stays = program.Add(Opcode.GreaterOrEqual, numbers, program.Constant(dropout.Rate));
                return program.Add(Opcode.Where, stays, program.Add(Opcode.Multiply, x[0], program.Constant(1 / (1 - dropout.Rate))), program.Constant(0));
            case RandomUniform uniform:
                var even = program.Random(Opcode.RandomUniform, random.SeedOf(uniform.Stream), random.StreamOf(uniform.Stream));
                return uniform is { Low: 0, High: 1 } ? even : program.Add(Opcode.Add, program.Add(Opcode.Multiply, even, program.Constant(uniform.High - uniform.Low)), program.Constant(uniform.Low));
            case RandomNormal normal:
                var standard = program.Random(Opcode.RandomNormal, random.SeedOf(normal.Stream), random.StreamOf(normal.Stream));
                return program.Add(Opcode.Add, program.Add(Opcode.Multiply, standard, program.Constant(normal.Deviation)), program.Constant(normal.Mean));
            case Cast cast:
                return cast.IsStorage ? x[0] : Convert(program, x[0], node.Inputs[0].Spec.Type, cast.To);
            case Where when node.Outputs[0].Spec.Type == DType.Bool:
                return program.Add(Opcode.Or, program.Add(Opcode.And, x[0], x[1]), program.Add(Opcode.And, program.Add(Opcode.Not, x[0]), x[2]));
            case ExpandLike when node.Outputs[0].Spec.Type == DType.Bool:
                return program.Add(Opcode.And, x[0], x[0]);
        }

        var (opcode, alpha, beta) = OpcodeOf(node.Op)!.Value;
        return ElementwiseOpcodes.Arity(opcode) switch
        {
            1 => program.Add(opcode, x[0], alpha: alpha, beta: beta),
            2 => program.Add(opcode, x[0], x[1]),
            _ => program.Add(opcode, x[0], x[1], x[2]),
        };
    }

    private static int Convert(ElementwiseProgramBuilder program, int x, DType from, DType to)
    {
        if (from == DType.Bool) return to == DType.Bool ? x : program.Add(Opcode.MaskToFloat, x);
        if (to == DType.Bool) return program.Add(Opcode.FloatToMask, x);

        if (to == DType.Float16) return program.Add(Opcode.ToHalf, x);
        if (to == DType.BFloat16) return program.Add(Opcode.ToBFloat16, x);

        // Towards zero, as a conversion to whole numbers does, so that later instructions of the chain see what a reader of memory would.
        if (from.IsFloating() && to.IsInteger())
            return program.Add(Opcode.Multiply, program.Add(Opcode.Sign, x), program.Add(Opcode.Floor, program.Add(Opcode.Abs, x)));
        return x;
    }

    private static (Opcode Opcode, float Alpha, float Beta)? OpcodeOf(Op op) => op switch
    {
        Abs => (Opcode.Abs, 0, 0),
        Acos => (Opcode.Acos, 0, 0),
        Acosh => (Opcode.Acosh, 0, 0),
        Asin => (Opcode.Asin, 0, 0),
        Asinh => (Opcode.Asinh, 0, 0),
        Atan => (Opcode.Atan, 0, 0),
        Atanh => (Opcode.Atanh, 0, 0),
        Ceil => (Opcode.Ceiling, 0, 0),
        Celu celu => (Opcode.Celu, celu.Alpha, 0),
        Clip clip => (Opcode.Clip, clip.Minimum, clip.Maximum),
        Cos => (Opcode.Cos, 0, 0),
        Cosh => (Opcode.Cosh, 0, 0),
        Elu elu => (Opcode.Elu, elu.Alpha, 0),
        Erf => (Opcode.Erf, 0, 0),
        Exp => (Opcode.Exp, 0, 0),
        Floor => (Opcode.Floor, 0, 0),
        Gelu gelu => (gelu.Approximate ? Opcode.GeluTanh : Opcode.Gelu, 0, 0),
        HardSigmoid hard => (Opcode.HardSigmoid, hard.Alpha, hard.Beta),
        HardSwish => (Opcode.HardSwish, 0, 0),
        LeakyRelu leaky => (Opcode.LeakyRelu, leaky.Alpha, 0),
        Log => (Opcode.Log, 0, 0),
        Mish => (Opcode.Mish, 0, 0),
        Neg => (Opcode.Negate, 0, 0),
        Reciprocal => (Opcode.Reciprocal, 0, 0),
        Relu => (Opcode.Relu, 0, 0),
        Round => (Opcode.Round, 0, 0),
        Selu => (Opcode.Selu, 1.6732632423543772f, 1.0507009873554805f),
        Shrink shrink => (Opcode.Shrink, shrink.Lambda, shrink.Bias),
        Sigmoid => (Opcode.Sigmoid, 0, 0),
        Sign => (Opcode.Sign, 0, 0),
        Sin => (Opcode.Sin, 0, 0),
        Sinh => (Opcode.Sinh, 0, 0),
        Softplus => (Opcode.Softplus, 0, 0),
        Softsign => (Opcode.Softsign, 0, 0),
        Sqrt => (Opcode.Sqrt, 0, 0),
        Tan => (Opcode.Tan, 0, 0),
        Tanh => (Opcode.Tanh, 0, 0),
        ThresholdedRelu relu => (Opcode.ThresholdedRelu, relu.Alpha, 0),
        IsNaN => (Opcode.IsNaN, 0, 0),
        IsInf => (Opcode.IsInfinity, 0, 0),
        Not => (Opcode.Not, 0, 0),
        Add => (Opcode.Add, 0, 0),
        Div => (Opcode.Divide, 0, 0),
        Max => (Opcode.Max, 0, 0),
        Min => (Opcode.Min, 0, 0),
        Mod => (Opcode.FloorMod, 0, 0),
        Mul => (Opcode.Multiply, 0, 0),
        Pow => (Opcode.Power, 0, 0),
        PRelu => (Opcode.Prelu, 0, 0),
        Sub => (Opcode.Subtract, 0, 0),
        Equal => (Opcode.Equal, 0, 0),
        Greater => (Opcode.Greater, 0, 0),
        GreaterOrEqual => (Opcode.GreaterOrEqual, 0, 0),
        Less => (Opcode.Less, 0, 0),
        LessOrEqual => (Opcode.LessOrEqual, 0, 0),
        And => (Opcode.And, 0, 0),
        Or => (Opcode.Or, 0, 0),
        Xor => (Opcode.Xor, 0, 0),
        Where => (Opcode.Where, 0, 0),
        ExpandLike => (Opcode.Copy, 0, 0),
        _ => null,
    };
}
