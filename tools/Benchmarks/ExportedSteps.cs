using System.Globalization;
using System.Text.Json;

namespace OnnxFunctional.Benchmarks;

/// <summary>The same training step by the engine, and by ONNX Runtime from the files that ExportTraining writes.</summary>
internal static class ExportedSteps
{
    public static int Measure(string[] names, int threads, string? json)
    {
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{threads} thread(s); medians of {Report.Rounds} alternating rounds; ratio: ONNX Runtime's time over the engine's"));
        Console.Out.WriteLine($"{"case",-12} {"engine ms",10} {"ONNX ms",10} {"ratio",7}");
        var rows = new List<(string Name, double Engine, double Exported)>();
        var failures = new List<string>();
        foreach (var name in names)
        {
            using var exported = Side.Start("onnx", name, "train", threads);
            if (exported.Failure is { } failure)
            {
                failures.Add($"{name}: {failure}");
                continue;
            }

            using var engine = Side.Start("ours", name, "train", threads);
            var (engineMs, exportedMs) = Report.Alternate(engine, exported);
            rows.Add((name, engineMs, exportedMs));
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-12} {engineMs,10:F3} {exportedMs,10:F3} {exportedMs / engineMs,7:F2}"));
        }

        if (rows.Count > 0)
            Console.Out.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"geometric mean ratio {Math.Exp(rows.Average(row => Math.Log(row.Exported / row.Engine))):F2}"));
        foreach (var failure in failures) Console.Out.WriteLine("not exported: " + failure);
        if (json is not null) Write(json, threads, rows);
        return 0;
    }

    private static void Write(string path, int threads, List<(string Name, double Engine, double Exported)> rows)
    {
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteNumber("threads", threads);
        writer.WriteStartArray("cases");
        foreach (var (name, engine, exported) in rows)
        {
            writer.WriteStartObject();
            writer.WriteString("case", name);
            writer.WriteNumber("engine_ms", engine);
            writer.WriteNumber("onnx_runtime_ms", exported);
            writer.WriteNumber("ratio", exported / engine);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
