using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OnnxFunctional.Benchmarks.Cases;

namespace OnnxFunctional.Benchmarks;

/// <summary>What a number of threads costs where cores are shared: every number against the better of one and two.</summary>
internal static class SharedCores
{
    private static readonly int[] s_threads = [1, 2, 8];

    // A process that shares its cores finds the better number of threads in its first second.
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(1);

    public static int Measure(string[] names, string? mode, string? json)
    {
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores; milliseconds per step; medians of {Report.Rounds} alternating rounds; "
            + $"ratio: 2 and 8 threads over the better of 1 and 2"));
        Console.Out.WriteLine($"{"beside",-22} {"case",-12} {"mode",-8} {"1 thread",9} {"2 threads",9} {"8 threads",9} {"2, ratio",9} {"8, ratio",9}");
        var rows = new List<Row>();
        foreach (var surroundings in Surroundings.All)
        {
            using var entered = surroundings.Enter();
            if (entered is null)
            {
                Console.Out.WriteLine($"{surroundings.Name,-22} needs /sys/fs/cgroup/cpu and the right to write there");
                continue;
            }

            foreach (var name in names)
            {
                foreach (var which in mode is null ? ["train", "predict"] : new[] { mode })
                {
                    var row = new Row(surroundings.Name, name, which, Times(surroundings, name, which));
                    rows.Add(row);
                    Console.Out.WriteLine(row.Text());
                }
            }
        }

        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"largest ratio {rows.Max(row => Math.Max(row.Ratio(1), row.Ratio(2))):F2}"));
        if (json is not null) Write(json, rows);
        return 0;
    }

    private static double[] Times(Surroundings surroundings, string name, string mode)
    {
        var batch = BenchmarkCase.Named(name).Batch;
        var sides = s_threads
            .Select(threads => Enumerable.Range(0, surroundings.Processes)
                .Select(_ => Side.Start(surroundings.Side, name, mode, threads, batch, surroundings.Prefix)).ToArray())
            .ToArray();
        try
        {
            var steps = sides.Select(group => group.Select(Report.Steps).Min()).ToArray();
            for (var i = 0; i < sides.Length; i++)
            {
                var since = Stopwatch.StartNew();
                while (since.Elapsed < s_settling)
                {
                    foreach (var side in sides[i]) side.Begin(steps[i]);
                    foreach (var side in sides[i]) side.End();
                }
            }

            var times = s_threads.Select(_ => new List<double>()).ToArray();
            for (var round = 0; round < Report.Rounds; round++)
            {
                for (var i = 0; i < sides.Length; i++)
                {
                    Thread.Sleep(40);
                    foreach (var side in sides[i]) side.Begin(steps[i]);
                    times[i].Add(sides[i].Average(side => side.End()) / steps[i]);
                }
            }

            return [.. times.Select(Report.Median)];
        }
        finally
        {
            foreach (var side in sides.SelectMany(group => group)) side.Dispose();
        }
    }

    private static void Write(string path, List<Row> rows)
    {
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteNumber("cores", Environment.ProcessorCount);
        writer.WriteStartArray("rows");
        foreach (var row in rows)
        {
            writer.WriteStartObject();
            writer.WriteString("beside", row.Beside);
            writer.WriteString("case", row.Name);
            writer.WriteString("mode", row.Mode);
            for (var i = 0; i < s_threads.Length; i++)
                writer.WriteNumber(string.Create(CultureInfo.InvariantCulture, $"threads_{s_threads[i]}_ms"), row.Times[i]);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private sealed record Row(string Beside, string Name, string Mode, double[] Times)
    {
        public double Ratio(int index) => Times[index] / Math.Min(Times[0], Times[1]);

        public string Text() =>
            string.Create(CultureInfo.InvariantCulture, $"{Beside,-22} {Name,-12} {Mode,-8} {Times[0],9:F3} {Times[1],9:F3} {Times[2],9:F3} ")
            + string.Create(CultureInfo.InvariantCulture, $"{Ratio(1),9:F2} {Ratio(2),9:F2}");
    }
}
