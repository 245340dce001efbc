using OnnxFunctional.Operators;

namespace OnnxFunctional.Serialization;

/// <summary>Keras' <c>norm</c> of vectors and matrices, of every order that needs no full singular value decomposition.</summary>
internal static class KerasNorms
{
    // Each squaring doubles the exponent; after 26 of them singular values that differ by 3e-7 are told apart, which is float precision.
    private const int Squarings = 26;

    // Keeps the zero matrix, whose norm is 0, from giving 0 / 0.
    private const float Tiny = 1e-30f;

    public static SymbolicTensor Of(FunctionArguments call)
    {
        var (x, order, keepdims) = (call.Tensor(0, "x"), call.Config("ord"), call.Flag("keepdims"));
        var axes = call.Axis;

        // Without an order, all axes are one vector.
        if (order.IsNull) return Ops.Norm(x, axes, keepdims);
        int[] along = axes.List.Count == 0
            ? [.. Enumerable.Range(0, x.Rank)]
            : [.. axes.Select(axis => ShapeRules.Axis(axis, x.Rank, "Norm"))];
        return along.Length switch
        {
            1 => Vector(x, order, along[0], keepdims),
            2 => Matrix(x, order, along[0], along[1], keepdims),
            var count => throw new ModelException($"a norm of order {order} is of one or two axes, but got {count} of {x.Shape}; give axis."),
        };
    }

    private static SymbolicTensor Vector(SymbolicTensor x, CallValue order, int axis, bool keepdims)
    {
        var p = Number(order) ?? throw new ModelException($"a norm of order {order} is not one of vectors; expected a number, or give two axes.");
        var size = Ops.Abs(x);
        return p switch
        {
            2 => Ops.Norm(x, axis, keepdims),
            1 => Ops.Sum(size, axis, keepdims),
            0 => Ops.Sum(Ops.Cast(Ops.NotEqual(x, 0), DType.Float32), axis, keepdims),
            double.PositiveInfinity => Ops.Max(size, axis, keepdims),
            double.NegativeInfinity => Ops.Min(size, axis, keepdims),
            _ => Ops.Power(Ops.Sum(Ops.Power(size, (float)p), axis, keepdims), (float)(1 / p)),
        };
    }

    private static SymbolicTensor Matrix(SymbolicTensor x, CallValue order, int rows, int columns, bool keepdims)
    {
        if (rows == columns) throw new ModelException($"a norm of a matrix needs two different axes, but got {rows} twice.");
        if (order is CallValue.Literal { Value: "fro" }) return Ops.Norm(x, Axes.Create([rows, columns]), keepdims);
        var size = Ops.Abs(x);
        var norm = Number(order) switch
        {
            1 => Ops.Max(Ops.Sum(size, rows, keepdims: true), columns, keepdims: true),
            -1 => Ops.Min(Ops.Sum(size, rows, keepdims: true), columns, keepdims: true),
            double.PositiveInfinity => Ops.Max(Ops.Sum(size, columns, keepdims: true), rows, keepdims: true),
            double.NegativeInfinity => Ops.Min(Ops.Sum(size, columns, keepdims: true), rows, keepdims: true),
            2 => Largest(x, rows, columns),
            _ => throw new ModelException(
                $"a norm of order {order} of matrices is not supported; expected 'fro', 1, -1, 2, inf or -inf. Compute it in a custom layer."),
        };
        return keepdims ? norm : Ops.Squeeze(norm, Axes.Create([rows, columns]));
    }

    /// <summary>
    /// The largest singular value, axes kept: powers of <c>x^T x</c> tend to the projection on its direction, and <c>|x P| / |P|</c> is the value. The
    /// projection is a constant for the gradient, which then is the value's: it is stationary in the direction.
    /// </summary>
    private static SymbolicTensor Largest(SymbolicTensor x, int rows, int columns)
    {
        int[] others = [.. Enumerable.Range(0, x.Rank).Where(axis => axis != rows && axis != columns)];
        int[] order = [.. others, rows, columns];
        var matrices = Ops.Transpose(x, order);
        var projection = Normalized(Ops.Make(new MatMul(TransposeLeft: true), matrices, matrices));
        for (var i = 0; i < Squarings; i++) projection = Normalized(Ops.MatMul(projection, projection));
        projection = Ops.StopGradient(projection);
        var last = Axes.Create([-2, -1]);
        var value = Ops.Norm(Ops.MatMul(matrices, projection), last, keepdims: true) / Ops.Maximum(Ops.Norm(projection, last, keepdims: true), Tiny);
        return Ops.Transpose(value, [.. Enumerable.Range(0, x.Rank).Select(axis => Array.IndexOf(order, axis))]);

        static SymbolicTensor Normalized(SymbolicTensor matrix) =>
            matrix / Ops.Maximum(Ops.Norm(matrix, Axes.Create([-2, -1]), keepdims: true), Tiny);
    }

    private static double? Number(CallValue order) => order switch
    {
        CallValue.Literal { Value: long whole } => whole,
        CallValue.Literal { Value: double number } => number,
        _ => null,
    };
}
