using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>
/// What the page's script reads: one block of JSON. The encoder of System.Text.Json writes &lt;, > and &amp; as numbers, so that no name can end the block.
/// </summary>
internal static class PageData
{
    /// <summary>The block.</summary>
    /// <param name="source">What the report is made of.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="inside">What layers compute for the data; null without data.</param>
    /// <param name="numbers">The values of regressions that are drawn.</param>
    public static string Of(ReportSource source, IReadOnlyList<LayerFacts> layers, DebugReport? inside, IReadOnlyList<PredictedNumbers> numbers)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteBoolean("live", source.IsLive);
            json.WriteStartArray("epochs");
            foreach (var epoch in source.History?.Before(int.MaxValue) ?? [])
            {
                json.WriteStartObject();
                WriteFields(json, epoch.Epoch, epoch.Logs);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("numbers");
            foreach (var values in numbers) Write(json, values);
            json.WriteEndArray();
            json.WriteStartObject("layers");
            var configs = LayerConfigs.Of(source.Model, out var problem);
            var statistics = (inside?.Layers ?? []).ToLookup(layer => PathOf(layer.Layer), StringComparer.Ordinal);
            foreach (var layer in layers) Write(json, layer, configs.GetValueOrDefault(layer.Path), problem, statistics[layer.Path]);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The fields of an epoch, counted from 1, with what was logged.</summary>
    public static void WriteFields(Utf8JsonWriter json, int epoch, IEnumerable<(string Name, double Value)> logs)
    {
        json.WriteNumber("epoch", epoch + 1);
        json.WriteStartObject("logs");
        foreach (var (name, value) in logs)
        {
            json.WritePropertyName(name);
            WriteNumber(json, value);
        }

        json.WriteEndObject();
    }

    /// <summary>A number, or null if it is not finite.</summary>
    public static void WriteNumber(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteNullValue();
    }

    private static void Write(Utf8JsonWriter json, PredictedNumbers values)
    {
        json.WriteStartObject();
        json.WriteString("name", values.Name);
        foreach (var (name, numbers) in new[] { ("truth", values.Truth), ("predicted", values.Predicted) })
        {
            json.WriteStartArray(name);
            foreach (var number in numbers) WriteNumber(json, number);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void Write(
        Utf8JsonWriter json, LayerFacts layer, IReadOnlyList<(string Name, string Value)>? config, string? problem, IEnumerable<LayerStatistics> statistics)
    {
        json.WriteStartObject(layer.Path);
        json.WriteString("title", $"{layer.Path} ({layer.ClassName})");
        json.WriteStartArray("rows");
        if (layer.Inputs.Length > 0) Row("Input shape", layer.Inputs);
        Row("Output shape", layer.Outputs);
        Row("Output dtype", layer.DType);
        if (layer.Calls > 1) Row("Calls", layer.Calls.ToString(CultureInfo.InvariantCulture));
        Row("Parameters", Html.Count(layer.Parameters));
        if (layer.Trainable is { } trained) Row("Trainable", trained ? "yes" : "no");
        Row("Multiply-adds for one sample", Html.Count(layer.MultiplyAdds));
        Row("Output memory for one sample", CostSection.Bytes(layer.ActivationBytes));
        json.WriteEndArray();
        json.WriteStartArray("config");
        foreach (var (name, value) in config ?? []) Row(name, value);
        json.WriteEndArray();
        if (problem is not null && config is null) json.WriteString("problem", problem);
        json.WriteStartArray("statistics");
        foreach (var output in statistics)
        {
            json.WriteStartArray();
            json.WriteStringValue(output.Layer);
            foreach (var value in (double[])[output.Minimum, output.Maximum, output.Mean, output.StandardDeviation]) json.WriteStringValue(Html.Number(value));
            json.WriteStringValue(output.Zeros.ToString("P1", CultureInfo.InvariantCulture));
            json.WriteStringValue(Html.Count(output.NaNs + output.Infinities));
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();

        void Row(string name, string value)
        {
            json.WriteStartArray();
            json.WriteStringValue(name);
            json.WriteStringValue(value);
            json.WriteEndArray();
        }
    }

    /// <summary>The path of a layer, without the number of a call or of an output.</summary>
    private static string PathOf(string output)
    {
        const string Call = "/call_";
        if (output.EndsWith(']') && output.LastIndexOf('[') is > 0 and var bracket && IsNumber(output[(bracket + 1)..^1])) output = output[..bracket];
        return output.LastIndexOf(Call, StringComparison.Ordinal) is > 0 and var call && IsNumber(output[(call + Call.Length)..]) ? output[..call] : output;

        static bool IsNumber(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);
    }
}
