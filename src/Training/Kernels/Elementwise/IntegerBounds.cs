using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Whether float32, in which chains compute, gives a node's integers exactly.</summary>
/// <remarks>
/// Chains hold integers as float32, which is exact up to 2^24. Positions, flags and small constants stay below; ids and what is computed from them may not, and
/// go to <see cref="IntegerKernels"/>.
/// </remarks>
internal static class IntegerBounds
{
    private const double Exact = 1 << 24;

    // Bounds are searched through this many operators; what lies further away counts as unbounded.
    private const int Deepest = 12;

    /// <summary>Whether a chain may compute the node.</summary>
    public static bool FitFloats(Node node)
    {
        var result = node.Outputs[0].Spec.Type;
        switch (node.Op)
        {
            // The lowest bits stay, which a rounded number has lost.
            case Cast when result.Is8Bit() && node.Inputs[0].Spec.Type.IsInteger():
                return Bound(node.Inputs[0], 0) <= Exact;

            // To floating point the conversion is one rounding; to bool, only zero is false.
            case Cast when !node.Inputs[0].Spec.Type.IsInteger() || !result.IsInteger():
                return true;

            // A number below 2^24 is on the same side of any other after rounding.
            case ComparisonOp when node.Inputs[0].Spec.Type.IsInteger():
                return Bound(node.Inputs[0], 0) < Exact || Bound(node.Inputs[1], 0) < Exact;

            // Quotients have fractions in a chain, and dividing by zero is an error.
            case Div or Mod or Pow when result.IsInteger():
                return false;

            default:
                return !result.IsInteger() || (Bound(node.Outputs[0], 0) <= Exact && Inputs(node).All(input => Bound(input, 0) <= Exact));
        }
    }

    /// <summary>The largest absolute value that an integer may have; infinite if unknown.</summary>
    private static double Bound(Value value, int depth)
    {
        var node = value.Producer;
        if (value.Spec.Type == DType.Bool) return 1;
        if (value.Spec.Type.Is8Bit()) return byte.MaxValue;
        if (!value.Spec.Type.IsInteger() || depth > Deepest) return double.PositiveInfinity;
        return node.Op switch
        {
            Constant constant => Largest(constant.Data),
            Positions positions => node.Inputs[0].Spec.Shape.Dims[positions.Axis] is >= 0 and var size ? size : double.PositiveInfinity,
            ArgMax or ArgMin => node.Inputs[0].Spec.Shape.IsKnown ? node.Inputs[0].Spec.Shape.ElementCount : double.PositiveInfinity,
            Add or Sub => Of(0) + Of(1),
            Mul => Of(0) * Of(1),
            Max or Min => Math.Max(Of(0), Of(1)),
            Cast => Of(0),
            _ => Enumerable.Range(0, node.Inputs.Count).Where(node.Op.Moves).Select(Of).DefaultIfEmpty(double.PositiveInfinity).Max(),
        };

        double Of(int input) => Bound(node.Inputs[input], depth + 1);
    }

    private static IEnumerable<Value> Inputs(Node node) =>
        node.Inputs.Where((input, i) => input.Spec.Type.IsInteger() && !node.Op.ReadsOnlyShapeOf(i));

    private static double Largest(TensorData data)
    {
        var largest = 0.0;
        if (data.Type == DType.Int64) foreach (var number in data.As<long>()) largest = Math.Max(largest, Math.Abs((double)number));
        else foreach (var number in data.As<int>()) largest = Math.Max(largest, Math.Abs((double)number));
        return largest;
    }
}
