using System.Text.Json;
using System.Text.Json.Serialization;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>What training.json says: names, shapes, and which output feeds which input at the next step.</summary>
internal sealed record TrainingManifest
{
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    public required string Model { get; init; }

    public required int Opset { get; init; }

    /// <summary>Samples of every batch; nothing where any number will do.</summary>
    public int? BatchSize { get; init; }

    public required ManifestTensor[] Inputs { get; init; }

    /// <summary>The model's outputs; targets go by these names too.</summary>
    public required string[] Outputs { get; init; }

    /// <summary>The inputs for targets, one an output and in that order.</summary>
    public required ManifestTensor[] Targets { get; init; }

    public ManifestTensor? SampleWeight { get; init; }

    /// <summary>The input for the seed of random layers, as the bits of an int64; nothing where none follows it.</summary>
    public string? SeedInput { get; init; }

    /// <summary>The seed of the trainer that was exported. A text in the file, because JavaScript's numbers end at 2^53.</summary>
    [JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)]
    public ulong? Seed { get; init; }

    /// <summary>The input for the learning rate; nothing where a schedule in the graph gives it.</summary>
    public string? LearningRateInput { get; init; }

    /// <summary>The output that tells the rate of a schedule.</summary>
    public string? LearningRateOutput { get; init; }

    public required float LearningRate { get; init; }

    public required string Loss { get; init; }

    /// <summary>The loss of each output that has one, where there are several.</summary>
    public required ManifestLoss[] Losses { get; init; }

    public required ManifestMetric[] Metrics { get; init; }

    /// <summary>Outputs of predict.onnx, in the model's order.</summary>
    public required string[] Predictions { get; init; }

    /// <summary>Weights, then the optimizer's slots; the count of steps is the last.</summary>
    public required ManifestState[] State { get; init; }

    /// <summary>The four graphs, so that a damaged file or one of another export is told.</summary>
    public required ManifestFile[] Files { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.TrainingManifest);

    /// <exception cref="OnnxFileException">The text is damaged, of another format, or contradicts itself.</exception>
    public static TrainingManifest Parse(ReadOnlySpan<byte> json, string source)
    {
        TrainingManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.TrainingManifest);
        }
        catch (JsonException damaged)
        {
            throw new OnnxFileException($"{source} is damaged: {damaged.Message} Export the training again.", damaged);
        }

        if (manifest is null || manifest.Format != CurrentFormat)
            throw new OnnxFileException($"{source} is of format {manifest?.Format}; this version reads format {CurrentFormat}. Export the training again.");
        ManifestCheck.Run(manifest, source);
        return manifest;
    }
}

/// <param name="Name">The name in the files.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Dimensions; -1 where any number will do.</param>
internal sealed record ManifestTensor(string Name, DType Type, int[] Shape);

/// <param name="Name">What logs call it.</param>
/// <param name="Output">The output of train.onnx and evaluate.onnx.</param>
internal sealed record ManifestLoss(string Name, string Output);

/// <param name="Name">What logs call it.</param>
/// <param name="IsMean">Whether the metric is the first sum over the second.</param>
/// <param name="Sums">The outputs of train.onnx and evaluate.onnx, which add up over batches.</param>
/// <param name="Keras">The metric in Keras' words, where it is another function of the sums.</param>
internal sealed record ManifestMetric(string Name, bool IsMean, string[] Sums, JsonElement? Keras);

/// <param name="Name">The input of train.onnx and the output of init.onnx.</param>
/// <param name="Next">The output of train.onnx that feeds it at the next step; nothing where it never changes.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="IsWeight">Whether it is a weight of the model rather than the optimizer's.</param>
/// <param name="Average">The tensor of the state that takes a weight's place when training ends: its moving average, where the optimizer keeps one.</param>
/// <param name="Evaluates">Whether evaluate.onnx takes it.</param>
/// <param name="Predicts">Whether predict.onnx takes it.</param>
internal sealed record ManifestState(string Name, string? Next, int[] Shape, bool IsWeight, string? Average, bool Evaluates, bool Predicts)
{
    public int Length => Shape.Aggregate(1, (product, dim) => checked(product * dim));
}

/// <param name="Name">The name in the folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its digest, in hexadecimal.</param>
internal sealed record ManifestFile(string Name, long Bytes, string Sha256);

[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n", PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TrainingManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
