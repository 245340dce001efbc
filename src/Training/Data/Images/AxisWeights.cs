using OnnxFunctional.Operators;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Training.Data;

/// <summary>What each new position of an axis is made of: as many old positions, in ascending order, for each of them.</summary>
internal sealed class AxisWeights
{
    private AxisWeights(int count, int[] positions, float[] weights) => (Count, Positions, Weights) = (count, positions, weights);

    /// <summary>The old positions of a new one.</summary>
    public int Count { get; }

    /// <summary>The old positions, <see cref="Count"/> for each new one; where fewer are needed, the last one again.</summary>
    public int[] Positions { get; }

    /// <summary>Their weights; 0 where fewer are needed.</summary>
    public float[] Weights { get; }

    /// <summary>The weights that resize an axis.</summary>
    public static AxisWeights Of(int from, int to, ResizeMode mode)
    {
        var rows = ResizeWeights.Rows(from, to, mode);
        var count = rows.Max(row => row.Positions.Length);
        var (positions, weights) = (new int[to * count], new float[to * count]);
        for (var i = 0; i < to; i++)
        {
            positions.AsSpan(i * count, count).Fill(rows[i].Positions[^1]);
            rows[i].Positions.CopyTo(positions, i * count);
            rows[i].Weights.CopyTo(weights, i * count);
        }

        return new(count, positions, weights);
    }
}
