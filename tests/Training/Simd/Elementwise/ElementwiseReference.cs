using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>Every opcode in double arithmetic; masks are 1 and 0.</summary>
internal static class ElementwiseReference
{
    public static double Evaluate(ElementwiseOpcode opcode, double x, double y, double z, double alpha, double beta) => opcode switch
    {
        ElementwiseOpcode.Copy => x,
        ElementwiseOpcode.Negate => -x,
        ElementwiseOpcode.Abs => Math.Abs(x),
        ElementwiseOpcode.Sign => double.IsNaN(x) ? x : Math.Sign(x),
        ElementwiseOpcode.Floor => Math.Floor(x),
        ElementwiseOpcode.Ceiling => Math.Ceiling(x),
        ElementwiseOpcode.Round => Math.Round(x, MidpointRounding.ToEven),
        ElementwiseOpcode.Reciprocal => 1 / x,
        ElementwiseOpcode.Sqrt => Math.Sqrt(x),
        ElementwiseOpcode.ReciprocalSqrt => 1 / Math.Sqrt(x),
        ElementwiseOpcode.ToHalf => (double)(Half)x,
        ElementwiseOpcode.ToBFloat16 => BitConverter.Int32BitsToSingle(
            (int)((BitConverter.SingleToInt32Bits((float)x) + 0x7FFF + ((BitConverter.SingleToInt32Bits((float)x) >> 16) & 1)) & 0xFFFF0000)),
        ElementwiseOpcode.Exp => Math.Exp(x),
        ElementwiseOpcode.Log => Math.Log(x),
        ElementwiseOpcode.Sin => Math.Sin(x),
        ElementwiseOpcode.Cos => Math.Cos(x),
        ElementwiseOpcode.Tan => Math.Tan(x),
        ElementwiseOpcode.Sinh => Math.Sinh(x),
        ElementwiseOpcode.Cosh => Math.Cosh(x),
        ElementwiseOpcode.Asin => Math.Asin(x),
        ElementwiseOpcode.Acos => Math.Acos(x),
        ElementwiseOpcode.Atan => Math.Atan(x),
        ElementwiseOpcode.Asinh => Math.Asinh(x),
        ElementwiseOpcode.Acosh => Math.Acosh(x),
        ElementwiseOpcode.Atanh => Math.Atanh(x),
        ElementwiseOpcode.Expm1 => Math.Exp(x) - 1,
        ElementwiseOpcode.Log1p => Math.Log(1 + x),
        ElementwiseOpcode.Erf => Erf(x),
        ElementwiseOpcode.Relu => x < 0 ? 0 : x,
        ElementwiseOpcode.Tanh => Math.Tanh(x),
        ElementwiseOpcode.Sigmoid => Sigmoid(x),
        ElementwiseOpcode.Softplus => Softplus(x),
        ElementwiseOpcode.Softsign => x / (1 + Math.Abs(x)),
        ElementwiseOpcode.Silu => x * Sigmoid(x),
        ElementwiseOpcode.Mish => x * Math.Tanh(Softplus(x)),
        ElementwiseOpcode.Gelu => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))),
        ElementwiseOpcode.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        ElementwiseOpcode.HardSwish => x * Math.Clamp((x / 6) + 0.5, 0, 1),
        ElementwiseOpcode.HardSigmoid => Math.Clamp((alpha * x) + beta, 0, 1),
        ElementwiseOpcode.LeakyRelu => x < 0 ? alpha * x : x,
        ElementwiseOpcode.Elu => x < 0 ? alpha * (Math.Exp(x) - 1) : x,
        ElementwiseOpcode.Selu => beta * (x < 0 ? alpha * (Math.Exp(x) - 1) : x),
        ElementwiseOpcode.Celu => x < 0 ? alpha * (Math.Exp(x / alpha) - 1) : x,
        ElementwiseOpcode.Clip => Math.Min(Math.Max(x, alpha), beta),
        ElementwiseOpcode.Shrink => x < -alpha ? x + beta : x > alpha ? x - beta : 0,
        ElementwiseOpcode.ThresholdedRelu => x > alpha ? x : 0,
        ElementwiseOpcode.Add => x + y,
        ElementwiseOpcode.Subtract => x - y,
        ElementwiseOpcode.Multiply => x * y,
        ElementwiseOpcode.Divide => x / y,
        ElementwiseOpcode.Power => Math.Pow(x, y),
        ElementwiseOpcode.Max => Math.Max(x, y),
        ElementwiseOpcode.Min => Math.Min(x, y),
        ElementwiseOpcode.FloorMod => x - (y * Math.Floor(x / y)),
        ElementwiseOpcode.Prelu => x < 0 ? y * x : x,
        ElementwiseOpcode.ReluGradient => y > 0 ? x : 0,
        ElementwiseOpcode.Blend => (x * alpha) + (y * beta),
        ElementwiseOpcode.BlendSquare => (x * alpha) + (y * y * beta),
        ElementwiseOpcode.Lerp => x + (alpha * (y - x)),
        ElementwiseOpcode.LerpSquare => x + (alpha * ((y * y) - x)),
        ElementwiseOpcode.DivideByRoot => x / (Math.Sqrt(y) + alpha),
        ElementwiseOpcode.MultiplyAdd => (x * y) + z,
        ElementwiseOpcode.MultiplySubtract => (x * y) - z,
        ElementwiseOpcode.SubtractMultiplied => z - (x * y),
        ElementwiseOpcode.Equal => x == y ? 1 : 0,
        ElementwiseOpcode.NotEqual => x != y ? 1 : 0,
        ElementwiseOpcode.Less => x < y ? 1 : 0,
        ElementwiseOpcode.LessOrEqual => x <= y ? 1 : 0,
        ElementwiseOpcode.Greater => x > y ? 1 : 0,
        ElementwiseOpcode.GreaterOrEqual => x >= y ? 1 : 0,
        ElementwiseOpcode.IsNaN => double.IsNaN(x) ? 1 : 0,
        ElementwiseOpcode.IsInfinity => double.IsInfinity(x) ? 1 : 0,
        ElementwiseOpcode.FloatToMask => x != 0 ? 1 : 0,
        ElementwiseOpcode.And => x != 0 && y != 0 ? 1 : 0,
        ElementwiseOpcode.Or => x != 0 || y != 0 ? 1 : 0,
        ElementwiseOpcode.Xor => (x != 0) != (y != 0) ? 1 : 0,
        ElementwiseOpcode.Not => x != 0 ? 0 : 1,
        ElementwiseOpcode.MaskToFloat => x != 0 ? 1 : 0,
        ElementwiseOpcode.Where => x != 0 ? y : z,
        _ => throw new ArgumentOutOfRangeException(nameof(opcode)),
    };

    public static double Erf(double x)
    {
        if (Math.Abs(x) > 6) return Math.Sign(x);
        double term = x, sum = x;
        for (var n = 1; n < 200; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));
}
