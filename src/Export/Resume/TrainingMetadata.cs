using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Export.Resume;

/// <summary>
/// The state of training besides tensors: seeds, the arguments of Compile, and the position of an unfinished Fit. One JSON text in the file's metadata.
/// </summary>
/// <param name="Seed">The seed of shuffling and random layers.</param>
/// <param name="ModelSeed">The seed of the model's initial weights.</param>
/// <param name="Compile">The arguments of Compile; null if one of them is a function of the user.</param>
/// <param name="NotStored">Why they are missing.</param>
/// <param name="Iterations">The number of steps so far, exactly; the tensor of that name is float32.</param>
/// <param name="Position">The position of an unfinished Fit.</param>
/// <param name="Frozen">Weights that gradients could update but do not, by their paths.</param>
/// <param name="IsOpened">Whether the model consists of nodes of an opened file, so that its own file opens as the same model.</param>
/// <param name="Instructions">The vectors that the training ran with, which its bits depend on; null if an older version wrote the file.</param>
/// <param name="Shards">Into how many parts batches were cut, which its bits depend on.</param>
internal sealed record TrainingMetadata(
    ulong Seed,
    ulong ModelSeed,
    JsonElement? Compile,
    string? NotStored,
    long Iterations,
    FitPosition? Position,
    IReadOnlyList<string> Frozen,
    bool IsOpened,
    string? Instructions,
    int Shards)
{
    // Version 2 added the instructions, version 3 the frozen weights and opened files, version 4 the shards of several processes.
    private const int Version = 4;

    // Others than of several processes stay readable by older versions.
    private const int OfOneShard = 3;

    // Five levels are written.
    private const int DeepestJson = 64;

    /// <summary>The state as JSON; equal states give equal text.</summary>
    public static string Write(Trainer trainer, FitPosition? position)
    {
        var json = new JsonObject
        {
            ["version"] = trainer.Distribution.Shards == 1 ? OfOneShard : Version,
            ["seed"] = trainer.Seed,
            ["model_seed"] = trainer.Model.Seed,
            ["iterations"] = trainer.Iterations,
            ["learning_rate"] = (float)trainer.LearningRate,
            ["instructions"] = VectorDispatch.Instructions,
        };
        var frozen = trainer.Model.WeightPaths().Where(named => named.Weight.Learns && !IsTrained(trainer, named.Weight)).ToList();
        if (trainer.Distribution.Shards > 1) json["shards"] = trainer.Distribution.Shards;
        if (IsAsItsFile(trainer.Model)) json["opened"] = true;
        if (frozen.Count > 0) json["frozen"] = new JsonArray([.. frozen.Select(named => (JsonNode?)named.Path)]);
        try
        {
            json["compile"] = CompileConfig.Write(trainer.Compiled);
        }
        catch (ModelException refusal)
        {
            // The state is complete nevertheless; whoever loads it passes the optimizer and the loss again.
            json["not_stored"] = refusal.Message;
        }

        if (position is not null) json["position"] = Write(position);
        return json.ToJsonString();
    }

    /// <summary>Reads what <see cref="Write(Trainer, FitPosition?)"/> wrote.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">The file, for messages.</param>
    /// <exception cref="FormatException">The text is malformed.</exception>
    /// <exception cref="OnnxFileException">A newer version of this library wrote it.</exception>
    public static TrainingMetadata Read(string text, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = DeepestJson, AllowDuplicateProperties = false });
            var root = document.RootElement;
            var version = root.GetProperty("version").GetInt64();
            if (version > Version) throw new OnnxFileException($"The state of training in {source} {FormatVersion.Newer(version, Version)}");
            if (version < 1) throw new FormatException($"it has version {version}, expected 1 to {Version}");
            Require(
                root,
                "version", "instructions", "seed", "model_seed", "iterations", "learning_rate", "compile", "not_stored", "position", "frozen", "opened",
                "shards");
            return new TrainingMetadata(
                root.GetProperty("seed").GetUInt64(),
                root.GetProperty("model_seed").GetUInt64(),
                root.TryGetProperty("compile", out var compile) ? compile.Clone() : null,
                root.TryGetProperty("not_stored", out var reason) ? reason.GetString() : null,
                root.GetProperty("iterations").GetInt64(),
                root.TryGetProperty("position", out var position) ? ReadPosition(position) : null,
                root.TryGetProperty("frozen", out var frozen) ? [.. frozen.EnumerateArray().Select(path => path.GetString() ?? "")] : [],
                root.TryGetProperty("opened", out var opened) && opened.GetBoolean(),
                root.TryGetProperty("instructions", out var instructions) ? instructions.GetString() : null,
                root.TryGetProperty("shards", out var shards) ? shards.GetInt32() : 1);
        }
        catch (Exception misfit) when (misfit is JsonException or KeyNotFoundException or InvalidOperationException or OverflowException)
        {
            throw new FormatException(misfit.Message, misfit);
        }
    }

    /// <summary>
    /// Warns if the training ran with other vectors or shards: sums are then added in another order, so it goes on as well, with other last bits.
    /// </summary>
    public void WarnOfOtherBits(Trainer trainer, string source)
    {
        if (Shards != trainer.Distribution.Shards)
        {
            Warnings.Once(
                trainer,
                WarningKind.OtherShards,
                () => $"The training in {source} cut its batches into {Shards} shard{(Shards == 1 ? "" : "s")}, and {trainer.Distribution.Shards} here. "
                    + "It goes on as well, but its bits will differ from those of an uninterrupted training. "
                    + $"Pass shards: {Shards} to Distribution if they matter.");
        }

        if (Instructions is not { } then || then == VectorDispatch.Instructions) return;
        Warnings.Once(
            trainer,
            WarningKind.InstructionSet,
            () => $"The training in {source} ran on {then}, and continues here on {VectorDispatch.Instructions}. It goes on as well, but its last bits will "
                + "differ from those of an uninterrupted training. Resume on a machine with the same vectors if they matter.");
    }

    /// <summary>Freezes what the saved model had frozen and its rebuilt architecture does not tell: layers of an opened file, and single weights.</summary>
    public void Freeze(Model model)
    {
        var frozen = Frozen.ToHashSet(StringComparer.Ordinal);
        var trained = model.TrainableWeights.ToHashSet();
        foreach (var layer in model.WeightPaths().Where(named => trained.Contains(named.Weight)).GroupBy(named => named.Weight.Owner!))
        {
            if (layer.All(named => frozen.Contains(named.Path))) layer.Key.Trainable = false;
            else foreach (var (_, weight) in layer.Where(named => frozen.Contains(named.Path))) weight.Freeze();
        }
    }

    /// <summary>
    /// Whether a model is of nodes of an opened file, and computes in training what it computes otherwise, which is all that its file says. An output that is
    /// an input has another name in a file, which only a node of a file keeps.
    /// </summary>
    private static bool IsAsItsFile(Model model) =>
        model.Layers.All(layer => layer is InputLayer || layer.WhyNoConfiguration is not null)
        && !model.Graph.Nodes.Any(node => node.Op is Operators.Phase)
        && !model.Outputs.Any(output => model.Inputs.Any(input => input.Value == output.Value));

    private static bool IsTrained(Trainer trainer, Weight weight) => weight.Trainable && trainer.Compiled.IsTrainable(weight);

    private static JsonObject Write(FitPosition position)
    {
        var json = new JsonObject
        {
            ["epoch"] = position.Epoch,
            ["step"] = position.Step,
            ["samples"] = Text(position.Sums.Samples),
            ["losses"] = List(position.Sums.Losses),
            ["metrics"] = new JsonArray([.. position.Sums.Metrics.Select(List)]),
            ["callbacks"] = new JsonArray(
                [.. position.Callbacks.Select(callback => (JsonNode?)new JsonObject { ["class"] = callback.Class, ["state"] = List(callback.State) })]),
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
        Require(json, "epoch", "step", "samples", "losses", "metrics", "callbacks", "history", "batches_per_epoch");
        var (epoch, step) = (json.GetProperty("epoch").GetInt32(), json.GetProperty("step").GetInt32());
        int? batches = json.TryGetProperty("batches_per_epoch", out var given) ? given.GetInt32() : null;
        if (epoch < 0 || step < 0 || step > batches) throw new FormatException($"its position is step {step} of {batches} in epoch {epoch}");
        var sums = new StepSums(
            Number(json.GetProperty("samples")),
            Numbers(json.GetProperty("losses")),
            [.. json.GetProperty("metrics").EnumerateArray().Select(Numbers)]);
        return new FitPosition(
            epoch,
            step,
            batches,
            sums,
            [.. json.GetProperty("callbacks").EnumerateArray().Select(ReadCallback)],
            [.. json.GetProperty("history").EnumerateArray().Select(ReadEpoch)]);
    }

    private static (string Class, double[] State) ReadCallback(JsonElement json) =>
        (json.GetProperty("class").GetString() ?? "", Numbers(json.GetProperty("state")));

    private static EpochLogs ReadEpoch(JsonElement json) =>
        new(json.GetProperty("epoch").GetInt32(), [.. json.GetProperty("logs").EnumerateObject().Select(log => (log.Name, Number(log.Value)))]);

    private static void Require(JsonElement json, params ReadOnlySpan<string> known)
    {
        if (KnownKeys.Problem(json, known) is { } problem) throw new FormatException(problem);
    }

    private static JsonNode List(double[] numbers) => new JsonArray([.. numbers.Select(number => (JsonNode?)Text(number))]);

    // As strings, because JSON has no NaN, with enough digits to restore the same bits.
    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static double[] Numbers(JsonElement json) => [.. json.EnumerateArray().Select(Number)];

    private static double Number(JsonElement json) => double.Parse(json.GetString() ?? "", NumberStyles.Float, CultureInfo.InvariantCulture);
}
