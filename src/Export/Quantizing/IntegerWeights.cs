namespace OnnxFunctional.Export.Quantizing;

/// <summary>Weights as integers: <c>w = Integers Scales</c>.</summary>
internal sealed class IntegerWeights
{
    // Scales that are tried, each 3 % less than the one before: with few levels, cutting off the largest weights gains more than it loses.
    private const int Tried = 16;
    private const float Shrinkage = 0.97f;

    /// <summary>Smaller scales have no normal numbers among their reciprocals.</summary>
    public const float LeastScale = 1e-30f;

    private IntegerWeights(WeightGrid grid, float[] scales, sbyte[] integers) => (Grid, Scales, Integers) = (grid, scales, integers);

    public WeightGrid Grid { get; }

    public float[] Scales { get; }

    public sbyte[] Integers { get; }

    /// <summary>Chooses scales and integers.</summary>
    /// <param name="numbers">The weights.</param>
    /// <param name="grid">Which of them share a scale.</param>
    /// <param name="least">What the scale of each column must have at least; null without such a bound.</param>
    /// <param name="gram">The sums of the products of each two inputs, to round by; null rounds to the nearest.</param>
    public static IntegerWeights Of(float[] numbers, WeightGrid grid, Func<int, float>? least = null, double[]? gram = null)
    {
        var scales = grid.Bits == 4 ? Searched(numbers, grid) : Spanning(numbers, grid);
        for (var i = 0; i < scales.Length; i++) scales[i] = Math.Max(scales[i], LeastScale);
        if (least is not null)
        {
            for (var column = 0; column < grid.Columns; column++)
            {
                for (var row = 0; row < grid.Rows; row += grid.RowsPerScale)
                {
                    ref var scale = ref scales[grid.ScaleOf(row, column)];
                    scale = Math.Max(scale, least(column));
                }
            }
        }

        return new(grid, scales, gram is null ? Nearest(numbers, grid, scales) : GptqRounding.Round(numbers, grid, scales, gram));
    }

    /// <summary>The nearest integers at scales that are given.</summary>
    public static IntegerWeights At(float[] numbers, WeightGrid grid, float[] scales) => new(grid, scales, Nearest(numbers, grid, scales));

    public static sbyte Rounded(float number, float scale, WeightGrid grid) => (sbyte)Math.Clamp(MathF.Round(number / scale), grid.Least, grid.Greatest);

    /// <summary>The weight that the integers stand for.</summary>
    public float Value(int row, int column) => Integers[(row * Grid.Columns) + column] * Scales[Grid.ScaleOf(row, column)];

    private static sbyte[] Nearest(float[] numbers, WeightGrid grid, float[] scales)
    {
        var integers = new sbyte[numbers.Length];
        ForEach(grid, (i, scale) => integers[i] = Rounded(numbers[i], scales[scale], grid));
        return integers;
    }

    /// <summary>Scales at which no weight is cut off.</summary>
    private static float[] Spanning(float[] numbers, WeightGrid grid)
    {
        var scales = new float[grid.Scales];
        ForEach(grid, (i, scale) => scales[scale] = Math.Max(scales[scale], Math.Abs(numbers[i])));
        return Array.ConvertAll(scales, largest => largest / grid.Greatest);
    }

    /// <summary>The scales that leave the least squared error.</summary>
    private static float[] Searched(float[] numbers, WeightGrid grid)
    {
        var (scales, best) = (Spanning(numbers, grid), new float[grid.Scales]);
        var (tried, lowest) = ((float[])scales.Clone(), new double[grid.Scales]);
        Array.Fill(lowest, double.PositiveInfinity);
        for (var round = 0; round < Tried; round++)
        {
            var errors = new double[grid.Scales];
            ForEach(grid, (i, scale) =>
            {
                var error = tried[scale] > 0 ? numbers[i] - (Rounded(numbers[i], tried[scale], grid) * tried[scale]) : 0;
                errors[scale] += error * (double)error;
            });
            for (var i = 0; i < errors.Length; i++)
            {
                if (errors[i] < lowest[i]) (lowest[i], best[i]) = (errors[i], tried[i]);
                tried[i] *= Shrinkage;
            }
        }

        return best;
    }

    private static void ForEach(WeightGrid grid, Action<int, int> act)
    {
        for (var row = 0; row < grid.Rows; row++)
        {
            for (var column = 0; column < grid.Columns; column++) act((row * grid.Columns) + column, grid.ScaleOf(row, column));
        }
    }
}
