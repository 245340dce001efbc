using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>Gelu in arithmetic: <c>x / 2 * (1 + erf(x / sqrt 2))</c> or <c>x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))</c>, in any order.</summary>
internal static class SpelledGelu
{
    // Numbers in place of x and of its curve.
    private static readonly (double X, double Curve)[] s_samples = [(0.731, 0.289), (-1.417, 0.613), (2.139, -0.457)];

    /// <summary>Whether a value may be the curve of a Gelu.</summary>
    public static bool IsCurve(Value value) => value.Producer.Op is Erf or Tanh;

    /// <summary>The Gelu that a value is; null if it is none.</summary>
    /// <param name="y">The value.</param>
    /// <param name="reach">What it is computed from by arithmetic.</param>
    public static SymbolicTensor? Of(Value y, List<Value> reach)
    {
        foreach (var curve in reach.Where(IsCurve))
        {
            var isTanh = curve.Producer.Op is Tanh;
            var inner = curve.Producer.Inputs[0];
            foreach (var x in Formula.Reach([inner]).Where(x => x.Spec.Shape.IsCertainly(y.Spec.Shape)))
            {
                if (Array.TrueForAll(s_samples, sample => Agrees(sample.X, sample.Curve)))
                    return Ops.Make(new Gelu(isTanh), new SymbolicTensor(x, y.Producer.Scope));

                bool Agrees(double at, double height) =>
                    Formula.Same(Formula.At(y, new Dictionary<Value, double> { [x] = at, [curve] = height }), 0.5 * at * (1 + height))
                    && Formula.Same(Formula.At(inner, new Dictionary<Value, double> { [x] = at }), isTanh ? OfTanh(at) : at * Math.Sqrt(0.5));
            }
        }

        return null;
    }

    private static double OfTanh(double x) => Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x));
}
