using System.Globalization;

namespace OnnxFunctional.Benchmarks.Scale;

/// <summary>A table of costs against a size, with the exponent of each: the slope of its logarithm over that of the size.</summary>
/// <param name="size">What the rows differ in.</param>
/// <param name="costs">The names of the costs.</param>
internal sealed class Growth(string size, IReadOnlyList<string> costs)
{
    private readonly List<(int Size, double[] Costs)> _rows = [];

    /// <summary>Prints the line of a size.</summary>
    public void Add(int rowSize, IReadOnlyList<double> rowCosts)
    {
        if (_rows.Count == 0) Console.Out.WriteLine(Line(size, costs));
        _rows.Add((rowSize, [.. rowCosts]));
        Console.Out.WriteLine(Line(rowSize.ToString("N0", CultureInfo.InvariantCulture), rowCosts.Select(Text)));
    }

    /// <summary>Prints the exponents between the last sizes, a factor of at least four apart.</summary>
    public void End()
    {
        var last = _rows[^1];
        var first = _rows.LastOrDefault(row => row.Size * 4 <= last.Size, _rows[0]);
        var factor = Math.Log((double)last.Size / first.Size);
        var exponents = last.Costs.Zip(first.Costs, (right, left) => Math.Log(right / left) / factor);
        Console.Out.WriteLine(Line("exponent", exponents.Select(exponent => exponent.ToString("F2", CultureInfo.InvariantCulture))));
        Console.Out.WriteLine();
    }

    /// <summary>The milliseconds of an action on the processor, all threads together: others that compute beside it change them less than the time.</summary>
    public static double Time(Action action)
    {
        var start = Environment.CpuUsage.TotalTime;
        action();
        return (Environment.CpuUsage.TotalTime - start).TotalMilliseconds;
    }

    /// <summary>The milliseconds of an action that was made before: the median of five.</summary>
    public static double Warm(Action action) => Report.Median([.. Enumerable.Range(0, 5).Select(_ => Time(action))]);

    private static string Text(double cost) => cost.ToString(cost < 10 ? "F2" : cost < 100 ? "F1" : "N0", CultureInfo.InvariantCulture);

    private static string Line(string first, IEnumerable<string> others) => $"{first,10}" + string.Concat(others.Select(other => $" {other,11}"));
}
