using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Channels to blocks of positions and back, as cuts of axes: one Reshape cuts or joins two axes at a time where sizes are unknown.</summary>
internal static class DepthAndSpaceDefinitions
{
    public static SymbolicTensor DepthToSpace(DepthToSpace op, SymbolicTensor x)
    {
        var (block, channels) = (op.Block, x.Shape.Dims[3] / (op.Block * op.Block));
        var cut = Ops.Reshape(x, op.BlockFirst ? [0, 0, 0, block, block, channels] : [0, 0, 0, channels, block, block]);
        if (x.Shape.Dims[1] >= 0 && x.Shape.Dims[2] >= 0)
        {
            var blocks = Ops.Transpose(cut, op.BlockFirst ? [0, 1, 3, 2, 4, 5] : [0, 1, 4, 2, 5, 3]);
            return Ops.Reshape(blocks, 0, x.Shape.Dims[1] * block, x.Shape.Dims[2] * block, channels);
        }

        // To (batch, row, block, channels, column, block), whose ends are joined, and then to (batch, width, channels, row, block).
        var columns = Ops.Reshape(Ops.Transpose(cut, op.BlockFirst ? [0, 1, 3, 5, 2, 4] : [0, 1, 4, 3, 2, 5]), 0, 0, 0, 0, -1);
        var rows = Ops.Reshape(Ops.Transpose(columns, 0, 4, 3, 1, 2), 0, 0, 0, -1);
        return Ops.Transpose(rows, 0, 3, 1, 2);
    }

    public static SymbolicTensor SpaceToDepth(SpaceToDepth op, SymbolicTensor x)
    {
        var (block, channels) = (op.Block, x.Shape.Dims[3]);
        if (x.Shape.Dims[1] >= 0 && x.Shape.Dims[2] >= 0)
        {
            var cut = Ops.Reshape(x, 0, x.Shape.Dims[1] / block, block, x.Shape.Dims[2] / block, block, channels);
            return Ops.Reshape(Ops.Transpose(cut, 0, 1, 3, 2, 4, 5), 0, x.Shape.Dims[1] / block, x.Shape.Dims[2] / block, block * block * channels);
        }

        var rows = Ops.Reshape(Ops.Transpose(x, 0, 2, 3, 1), 0, 0, 0, -1, block);
        var columns = Ops.Reshape(Ops.Transpose(rows, 0, 2, 3, 4, 1), 0, 0, 0, 0, -1, block);
        return Ops.Reshape(Ops.Transpose(columns, 0, 2, 4, 3, 5, 1), 0, 0, 0, block * block * channels);
    }
}
