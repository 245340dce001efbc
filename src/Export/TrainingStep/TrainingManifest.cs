using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxFunctional.Serialization;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>The content of training.json: names, shapes, and which output becomes which input of the next step.</summary>
internal sealed record TrainingManifest
{
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    public required string Model { get; init; }

    public required int Opset { get; init; }

    /// <summary>Samples per batch; null for any number.</summary>
    public int? BatchSize { get; init; }

    public required ManifestTensor[] Inputs { get; init; }

    /// <summary>The names of the model's outputs, which users give to targets too.</summary>
    public required string[] Outputs { get; init; }

    /// <summary>The inputs for targets, one per output and in that order.</summary>
    public required ManifestTensor[] Targets { get; init; }

    public ManifestTensor? SampleWeight { get; init; }

    /// <summary>The input for the seed of random layers, as the bits of an int64; null if no layer reads it.</summary>
    public string? SeedInput { get; init; }

    /// <summary>The seed of the exported trainer. A string in the file, because JavaScript's numbers are exact only up to 2^53.</summary>
    [JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)]
    public ulong? Seed { get; init; }

    /// <summary>The input for the learning rate; null if a schedule in the graph computes it.</summary>
    public string? LearningRateInput { get; init; }

    /// <summary>The output for the learning rate of a schedule; null if the rate is an input.</summary>
    public string? LearningRateOutput { get; init; }

    public required float LearningRate { get; init; }

    public required string Loss { get; init; }

    /// <summary>The losses of outputs, if there are several.</summary>
    public required ManifestLoss[] Losses { get; init; }

    public required ManifestMetric[] Metrics { get; init; }

    /// <summary>Outputs of predict.onnx, in the model's order.</summary>
    public required string[] Predictions { get; init; }

    /// <summary>Weights, then the optimizer's slots; the last is the number of steps.</summary>
    public required ManifestState[] State { get; init; }

    /// <summary>
    /// Sizes and digests of the four graphs and of the second file of a large state, so that damaged files and files of another export are detected.
    /// </summary>
    public required ManifestFile[] Files { get; init; }

    /// <summary>Inputs, targets and sample weights: what a batch holds.</summary>
    [JsonIgnore]
    public ManifestTensor[] Batch => [.. Inputs, .. Targets, .. SampleWeight is { } weight ? [weight] : Array.Empty<ManifestTensor>()];

    /// <summary>The outputs that are reported: the loss, the losses of outputs, the sums of metrics.</summary>
    [JsonIgnore]
    public string[] Reports => [Loss, .. Losses.Select(loss => loss.Output), .. Metrics.SelectMany(metric => metric.Sums)];

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.TrainingManifest);

    /// <exception cref="OnnxFileException">The text is damaged, of another format, or inconsistent.</exception>
    public static TrainingManifest Parse(ReadOnlySpan<byte> json, string source)
    {
        TrainingManifest? manifest;
        try
        {
            RequireKnownFormat(json, source);
            manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.TrainingManifest);
        }
        catch (JsonException damaged)
        {
            throw new OnnxFileException($"{source} is damaged: {damaged.Message} Export the training again.", damaged);
        }

        if (manifest is null || manifest.Format != CurrentFormat)
            throw new OnnxFileException($"{source} has format {manifest?.Format}; this version reads format {CurrentFormat}. Export the training again.");
        ManifestCheck.Run(manifest, source);
        return manifest;
    }

    /// <summary>A newer format is named before anything else is looked at, because its keys may be others.</summary>
    private static void RequireKnownFormat(ReadOnlySpan<byte> json, string source)
    {
        var reader = new Utf8JsonReader(json);
        if (JsonElement.TryParseValue(ref reader, out var root)
            && root.Value.ValueKind == JsonValueKind.Object
            && root.Value.TryGetProperty("format", out var given)
            && given.ValueKind == JsonValueKind.Number
            && given.TryGetInt64(out var format)
            && format > CurrentFormat)
            throw new OnnxFileException($"{source} {FormatVersion.Newer(format, CurrentFormat)}");
    }
}

/// <param name="Name">The name in the files.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions; -1 for any number.</param>
internal sealed record ManifestTensor(string Name, DType Type, int[] Shape);

/// <param name="Name">The name in logs.</param>
/// <param name="Output">The output of train.onnx and evaluate.onnx.</param>
internal sealed record ManifestLoss(string Name, string Output);

/// <param name="Name">The name in logs.</param>
/// <param name="IsMean">Whether the metric is the first sum over the second.</param>
/// <param name="Sums">The outputs of train.onnx and evaluate.onnx, to be summed over batches.</param>
/// <param name="Keras">The metric in Keras' JSON, if its result is another function of the sums.</param>
internal sealed record ManifestMetric(string Name, bool IsMean, string[] Sums, JsonElement? Keras);

/// <param name="Name">The input of train.onnx and the output of init.onnx.</param>
/// <param name="Next">The output of train.onnx that is its value for the next step; null if it never changes.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="IsWeight">Whether it is a weight of the model rather than the optimizer's.</param>
/// <param name="Average">The tensor of the state that replaces a weight when training ends: its moving average, if the optimizer keeps one.</param>
/// <param name="Evaluates">Whether it is an input of evaluate.onnx.</param>
/// <param name="Predicts">Whether it is an input of predict.onnx.</param>
internal sealed record ManifestState(string Name, string? Next, int[] Shape, bool IsWeight, string? Average, bool Evaluates, bool Predicts)
{
    public int Length => Shape.Aggregate(1, (product, dim) => checked(product * dim));
}

/// <param name="Name">The name in the folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its SHA-256 digest, in hexadecimal.</param>
internal sealed record ManifestFile(string Name, long Bytes, string Sha256);

[JsonSourceGenerationOptions(
    WriteIndented = true,
    NewLine = "\n",
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TrainingManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
