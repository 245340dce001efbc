namespace OnnxFunctional.Training.Simd;

/// <summary>What one instruction of an <see cref="ElementwiseProgram"/> computes. The operator structs of the same names give the formulas.</summary>
internal enum ElementwiseOpcode : byte
{
    // float -> float
    Copy, Negate, Abs, Sign, Floor, Ceiling, Round, Reciprocal, Sqrt, ReciprocalSqrt, ToHalf, ToBFloat16, Exp, Log, Sin, Cos, Tan, Sinh, Cosh, Asin,
    Acos, Atan, Asinh, Acosh, Atanh, Expm1, Log1p, Erf, Relu, Tanh, Sigmoid, Softplus, Softsign, Silu, Mish, Gelu, GeluTanh, HardSwish,

    // float -> float, with parameters
    HardSigmoid, LeakyRelu, Elu, Selu, Celu, Clip, Shrink, ThresholdedRelu,

    // float, float -> float
    Add, Subtract, Multiply, Divide, Power, Max, Min, FloorMod, Prelu, ReluGradient,

    // float, float -> float, with parameters
    Blend, BlendSquare, Lerp, LerpSquare, DivideByRoot,

    // float, float, float -> float
    MultiplyAdd, MultiplySubtract, SubtractMultiplied,

    // float, float -> mask
    Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual,

    // float -> mask
    IsNaN, IsInfinity, FloatToMask,

    // mask, mask -> mask; mask -> mask; mask -> float; mask, float, float -> float
    And, Or, Xor, Not, MaskToFloat, Where,

    // -> float: counter-based random numbers, see PhiloxVectors
    RandomUniform, RandomNormal,

    // Emitted by the builder only. Load copies an input that is not a plain float array into a register. MomentStep does what Lerp, LerpSquare, Multiply,
    // DivideByRoot and Subtract do in sequence, with three results.
    Load, MomentStep,
}

/// <summary>What the program builder needs to know about an opcode.</summary>
internal static class ElementwiseOpcodes
{
    /// <summary>The number of operands.</summary>
    public static int Arity(ElementwiseOpcode opcode) => opcode switch
    {
        ElementwiseOpcode.RandomUniform or ElementwiseOpcode.RandomNormal or ElementwiseOpcode.Load or ElementwiseOpcode.MomentStep => 0,
        ElementwiseOpcode.Where => 3,
        ElementwiseOpcode.Not or ElementwiseOpcode.MaskToFloat => 1,
        ElementwiseOpcode.And or ElementwiseOpcode.Or or ElementwiseOpcode.Xor => 2,
        <= ElementwiseOpcode.ThresholdedRelu => 1,
        <= ElementwiseOpcode.DivideByRoot => 2,
        <= ElementwiseOpcode.SubtractMultiplied => 3,
        <= ElementwiseOpcode.GreaterOrEqual => 2,
        _ => 1,
    };

    /// <summary>Whether the operand with this index is a mask.</summary>
    public static bool TakesMask(ElementwiseOpcode opcode, int operand) => opcode switch
    {
        ElementwiseOpcode.Where => operand == 0,
        ElementwiseOpcode.And or ElementwiseOpcode.Or or ElementwiseOpcode.Xor or ElementwiseOpcode.Not or ElementwiseOpcode.MaskToFloat => true,
        _ => false,
    };

    /// <summary>Whether the result is a mask.</summary>
    public static bool GivesMask(ElementwiseOpcode opcode) => opcode is >= ElementwiseOpcode.Equal and <= ElementwiseOpcode.Not;

    /// <summary>
    /// The approximate cost per element in nanoseconds, on a core of 2023 with 512-bit vectors. It decides how work is divided, not what is computed.
    /// </summary>
    public static double Nanoseconds(ElementwiseOpcode opcode) => opcode switch
    {
        ElementwiseOpcode.FloorMod => 15,
        ElementwiseOpcode.Power => 2,
        ElementwiseOpcode.RandomUniform or ElementwiseOpcode.RandomNormal => 1,
        ElementwiseOpcode.Divide or ElementwiseOpcode.Sqrt or ElementwiseOpcode.ReciprocalSqrt or ElementwiseOpcode.Reciprocal
            or ElementwiseOpcode.DivideByRoot => 0.3,
        (>= ElementwiseOpcode.Exp and <= ElementwiseOpcode.Erf) or (>= ElementwiseOpcode.Tanh and <= ElementwiseOpcode.GeluTanh) => 0.6,
        ElementwiseOpcode.Elu or ElementwiseOpcode.Selu or ElementwiseOpcode.Celu => 0.6,
        _ => 0.06,
    };
}
