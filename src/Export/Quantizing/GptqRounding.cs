using System.Numerics.Tensors;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>
/// Rounds the rows of a matrix one after the other, each so that it makes up for what those before have lost on calibration data.
/// </summary>
/// <remarks>
/// With <c>H = X'X = L L'</c>, the loss <c>|X (W - Q)|²</c> is that of <c>L' (W - Q)</c>, whose row i has the errors of rows i and later: rows are chosen from
/// the last to the first, which is GPTQ in that order without its inverse of H (arxiv.org/abs/2507.18553).
/// </remarks>
internal static class GptqRounding
{
    // Inputs that calibration hardly tells apart would have weights far from those that the model has: a hundredth of the mean is added to each.
    private const double Damping = 0.01;

    public static sbyte[] Round(float[] numbers, WeightGrid grid, float[] scales, double[] gram)
    {
        var (rows, columns) = (grid.Rows, grid.Columns);
        var factor = Factor(gram, rows);
        var (integers, errors, carried) = (new sbyte[numbers.Length], new float[numbers.Length], new float[columns]);
        for (var row = rows - 1; row >= 0; row--)
        {
            Array.Clear(carried);
            var pivot = factor[(row * rows) + row];
            for (var later = row + 1; later < rows; later++)
            {
                var weight = (float)(factor[(later * rows) + row] / pivot);
                TensorPrimitives.MultiplyAdd(errors.AsSpan(later * columns, columns), weight, carried, carried);
            }

            for (var column = 0; column < columns; column++)
            {
                var i = (row * columns) + column;
                var scale = scales[grid.ScaleOf(row, column)];
                integers[i] = IntegerWeights.Rounded(numbers[i] + carried[column], scale, grid);
                errors[i] = numbers[i] - (integers[i] * scale);
            }
        }

        return integers;
    }

    /// <summary>The lower triangle L of <c>gram + damping = L L'</c> (Cholesky), row by row.</summary>
    private static double[] Factor(double[] gram, int size)
    {
        var mean = 0.0;
        for (var i = 0; i < size; i++) mean += gram[(i * size) + i] / size;
        var factor = new double[gram.Length];
        for (var row = 0; row < size; row++)
        {
            var current = factor.AsSpan(row * size, size);
            for (var column = 0; column <= row; column++)
            {
                var known = TensorPrimitives.Dot(current[..column], factor.AsSpan(column * size, column));
                var rest = gram[(row * size) + column] - known;

                // Inputs that are always 0 have no products; any positive number serves.
                if (row == column) current[column] = Math.Sqrt(Math.Max(rest + (Damping * mean), double.Epsilon + (1e-12 * Math.Max(mean, 1e-30))));
                else current[column] = rest / factor[(column * size) + column];
            }
        }

        return factor;
    }
}
