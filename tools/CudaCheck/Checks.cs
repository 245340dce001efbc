namespace OnnxFunctional.CudaCheck;

/// <summary>The results so far: lines as they come, failures again at the end.</summary>
internal sealed class Checks(TextWriter output)
{
    private readonly List<string> _failures = [];

    /// <summary>Writes a line.</summary>
    public void Write(string line) => output.WriteLine(line);

    /// <summary>Notes that something is not as it should be.</summary>
    public void Fail(string what) => _failures.Add(what);

    /// <summary>Writes the failures; returns the exit code.</summary>
    public int Finish()
    {
        output.WriteLine();
        foreach (var failure in _failures) output.WriteLine("failed: " + failure.ReplaceLineEndings(" "));
        output.WriteLine(_failures.Count == 0 ? "all checks passed" : $"{_failures.Count} checks failed");
        return _failures.Count == 0 ? 0 : 1;
    }

    /// <summary>The largest difference, relative to the largest expected element; infinite if the lengths differ or a number is NaN.</summary>
    public static double Difference(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        if (expected.Length != found.Length) return double.PositiveInfinity;
        var (largest, worst) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            if (expected[i].Equals(found[i])) continue;
            var difference = Math.Abs((double)expected[i] - found[i]);
            worst = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(worst, difference);
        }

        foreach (var value in expected) largest = double.IsFinite(value) ? Math.Max(largest, Math.Abs(value)) : largest;

        // Below this, differences are rounding whatever the values are.
        const double Smallest = 1e-8;
        return worst <= Smallest ? 0 : worst / Math.Max(largest, Smallest);
    }
}
