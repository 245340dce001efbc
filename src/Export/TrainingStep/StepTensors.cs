namespace OnnxFunctional.Export.TrainingStep;

/// <summary>What training.json says of one of the four graphs.</summary>
/// <param name="Data">Inputs that a batch brings, in order.</param>
/// <param name="State">Inputs that lie on the device.</param>
/// <param name="Reports">Outputs that are read, in order.</param>
/// <param name="NextState">Outputs that stay on the device.</param>
internal sealed record StepTensors(ManifestTensor[] Data, ManifestTensor[] State, string[] Reports, ManifestTensor[] NextState)
{
    public static StepTensors Init(TrainingManifest manifest) => new([], [], [], [.. manifest.State.Select(tensor => Named(tensor, tensor.Name))]);

    /// <summary>Behind the batch come the seed and the learning rate where they are inputs; the rate is the last of the reports where it is an output.</summary>
    public static StepTensors Train(TrainingManifest manifest) => new(
        [
            .. Batch(manifest),
            .. manifest.SeedInput is { } seed ? [new ManifestTensor(seed, DType.Int64, [])] : Array.Empty<ManifestTensor>(),
            .. manifest.LearningRateInput is { } rate ? [new ManifestTensor(rate, DType.Float32, [])] : Array.Empty<ManifestTensor>(),
        ],
        Taken(manifest, _ => true),
        manifest.LearningRateOutput is { } output ? [.. Measures(manifest), output] : Measures(manifest),
        [.. manifest.State.Where(tensor => tensor.Next is not null).Select(tensor => Named(tensor, tensor.Next!))]);

    public static StepTensors Evaluate(TrainingManifest manifest) => new(Batch(manifest), Taken(manifest, tensor => tensor.Evaluates), Measures(manifest), []);

    public static StepTensors Predict(TrainingManifest manifest) => new(manifest.Inputs, Taken(manifest, tensor => tensor.Predicts), manifest.Predictions, []);

    private static ManifestTensor[] Batch(TrainingManifest manifest) => [.. manifest.Inputs, .. manifest.Targets, .. manifest.SampleWeight is { } weight ? [weight] : Array.Empty<ManifestTensor>()];

    /// <summary>The loss, the losses of outputs, the sums of metrics.</summary>
    private static string[] Measures(TrainingManifest manifest) => [manifest.Loss, .. manifest.Losses.Select(loss => loss.Output), .. manifest.Metrics.SelectMany(metric => metric.Sums)];

    private static ManifestTensor[] Taken(TrainingManifest manifest, Func<ManifestState, bool> isTaken) => [.. manifest.State.Where(isTaken).Select(tensor => Named(tensor, tensor.Name))];

    private static ManifestTensor Named(ManifestState tensor, string name) => new(name, DType.Float32, tensor.Shape);
}
