using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>How much each old position counts in each new one.</summary>
internal static class Interpolation
{
    /// <summary>Row by row for the new positions, half-pixel centres.</summary>
    public static float[] Matrix(int from, int to, ResizeMode mode)
    {
        var matrix = new float[to * from];
        for (var i = 0; i < to; i++)
        {
            var row = matrix.AsSpan(i * from, from);
            var centre = ((i + 0.5) * from / to) - 0.5;
            if (mode == ResizeMode.Nearest)
            {
                row[Math.Clamp((int)Math.Floor((i + 0.5) * from / to), 0, from - 1)] = 1;
                continue;
            }

            var first = (int)Math.Floor(centre);
            if (mode == ResizeMode.Linear)
            {
                // Outside, the border goes on.
                row[Math.Clamp(first, 0, from - 1)] += (float)(1 - (centre - first));
                row[Math.Clamp(first + 1, 0, from - 1)] += (float)(centre - first);
                continue;
            }

            var sum = 0.0;
            for (var j = first - 1; j <= first + 2; j++) sum += j >= 0 && j < from ? Cubic(Math.Abs(centre - j)) : 0;
            for (var j = Math.Max(first - 1, 0); j <= Math.Min(first + 2, from - 1); j++) row[j] = (float)(Cubic(Math.Abs(centre - j)) / sum);
        }

        return matrix;
    }

    /// <summary>Keys' kernel with a = -1/2.</summary>
    private static double Cubic(double t) => t <= 1 ? (((1.5 * t) - 2.5) * t * t) + 1 : t < 2 ? ((((-0.5 * t) + 2.5) * t) - 4) * t + 2 : 0;
}
