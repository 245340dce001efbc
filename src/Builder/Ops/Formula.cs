using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>Arithmetic nodes read as formulas, which are compared by what they give for numbers in place of values.</summary>
/// <remarks>
/// Programs write one formula in many orders of terms and factors. Two short formulas of arithmetic that agree at a few numbers without a pattern are one.
/// </remarks>
internal static class Formula
{
    // The longest formula that is searched for takes 7 steps from its result to its unknowns.
    private const int Depth = 8;

    // Constants are float32, some are written with ten digits.
    private const double Tolerance = 1e-6;

    /// <summary>The values that some are computed from by arithmetic alone, nearest first, themselves included.</summary>
    /// <param name="values">The values.</param>
    /// <param name="known">Values whose own computation is not looked at.</param>
    public static List<Value> Reach(IReadOnlyList<Value> values, IReadOnlyDictionary<Value, double>? known = null)
    {
        List<Value> found = [.. values.Distinct()];
        var seen = new HashSet<Value>(found);
        for (int depth = 0, next = 0; depth < Depth; depth++)
        {
            for (var end = found.Count; next < end; next++)
            {
                if (IsArithmetic(found[next]) && known?.ContainsKey(found[next]) != true) found.AddRange(found[next].Producer.Inputs.Where(seen.Add));
            }
        }

        return found;
    }

    /// <summary>The values that one is computed from by arithmetic, beside constants and known values.</summary>
    public static IEnumerable<Value> Unknown(Value value, IReadOnlyDictionary<Value, double> known) =>
        Reach([value], known).Where(each => !known.ContainsKey(each) && !IsArithmetic(each) && Number(each) is null);

    /// <summary>What a value is for numbers in place of known values; NaN if it is no formula of them.</summary>
    public static double At(Value value, IReadOnlyDictionary<Value, double> known) => At(value, known, Depth);

    /// <summary>Whether two numbers that formulas gave are the same but for rounded constants.</summary>
    public static bool Same(double left, double right) => Math.Abs(left - right) <= Tolerance * Math.Max(Math.Abs(left), Math.Abs(right));

    /// <summary>The number that all elements of a value are; null if it is none or not known.</summary>
    public static float? Number(Value value) => value.Producer.Op switch
    {
        Constant { Data: { Shape.KnownElements: 1 } data } when data.Type.IsFloating() || data.Type.IsInteger() => data.Number,
        Cast { To: DType.Float32 } or Identity => Number(value.Producer.Inputs[0]),
        _ => null,
    };

    private static bool IsArithmetic(Value value) => value.Producer.Op is Add or Sub or Mul or Div or Pow or Neg or Reciprocal or Sqrt or Identity;

    private static double At(Value value, IReadOnlyDictionary<Value, double> known, int depth)
    {
        if (known.TryGetValue(value, out var number)) return number;
        if (Number(value) is { } constant) return constant;
        return depth == 0 ? double.NaN : value.Producer.Op switch
        {
            Add => Of(0) + Of(1),
            Sub => Of(0) - Of(1),
            Mul => Of(0) * Of(1),
            Div => Of(0) / Of(1),
            Pow => Math.Pow(Of(0), Of(1)),
            Neg => -Of(0),
            Reciprocal => 1 / Of(0),
            Sqrt => Math.Sqrt(Of(0)),
            Identity => Of(0),
            _ => double.NaN,
        };

        double Of(int input) => At(value.Producer.Inputs[input], known, depth - 1);
    }
}
