using System.Numerics.Tensors;

namespace OnnxFunctional;

/// <summary>Two small matrices whose product is added to a weight that is frozen: <c>W + scale A B</c> (LoRA, https://arxiv.org/abs/2106.09685).</summary>
/// <param name="A">The weight's leading dimensions by the rank.</param>
/// <param name="B">The rank by the weight's last dimension.</param>
/// <param name="Scale">The factor on the product: alpha / rank.</param>
internal sealed record Adapter(Weight A, Weight B, float Scale)
{
    public int Rank => B.Shape.Dims[0];

    /// <summary>The elements of the adapted weight.</summary>
    /// <param name="values">Those of the frozen one.</param>
    public float[] AddTo(ReadOnlySpan<float> values)
    {
        var merged = values.ToArray();
        ReadOnlySpan<float> a = A.Storage, b = B.Storage;
        var columns = B.Shape.Dims[1];
        for (var row = 0; row < merged.Length / columns; row++)
        {
            var sum = merged.AsSpan(row * columns, columns);
            for (var k = 0; k < Rank; k++) TensorPrimitives.MultiplyAdd(b.Slice(k * columns, columns), Scale * a[(row * Rank) + k], sum, sum);
        }

        return merged;
    }
}
