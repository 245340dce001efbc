namespace OnnxFunctional.Operators;

/// <summary>
/// Moves channels of (batch, height, width, channels) to blocks of positions: <c>(height Block, width Block, channels / Block^2)</c>. Channels are
/// (Block, Block, channels), or the block comes last.
/// </summary>
internal sealed record DepthToSpace(int Block, bool BlockFirst) : Op
{
    public override bool Moves(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var x = inputs[0].Shape;
        ShapeRules.RequireRank(x, 4, Name, "(batch, height, width, channels)");
        if (Block < 1 || x.Rank != 4 || x.Dims[3] < 0 || x.Dims[3] % ((long)Block * Block) != 0)
            throw new ModelException($"{Name} of {x} in blocks of {Block}: expected images of four axes, their channels a multiple of the block's square.");
        var (height, width) = (ShapeRules.Multiply(x.Symbols[1], Block), ShapeRules.Multiply(x.Symbols[2], Block));
        return [inputs[0] with { Shape = Shape.Of(x.Symbols[0], height, width, x.Dims[3] / (Block * Block)) }];
    }
}

/// <summary>
/// Moves blocks of positions of (batch, height, width, channels) to channels: <c>(height / Block, width / Block, Block Block channels)</c>, the inverse of
/// <see cref="DepthToSpace"/> with the block first.
/// </summary>
internal sealed record SpaceToDepth(int Block) : Op
{
    public override bool Moves(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var x = inputs[0].Shape;
        ShapeRules.RequireRank(x, 4, Name, "(batch, height, width, channels)");
        var isWhole = x.Rank == 4 && Block >= 1 && x.Dims[3] >= 0 && Fits(x.Dims[1]) && Fits(x.Dims[2]);
        return isWhole
            ? [inputs[0] with { Shape = Shape.Of(x.Symbols[0], Divided(x.Dims[1]), Divided(x.Dims[2]), checked(x.Dims[3] * Block * Block)) }]
            : throw new ModelException($"{Name} of {x} in blocks of {Block}: expected images of four axes whose height and width are multiples of the block.");

        bool Fits(int size) => size < 0 || size % Block == 0;

        int Divided(int size) => size < 0 ? Shape.Unknown : size / Block;
    }
}
