namespace OnnxFunctional.Layers;

/// <summary>Reshapes weights so that they broadcast over a layer's input.</summary>
internal static class Broadcasting
{
    /// <summary>A weight over some axes as a tensor of <paramref name="rank"/> dimensions, with 1 along the other axes.</summary>
    public static SymbolicTensor Along(SymbolicTensor weight, ReadOnlySpan<int> axes, int rank)
    {
        var dims = new int[rank];
        Array.Fill(dims, 1);
        for (var i = 0; i < axes.Length; i++) dims[axes[i]] = weight.Shape.Dim(i);
        return axes.Length == 1 && axes[0] == rank - 1 ? weight : Ops.Reshape(weight, dims);
    }
}
