using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Which positions of an axis a position of the resized axis is made of: half-pixel centers, as Keras and ONNX's Resize have them.</summary>
internal static class ResizeWeights
{
    /// <summary>For each new position, old positions in ascending order and their weights.</summary>
    /// <param name="from">The old size.</param>
    /// <param name="to">The new size.</param>
    /// <param name="mode">Nearest, linear, or cubic with a = -1/2 and weights at the border made to add up to 1.</param>
    public static Row[] Rows(int from, int to, ResizeMode mode)
    {
        var rows = new Row[to];
        for (var i = 0; i < to; i++)
        {
            // Integer arithmetic, so that centers halfway between two positions round to the same side on every machine.
            if (mode == ResizeMode.Nearest)
            {
                rows[i] = new([Math.Min((int)(((2L * i) + 1) * from / (2L * to)), from - 1)], [1]);
                continue;
            }

            var center = ((i + 0.5) * from / to) - 0.5;
            var first = (int)Math.Floor(center);
            rows[i] = mode == ResizeMode.Linear ? Linear(center, first, from) : Cubic(center, first, from);
        }

        return rows;
    }

    /// <summary>For each old position, the new positions that it contributes to: the rows of the transposed matrix.</summary>
    public static Row[] Transposed(Row[] rows, int from)
    {
        var positions = new List<int>[from];
        var weights = new List<float>[from];
        for (var i = 0; i < from; i++) (positions[i], weights[i]) = ([], []);
        for (var i = 0; i < rows.Length; i++)
        {
            for (var k = 0; k < rows[i].Positions.Length; k++)
            {
                positions[rows[i].Positions[k]].Add(i);
                weights[rows[i].Positions[k]].Add(rows[i].Weights[k]);
            }
        }

        return [.. positions.Zip(weights, (places, factors) => new Row([.. places], [.. factors]))];
    }

    /// <summary>The rows as a dense matrix (rows, <paramref name="columns"/>).</summary>
    public static float[] Matrix(Row[] rows, int columns)
    {
        var matrix = new float[rows.Length * columns];
        for (var i = 0; i < rows.Length; i++)
        {
            for (var k = 0; k < rows[i].Positions.Length; k++) matrix[(i * columns) + rows[i].Positions[k]] = rows[i].Weights[k];
        }

        return matrix;
    }

    private static Row Linear(double center, int first, int size)
    {
        // Outside the image, the border is repeated.
        var share = (float)(center - first);
        var (left, right) = (Math.Clamp(first, 0, size - 1), Math.Clamp(first + 1, 0, size - 1));
        return left == right ? new([left], [1]) : new([left, right], [1 - share, share]);
    }

    private static Row Cubic(double center, int first, int size)
    {
        var (begin, end) = (Math.Max(first - 1, 0), Math.Min(first + 2, size - 1));
        var sum = 0.0;
        for (var j = begin; j <= end; j++) sum += Keys(Math.Abs(center - j));
        var positions = new int[end - begin + 1];
        var weights = new float[positions.Length];
        for (var j = begin; j <= end; j++) (positions[j - begin], weights[j - begin]) = (j, (float)(Keys(Math.Abs(center - j)) / sum));
        return new(positions, weights);
    }

    /// <summary>Keys' cubic convolution kernel with a = -1/2.</summary>
    private static double Keys(double t) => t <= 1 ? (((1.5 * t) - 2.5) * t * t) + 1 : t < 2 ? (((((-0.5 * t) + 2.5) * t) - 4) * t) + 2 : 0;

    /// <summary>Positions and their weights.</summary>
    internal readonly record struct Row(int[] Positions, float[] Weights);
}
