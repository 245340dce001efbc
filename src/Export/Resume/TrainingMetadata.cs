using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Resume;

/// <summary>What a file says of training beside tensors: seeds, what Compile was given, and where an unfinished Fit stands. One JSON text in the file's metadata.</summary>
/// <param name="Seed">What shuffling and random layers draw from.</param>
/// <param name="ModelSeed">What the model's first weights were drawn from.</param>
/// <param name="Compile">What Compile was given; nothing where it holds a function of the user's.</param>
/// <param name="NotStored">Why it is missing.</param>
/// <param name="Iterations">Steps made so far: exact, where the tensor of that name is float32.</param>
/// <param name="Position">Where an unfinished Fit stands.</param>
internal sealed record TrainingMetadata(ulong Seed, ulong ModelSeed, JsonElement? Compile, string? NotStored, long Iterations, FitPosition? Position)
{
    private const int Version = 1;

    // Names in names in lists: five levels are written.
    private const int DeepestJson = 64;

    /// <summary>As text; the same state gives the same text.</summary>
    public static string Write(Trainer trainer, FitPosition? position)
    {
        var json = new JsonObject
        {
            ["version"] = Version,
            ["seed"] = trainer.Seed,
            ["model_seed"] = trainer.Model.Seed,
            ["iterations"] = trainer.Iterations,
            ["learning_rate"] = trainer.LearningRate,
        };
        try
        {
            json["compile"] = CompileConfig.Write(trainer.Compiled);
        }
        catch (ModelException refusal)
        {
            // The state is whole all the same; whoever loads it gives the optimizer and the loss again.
            json["not_stored"] = refusal.Message;
        }

        if (position is not null) json["position"] = Write(position);
        return json.ToJsonString();
    }

    /// <summary>Reads what <see cref="Write(Trainer, FitPosition?)"/> wrote.</summary>
    /// <exception cref="FormatException">The text is not such JSON.</exception>
    public static TrainingMetadata Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = DeepestJson, AllowDuplicateProperties = false });
            var root = document.RootElement;
            if (root.GetProperty("version").GetInt32() is var version && version != Version) throw new FormatException($"it has version {version}, and {Version} is read");
            return new TrainingMetadata(
                root.GetProperty("seed").GetUInt64(),
                root.GetProperty("model_seed").GetUInt64(),
                root.TryGetProperty("compile", out var compile) ? compile.Clone() : null,
                root.TryGetProperty("not_stored", out var reason) ? reason.GetString() : null,
                root.GetProperty("iterations").GetInt64(),
                root.TryGetProperty("position", out var position) ? ReadPosition(position) : null);
        }
        catch (Exception misfit) when (misfit is JsonException or KeyNotFoundException or InvalidOperationException or OverflowException)
        {
            throw new FormatException(misfit.Message, misfit);
        }
    }

    private static JsonObject Write(FitPosition position)
    {
        var json = new JsonObject
        {
            ["epoch"] = position.Epoch,
            ["step"] = position.Step,
            ["samples"] = Text(position.Sums.Samples),
            ["losses"] = List(position.Sums.Losses),
            ["metrics"] = new JsonArray([.. position.Sums.Metrics.Select(List)]),
            ["callbacks"] = new JsonArray([.. position.Callbacks.Select(callback => (JsonNode?)new JsonObject { ["class"] = callback.Class, ["state"] = List(callback.State) })]),
        };
        json["history"] = new JsonArray([.. position.History.Select(epoch => (JsonNode?)new JsonObject
        {
            ["epoch"] = epoch.Epoch,
            ["logs"] = new JsonObject(epoch.Logs.Select(entry => KeyValuePair.Create(entry.Name, (JsonNode?)Text(entry.Value)))),
        })]);
        if (position.BatchesPerEpoch is { } batches) json["batches_per_epoch"] = batches;
        return json;
    }

    private static FitPosition ReadPosition(JsonElement json)
    {
        var (epoch, step) = (json.GetProperty("epoch").GetInt32(), json.GetProperty("step").GetInt32());
        int? batches = json.TryGetProperty("batches_per_epoch", out var given) ? given.GetInt32() : null;
        if (epoch < 0 || step < 0 || step > batches) throw new FormatException($"it stands at step {step} of {batches} in epoch {epoch}");
        var sums = new StepSums(Number(json.GetProperty("samples")), Numbers(json.GetProperty("losses")), [.. json.GetProperty("metrics").EnumerateArray().Select(Numbers)]);
        return new FitPosition(
            epoch,
            step,
            batches,
            sums,
            [.. json.GetProperty("callbacks").EnumerateArray().Select(entry => (entry.GetProperty("class").GetString() ?? "", Numbers(entry.GetProperty("state"))))],
            [.. json.GetProperty("history").EnumerateArray().Select(entry => new EpochLogs(entry.GetProperty("epoch").GetInt32(), [.. entry.GetProperty("logs").EnumerateObject().Select(log => (log.Name, Number(log.Value)))]))]);
    }

    private static JsonNode List(double[] numbers) => new JsonArray([.. numbers.Select(number => (JsonNode?)Text(number))]);

    // As words, because JSON has no NaN, and as many digits as bring the same bits back.
    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static double[] Numbers(JsonElement json) => [.. json.EnumerateArray().Select(Number)];

    private static double Number(JsonElement json) => double.Parse(json.GetString() ?? "", NumberStyles.Float, CultureInfo.InvariantCulture);
}
