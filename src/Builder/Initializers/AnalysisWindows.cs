namespace OnnxFunctional.Initializers;

/// <summary>The windows of short-time Fourier transforms, by SciPy's names, and the waves under them.</summary>
internal static class AnalysisWindows
{
    private static readonly string[] s_known = ["hann", "hamming", "blackman", "nuttall", "blackmanharris", "flattop", "bartlett", "cosine", "boxcar"];

    /// <summary>The name, if there is such a window.</summary>
    /// <exception cref="ModelException">There is none.</exception>
    public static string? Checked(string? window, string layer, IReadOnlyList<string>? allowed = null)
    {
        var known = allowed ?? s_known;
        return window is null || known.Contains(window)
            ? window
            : throw Check.Option(layer, nameof(window), $"'{window}'", "null, " + string.Join(", ", known));
    }

    /// <summary>The window; ones without a name.</summary>
    /// <param name="window">Its name.</param>
    /// <param name="length">The number of its values.</param>
    /// <param name="periodic">Whether it is one period, whose end is the start of the next; otherwise it is symmetric.</param>
    public static double[] Of(string? window, int length, bool periodic)
    {
        var last = periodic ? length : length - 1;
        return window switch
        {
            null => [.. Enumerable.Repeat(1.0, length)],
            "bartlett" => [.. Enumerable.Range(0, length).Select(i => last == 0 ? 1 : 1 - Math.Abs((2.0 * i / last) - 1))],
            "cosine" => [.. Enumerable.Range(0, length).Select(i => last == 0 ? 1 : Math.Sin(Math.PI * (i + 0.5) / (last + 1)))],
            _ => OfCosines(Cosines(window), length, periodic),
        };
    }

    /// <summary>A window that is a sum of cosines: <c>c0 - c1 cos(t) + c2 cos(2 t) ...</c>, with t from 0 to 2 pi.</summary>
    /// <param name="factors">The factors of the cosines.</param>
    /// <param name="length">The number of its values.</param>
    /// <param name="periodic">Whether it is one period, whose end is the start of the next; otherwise it is symmetric.</param>
    public static double[] OfCosines(double[] factors, int length, bool periodic)
    {
        var last = periodic ? length : length - 1;
        return [.. Enumerable.Range(0, length).Select(i =>
            last == 0 ? 1 : factors.Select((factor, k) => (k % 2 == 0 ? factor : -factor) * Math.Cos(2 * Math.PI * k * i / last)).Sum())];
    }

    private static double[] Cosines(string window) => window switch
    {
        "hann" => [0.5, 0.5],
        "hamming" => [0.54, 0.46],
        "blackman" => [0.42, 0.5, 0.08],
        "nuttall" => [0.3635819, 0.4891775, 0.1365995, 0.0106411],
        "blackmanharris" => [0.35875, 0.48829, 0.14128, 0.01168],
        "flattop" => [0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368],
        _ => [1],
    };

    /// <summary>Cosines, or negative sines, of the frequencies 0 to half of the length of the transform: one row per time.</summary>
    /// <param name="times">The times; they count from 0.</param>
    /// <param name="bins">The number of frequencies.</param>
    /// <param name="isReal">Whether they are the cosines.</param>
    /// <param name="factor">The factor of each time.</param>
    /// <param name="values">Receives the rows.</param>
    public static void Waves(int times, int bins, bool isReal, Func<int, double> factor, Span<float> values)
    {
        var length = Math.Max(2 * (bins - 1), 1);
        for (var time = 0; time < times; time++)
        {
            var weight = factor(time);
            for (var bin = 0; bin < bins; bin++)
            {
                // The remainder is exact, where the product of a time and a frequency would lose digits.
                var angle = 2 * Math.PI * ((long)time * bin % length) / length;
                values[(time * bins) + bin] = (float)(weight * (isReal ? Math.Cos(angle) : -Math.Sin(angle)));
            }
        }
    }
}
