using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>The operands of one instruction. A step is 1, or 0 for a line of equal floats.</summary>
internal unsafe struct ElementwiseOperands
{
    public float* X;
    public float* Y;
    public float* Z;
    public float* Destination;
    public nint StepX;
    public nint StepY;
    public nint StepZ;
    public nint Count;

    /// <summary>How many elements further on each source is read next, for prefetching; see <see cref="ElementwiseLoops"/>.</summary>
    public nint Ahead;
}

/// <summary>Maps opcodes to loops, one row per opcode.</summary>
internal static class ElementwiseDispatch
{
    /// <summary>Runs one instruction over a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Execute<V>(ElementwiseOpcode opcode, float alpha, float beta, in ElementwiseOperands o) where V : struct, IVector<V>
    {
        switch (opcode)
        {
            case ElementwiseOpcode.Copy: Unary<V, CopyOperator>(default, o); break;
            case ElementwiseOpcode.Negate: Unary<V, NegateOperator>(default, o); break;
            case ElementwiseOpcode.Abs: Unary<V, AbsOperator>(default, o); break;
            case ElementwiseOpcode.Sign: Unary<V, SignOperator>(default, o); break;
            case ElementwiseOpcode.Floor: Unary<V, FloorOperator>(default, o); break;
            case ElementwiseOpcode.Ceiling: Unary<V, CeilingOperator>(default, o); break;
            case ElementwiseOpcode.Round: Unary<V, RoundOperator>(default, o); break;
            case ElementwiseOpcode.Reciprocal: Unary<V, ReciprocalOperator>(default, o); break;
            case ElementwiseOpcode.Sqrt: Unary<V, SqrtOperator>(default, o); break;
            case ElementwiseOpcode.ReciprocalSqrt: Unary<V, ReciprocalSqrtOperator>(default, o); break;
            case ElementwiseOpcode.ToHalf: Unary<V, RoundToOperator<HalfFormat>>(default, o); break;
            case ElementwiseOpcode.ToBFloat16: Unary<V, RoundToOperator<BFloat16Format>>(default, o); break;
            case ElementwiseOpcode.Exp: Unary<V, ExpOperator>(default, o); break;
            case ElementwiseOpcode.Log: Unary<V, LogOperator>(default, o); break;
            case ElementwiseOpcode.Sin: Unary<V, SinOperator>(default, o); break;
            case ElementwiseOpcode.Cos: Unary<V, CosOperator>(default, o); break;
            case ElementwiseOpcode.Tan: Unary<V, TanOperator>(default, o); break;
            case ElementwiseOpcode.Sinh: Unary<V, SinhOperator>(default, o); break;
            case ElementwiseOpcode.Cosh: Unary<V, CoshOperator>(default, o); break;
            case ElementwiseOpcode.Asin: Unary<V, AsinOperator>(default, o); break;
            case ElementwiseOpcode.Acos: Unary<V, AcosOperator>(default, o); break;
            case ElementwiseOpcode.Atan: Unary<V, AtanOperator>(default, o); break;
            case ElementwiseOpcode.Asinh: Unary<V, AsinhOperator>(default, o); break;
            case ElementwiseOpcode.Acosh: Unary<V, AcoshOperator>(default, o); break;
            case ElementwiseOpcode.Atanh: Unary<V, AtanhOperator>(default, o); break;
            case ElementwiseOpcode.Expm1: Unary<V, Expm1Operator>(default, o); break;
            case ElementwiseOpcode.Log1p: Unary<V, Log1pOperator>(default, o); break;
            case ElementwiseOpcode.Erf: Unary<V, ErfOperator>(default, o); break;
            case ElementwiseOpcode.Relu: Unary<V, ReluOperator>(default, o); break;
            case ElementwiseOpcode.Tanh: Unary<V, TanhOperator>(default, o); break;
            case ElementwiseOpcode.Sigmoid: Unary<V, SigmoidOperator>(default, o); break;
            case ElementwiseOpcode.Softplus: Unary<V, SoftplusOperator>(default, o); break;
            case ElementwiseOpcode.Softsign: Unary<V, SoftsignOperator>(default, o); break;
            case ElementwiseOpcode.Silu: Unary<V, SiluOperator>(default, o); break;
            case ElementwiseOpcode.Mish: Unary<V, MishOperator>(default, o); break;
            case ElementwiseOpcode.Gelu: Unary<V, GeluOperator>(default, o); break;
            case ElementwiseOpcode.GeluTanh: Unary<V, GeluTanhOperator>(default, o); break;
            case ElementwiseOpcode.HardSwish: Unary<V, HardSwishOperator>(default, o); break;
            case ElementwiseOpcode.HardSigmoid: Unary<V, HardSigmoidOperator>(new(alpha, beta), o); break;
            case ElementwiseOpcode.LeakyRelu: Unary<V, LeakyReluOperator>(new(alpha), o); break;
            case ElementwiseOpcode.Elu: Unary<V, EluOperator>(new(alpha), o); break;
            case ElementwiseOpcode.Selu: Unary<V, SeluOperator>(new(alpha, beta), o); break;
            case ElementwiseOpcode.Celu: Unary<V, CeluOperator>(new(alpha), o); break;
            case ElementwiseOpcode.Clip: Unary<V, ClipOperator>(new(alpha, beta), o); break;
            case ElementwiseOpcode.Shrink: Unary<V, ShrinkOperator>(new(alpha, beta), o); break;
            case ElementwiseOpcode.ThresholdedRelu: Unary<V, ThresholdedReluOperator>(new(alpha), o); break;
            case ElementwiseOpcode.Add: Binary<V, AddOperator>(default, o); break;
            case ElementwiseOpcode.Subtract: Binary<V, SubtractOperator>(default, o); break;
            case ElementwiseOpcode.Multiply: Binary<V, MultiplyOperator>(default, o); break;
            case ElementwiseOpcode.Divide: Binary<V, DivideOperator>(default, o); break;
            case ElementwiseOpcode.Power: Binary<V, PowerOperator>(default, o); break;
            case ElementwiseOpcode.Max: Binary<V, MaxOperator>(default, o); break;
            case ElementwiseOpcode.Min: Binary<V, MinOperator>(default, o); break;
            case ElementwiseOpcode.FloorMod: Binary<V, FloorModOperator>(default, o); break;
            case ElementwiseOpcode.Prelu: Binary<V, PreluOperator>(default, o); break;
            case ElementwiseOpcode.ReluGradient: Binary<V, ReluGradientOperator>(default, o); break;
            case ElementwiseOpcode.Blend: Binary<V, BlendOperator>(new(alpha, beta), o); break;
            case ElementwiseOpcode.BlendSquare: Binary<V, BlendSquareOperator>(new(alpha, beta), o); break;
            case ElementwiseOpcode.Lerp: Binary<V, LerpOperator>(new(alpha), o); break;
            case ElementwiseOpcode.LerpSquare: Binary<V, LerpSquareOperator>(new(alpha), o); break;
            case ElementwiseOpcode.DivideByRoot: Binary<V, DivideByRootOperator>(new(alpha), o); break;
            case ElementwiseOpcode.MultiplyAdd: Ternary<V, MultiplyAddOperator>(default, o); break;
            case ElementwiseOpcode.MultiplySubtract: Ternary<V, MultiplySubtractOperator>(default, o); break;
            case ElementwiseOpcode.SubtractMultiplied: Ternary<V, SubtractMultipliedOperator>(default, o); break;
            case ElementwiseOpcode.Equal: Binary<V, EqualOperator>(default, o); break;
            case ElementwiseOpcode.NotEqual: Binary<V, NotEqualOperator>(default, o); break;
            case ElementwiseOpcode.Less: Binary<V, LessOperator>(default, o); break;
            case ElementwiseOpcode.LessOrEqual: Binary<V, LessOrEqualOperator>(default, o); break;
            case ElementwiseOpcode.Greater: Binary<V, GreaterOperator>(default, o); break;
            case ElementwiseOpcode.GreaterOrEqual: Binary<V, GreaterOrEqualOperator>(default, o); break;
            case ElementwiseOpcode.IsNaN: Unary<V, IsNaNOperator>(default, o); break;
            case ElementwiseOpcode.IsInfinity: Unary<V, IsInfinityOperator>(default, o); break;
            case ElementwiseOpcode.FloatToMask: Unary<V, FloatToMaskOperator>(default, o); break;
            case ElementwiseOpcode.And: Binary<V, AndOperator>(default, o); break;
            case ElementwiseOpcode.Or: Binary<V, OrOperator>(default, o); break;
            case ElementwiseOpcode.Xor: Binary<V, XorOperator>(default, o); break;
            case ElementwiseOpcode.Not: Unary<V, NotOperator>(default, o); break;
            case ElementwiseOpcode.MaskToFloat: Unary<V, MaskToFloatOperator>(default, o); break;
            case ElementwiseOpcode.Where: Ternary<V, WhereOperator>(default, o); break;
            default: throw new ArgumentOutOfRangeException(nameof(opcode), opcode, "This opcode has no elementwise loop.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Unary<V, TOperator>(TOperator op, in ElementwiseOperands o)
        where V : struct, IVector<V>
        where TOperator : struct, IUnaryOperator =>
        ElementwiseLoops.Unary<V, TOperator>(op, o.X, o.StepX, o.Destination, o.Count, o.Ahead);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Binary<V, TOperator>(TOperator op, in ElementwiseOperands o)
        where V : struct, IVector<V>
        where TOperator : struct, IBinaryOperator =>
        ElementwiseLoops.Binary<V, TOperator>(op, o.X, o.StepX, o.Y, o.StepY, o.Destination, o.Count, o.Ahead);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Ternary<V, TOperator>(TOperator op, in ElementwiseOperands o)
        where V : struct, IVector<V>
        where TOperator : struct, ITernaryOperator =>
        ElementwiseLoops.Ternary<V, TOperator>(op, o.X, o.StepX, o.Y, o.StepY, o.Z, o.StepZ, o.Destination, o.Count, o.Ahead);
}
