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

    public required ManifestTensor[] Targets { get; init; }

    public ManifestTensor? SampleWeight { get; init; }

    /// <summary>The input for the learning rate; nothing where a schedule in the graph gives it.</summary>
    public string? LearningRateInput { get; init; }

    /// <summary>The output that tells the rate of a schedule.</summary>
    public string? LearningRateOutput { get; init; }

    public required float LearningRate { get; init; }

    public required string Loss { get; init; }

    /// <summary>The loss of each output that has one, where there are several.</summary>
    public required ManifestLoss[] Losses { get; init; }

    public required ManifestMetric[] Metrics { get; init; }

    /// <summary>Outputs of predict.onnx.</summary>
    public required string[] Predictions { get; init; }

    public required ManifestState[] State { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.TrainingManifest);

    /// <exception cref="OnnxFileException">The text is damaged or of another format.</exception>
    public static TrainingManifest Parse(ReadOnlySpan<byte> json, string source)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.TrainingManifest);
            if (manifest is null || manifest.Format != CurrentFormat)
                throw new OnnxFileException($"{source} is of format {manifest?.Format}; this version reads format {CurrentFormat}. Export the training again.");
            return manifest;
        }
        catch (JsonException damaged)
        {
            throw new OnnxFileException($"{source} is damaged: {damaged.Message} Export the training again.", damaged);
        }
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
/// <param name="IsMean">Whether the metric is the first sum over the second; others are functions only the trainer knows.</param>
/// <param name="Sums">The outputs of train.onnx and evaluate.onnx, which add up over batches.</param>
internal sealed record ManifestMetric(string Name, bool IsMean, string[] Sums);

/// <param name="Name">The input of train.onnx and the output of init.onnx.</param>
/// <param name="Next">The output of train.onnx that feeds it at the next step; nothing where it never changes.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="IsWeight">Whether it is a weight of the model rather than the optimizer's.</param>
/// <param name="Evaluates">Whether evaluate.onnx takes it.</param>
/// <param name="Predicts">Whether predict.onnx takes it.</param>
internal sealed record ManifestState(string Name, string? Next, int[] Shape, bool IsWeight, bool Evaluates, bool Predicts);

[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n", PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TrainingManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
