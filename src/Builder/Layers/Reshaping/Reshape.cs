namespace OnnxFunctional.Layers;

/// <summary>The elements of each sample in another shape, in row-major order.</summary>
/// <remarks>
/// <para>Input: (batch, ...). Output: (batch, targetShape...). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/reshape/</para>
/// </remarks>
/// <param name="targetShape">The new dimensions without the batch; one of them may be -1, which stands for what remains.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A dimension is negative, or -1 appears twice.</exception>
public sealed class Reshape(IntValues targetShape, string? name = null) : Layer(name)
{
    /// <summary>The new dimensions without the batch.</summary>
    public IntValues TargetShape { get; } = targetShape.All(size => size is -1 or > 0) && targetShape.Count(size => size == -1) <= 1
        ? targetShape
        : throw Check.Option("Reshape", nameof(targetShape), targetShape.ToString(), "positive integers, with at most one -1 for what remains");

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 1, "(batch, ...)");
        var sample = x.Shape.Slice(1, x.Rank - 1);
        if (sample.IsKnown)
        {
            var (has, wants) = (sample.ElementCount, TargetShape.Where(size => size > 0).Aggregate(1L, (product, size) => product * size));
            if (TargetShape.Contains(-1) ? has % wants != 0 : has != wants)
                throw new ModelException($"the {has} elements of a sample {sample} do not fill {TargetShape}, which holds "
                    + $"{(TargetShape.Contains(-1) ? "a multiple of " : "")}{wants}. Choose dimensions whose product is {has}; -1 stands for what remains.");
        }

        return Ops.Reshape(x, [0, .. TargetShape]);
    }
}
