using System.Globalization;
using System.Text.Json;
using OnnxFunctional.Benchmarks.Cases;

namespace OnnxFunctional.Benchmarks;

/// <summary>Predictions of the engine and of ONNX Runtime from the exported file, at one sample and at the case's batch.</summary>
/// <remarks>
/// In two processes neither sees the other's threads. In one process the other side has just run: what its idle threads take shows. The last column is the
/// engine beside a session whose threads spin between runs, which is ONNX Runtime's default.
/// </remarks>
internal static class Inference
{
    public static int Measure(string[] names, int threads, string? json)
    {
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{threads} thread(s); milliseconds; medians of {Report.Rounds} alternating rounds; ratio: ONNX Runtime's time over the engine's"));
        Console.Out.WriteLine(
            $"{"case",-12} {"batch",5} {"engine",9} {"ONNX",9} {"ratio",6} | in one process {"engine",9} {"ONNX",9} {"ratio",6} | {"engine, ONNX spinning",9}");
        var rows = new List<Row>();
        foreach (var name in names)
        {
            foreach (var batch in new[] { 1, BenchmarkCase.Named(name).Batch })
            {
                var (engine, runtime) = Alternate("engine", "ort");
                var (engineTogether, runtimeTogether) = Alternate("engine+ort", "ort+engine");
                var (besideSpinning, _) = Alternate("engine+ort-spinning", "ort-spinning");
                var row = new Row(name, batch, engine, runtime, engineTogether, runtimeTogether, besideSpinning);
                rows.Add(row);
                Console.Out.WriteLine(row.Text());

                (double Left, double Right) Alternate(string left, string right)
                {
                    using var one = Side.Start(left, name, "predict", threads, batch);
                    using var other = Side.Start(right, name, "predict", threads, batch);
                    return Report.Alternate(one, other);
                }
            }
        }

        var ratios = rows.Select(row => row.Runtime / row.Engine).ToList();
        Console.Out.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"geometric mean ratio {Math.Exp(ratios.Average(Math.Log)):F2}, smallest {ratios.Min():F2}"));
        if (json is not null) Write(json, threads, rows);
        return 0;
    }

    private static void Write(string path, int threads, List<Row> rows)
    {
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteNumber("threads", threads);
        writer.WriteStartArray("cases");
        foreach (var row in rows)
        {
            writer.WriteStartObject();
            writer.WriteString("case", row.Name);
            writer.WriteString("mode", "predict-ort");
            writer.WriteNumber("batch", row.Batch);
            writer.WriteNumber("engine_ms", row.Engine);
            writer.WriteNumber("onnx_runtime_ms", row.Runtime);
            writer.WriteNumber("ratio", row.Runtime / row.Engine);
            writer.WriteNumber("engine_together_ms", row.EngineTogether);
            writer.WriteNumber("onnx_runtime_together_ms", row.RuntimeTogether);
            writer.WriteNumber("engine_beside_spinning_ms", row.BesideSpinning);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private sealed record Row(
        string Name, int Batch, double Engine, double Runtime, double EngineTogether, double RuntimeTogether, double BesideSpinning)
    {
        public string Text() =>
            string.Create(CultureInfo.InvariantCulture, $"{Name,-12} {Batch,5} {Engine,9:F4} {Runtime,9:F4} {Runtime / Engine,6:F2} |                ")
            + string.Create(CultureInfo.InvariantCulture, $"{EngineTogether,9:F4} {RuntimeTogether,9:F4} {RuntimeTogether / EngineTogether,6:F2} | ")
            + string.Create(CultureInfo.InvariantCulture, $"{BesideSpinning,9:F4}");
    }
}
