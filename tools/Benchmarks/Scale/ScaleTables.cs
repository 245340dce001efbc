using System.Globalization;

namespace OnnxFunctional.Benchmarks.Scale;

/// <summary>Costs beside the computing of a step, against the numbers of inputs, layers and rows of an embedding.</summary>
internal static class ScaleTables
{
    /// <summary>The tables with the sizes of their rows.</summary>
    private static readonly Dictionary<string, (Action<int[]> Measure, int[] Sizes)> s_tables = new(StringComparer.Ordinal)
    {
        ["outputs"] = (ManyOutputs.Measure, [10, 50, 200, 1000]),
        ["layers"] = (ManyLayers.Measure, [400, 800, 1600, 3200, 6400, 12_800]),
        ["rows"] = (ManyRows.Measure, [10_000, 100_000, 1_000_000, 10_000_000]),
    };

    /// <summary>Prints tables.</summary>
    /// <param name="asked">Their names, or with other sizes: <c>layers=400,1600</c>; all if there are none.</param>
    public static int Measure(IReadOnlyList<string> asked)
    {
        foreach (var text in asked.Count > 0 ? asked : [.. s_tables.Keys])
        {
            var parts = text.Split('=');
            if (!s_tables.TryGetValue(parts[0], out var table))
            {
                Console.Error.WriteLine($"There is no table '{parts[0]}'. Tables: {string.Join(", ", s_tables.Keys)}.");
                return 1;
            }

            table.Measure(parts.Length == 1 ? table.Sizes : [.. parts[1].Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))]);
        }

        return 0;
    }
}
