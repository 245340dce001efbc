namespace OnnxFunctional.Layers;

/// <summary>Vectors brought to unit length, as several layers, penalties and rules need it.</summary>
internal static class Normalizing
{
    /// <summary><c>x / max(|x|, epsilon)</c> along some axes.</summary>
    /// <remarks>The bound lies on the sum of squares, below the root, so that the gradient at zero is zero and not a quotient of zeros.</remarks>
    public static SymbolicTensor L2(SymbolicTensor x, Axes axes, float epsilon)
    {
        var squares = Ops.Make(new Operators.ReduceSumSquare(axes.List, true), x);
        return x / Ops.Sqrt(Ops.Maximum(squares, epsilon * epsilon));
    }

    /// <summary>A weight over some axes as a tensor of that many dimensions, 1 along the others.</summary>
    public static SymbolicTensor Along(SymbolicTensor weight, ReadOnlySpan<int> axes, int rank)
    {
        var dims = new int[rank];
        Array.Fill(dims, 1);
        for (var i = 0; i < axes.Length; i++) dims[axes[i]] = weight.Shape.Dim(i);
        return axes.Length == 1 && axes[0] == rank - 1 ? weight : Ops.Reshape(weight, dims);
    }
}
