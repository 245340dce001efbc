namespace OnnxFunctional.Export.TrainingStep;

/// <summary>The inputs and outputs of one of the four graphs, according to training.json.</summary>
/// <param name="Data">Inputs that are passed with each batch, in order.</param>
/// <param name="State">Inputs that are on the device.</param>
/// <param name="Reports">Outputs that are read, in order.</param>
/// <param name="NextState">Outputs that stay on the device.</param>
internal sealed record StepTensors(ManifestTensor[] Data, ManifestTensor[] State, string[] Reports, ManifestTensor[] NextState)
{
    public static StepTensors Init(TrainingManifest manifest) => new([], [], [], Taken(manifest, _ => true));

    /// <summary>After the batch come the seed and the learning rate, if they are inputs; if the rate is an output, it is the last report.</summary>
    public static StepTensors Train(TrainingManifest manifest) => new(
        [
            .. manifest.Batch,
            .. manifest.SeedInput is { } seed ? [new ManifestTensor(seed, DType.Int64, [])] : Array.Empty<ManifestTensor>(),
            .. manifest.LearningRateInput is { } rate ? [new ManifestTensor(rate, DType.Float32, [])] : Array.Empty<ManifestTensor>(),
        ],
        Taken(manifest, _ => true),
        manifest.LearningRateOutput is { } output ? [.. manifest.Reports, output] : manifest.Reports,
        [.. manifest.State.Where(tensor => tensor.Next is not null).Select(tensor => Named(tensor, tensor.Next!))]);

    public static StepTensors Evaluate(TrainingManifest manifest) => new(manifest.Batch, Taken(manifest, tensor => tensor.Evaluates), manifest.Reports, []);

    public static StepTensors Predict(TrainingManifest manifest) =>
        new(manifest.Inputs, Taken(manifest, tensor => tensor.Predicts), manifest.Predictions, []);

    private static ManifestTensor[] Taken(TrainingManifest manifest, Func<ManifestState, bool> isTaken) =>
        [.. manifest.State.Where(isTaken).Select(tensor => Named(tensor, tensor.Name))];

    private static ManifestTensor Named(ManifestState tensor, string name) => new(name, DType.Float32, tensor.Shape);
}
