using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Values of one sample beside values of an open batch: constants of a file that fixes the batch to 1.</summary>
internal static class Samples
{
    /// <summary>The tensors with what is of one sample repeated for each sample of the others.</summary>
    /// <param name="tensors">Tensors that agree in all axes but one.</param>
    /// <param name="free">The axis in which they may differ.</param>
    public static SymbolicTensor[] Alike(SymbolicTensor[] tensors, int free)
    {
        for (var axis = 0; axis < tensors[0].Rank; axis++)
        {
            if (axis == free || Array.Find(tensors, tensor => tensor.Shape.Symbols[axis] == Shape.Batch) is not { } batch) continue;
            for (var i = 0; i < tensors.Length; i++)
            {
                if (tensors[i].Shape.Dims[axis] == 1) tensors[i] = Repeated(tensors[i], axis, batch, axis);
            }
        }

        return tensors;
    }

    /// <summary>A tensor of one sample, repeated as often as another has samples.</summary>
    public static SymbolicTensor Repeated(SymbolicTensor x, int axis, SymbolicTensor like, int likeAxis)
    {
        // Only the shape of the sum is read, so it is not computed.
        var count = Ops.Make(new Positions(likeAxis), like);
        int[] along = [.. Enumerable.Range(0, x.Rank).Select(i => i == axis ? -1 : 1)];
        var wide = Ops.Make(new Add(), Ops.Cast(Ops.Reshape(count, along), x.DType), x);
        return Ops.Make(new ExpandLike(), x, wide);
    }
}
