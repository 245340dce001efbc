namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Checks that an untrusted training.json is consistent, before buffers are allocated for it.</summary>
internal static class ManifestCheck
{
    /// <exception cref="OnnxFileException">It is inconsistent; the first problem is named.</exception>
    public static void Run(TrainingManifest manifest, string source)
    {
        if (Problems(manifest).FirstOrDefault() is { } problem) throw new OnnxFileException($"{source} is damaged: {problem}. Export the training again.");
    }

    private static IEnumerable<string> Problems(TrainingManifest manifest)
    {
        // JSON may hold null where a list holds objects.
        object?[][] lists =
        [
            manifest.Inputs, manifest.Targets, manifest.Losses, manifest.Metrics, manifest.State, manifest.Files, manifest.Outputs, manifest.Predictions,
        ];
        if (lists.Any(list => list.Contains(null)) || manifest.Metrics.Any(metric => metric.Sums.Contains(null!)))
        {
            yield return "a list holds null";
            yield break;
        }

        if (manifest.BatchSize < 1) yield return $"the batch size is {manifest.BatchSize}, expected 1 or more";
        if (!float.IsFinite(manifest.LearningRate)) yield return $"the learning rate is {manifest.LearningRate}";
        if (manifest.LearningRateInput is null == manifest.LearningRateOutput is null) yield return "the learning rate must be an input or an output";
        if (manifest.SeedInput is null != manifest.Seed is null) yield return "the seed must have an input and a value, or neither";
        if (manifest.Inputs.Length == 0) yield return "there are no inputs";
        if (manifest.Targets.Length != manifest.Outputs.Length || manifest.Predictions.Length != manifest.Outputs.Length)
            yield return $"there are {manifest.Outputs.Length} outputs, but {manifest.Targets.Length} targets and {manifest.Predictions.Length} predictions";
        foreach (var tensor in manifest.Batch)
        {
            if (tensor.Shape.Length == 0 || tensor.Shape.Any(dim => dim is not (Shape.Unknown or > 0)))
                yield return $"'{tensor.Name}' has the shape [{string.Join(", ", tensor.Shape)}]";
            if (!Enum.IsDefined(tensor.Type)) yield return $"'{tensor.Name}' has an unknown type";
        }

        foreach (var metric in manifest.Metrics)
        {
            if (metric.IsMean ? metric.Sums.Length != 2 || metric.Keras is not null : metric.Keras is null)
                yield return $"the metric '{metric.Name}' does not define its result";
        }

        foreach (var tensor in manifest.State)
        {
            var length = tensor.Shape.Aggregate((Int128)1, (product, dim) => Int128.Min(product * int.Max(dim, 0), Array.MaxLength + 1L));
            if (tensor.Shape.Any(dim => dim < 0) || length > Array.MaxLength) yield return $"'{tensor.Name}' has the shape [{string.Join(", ", tensor.Shape)}]";
        }

        if (manifest.State is not [.., { Shape: [], Next: not null, IsWeight: false }]) yield return "the last tensor of the state is not the count of steps";
        foreach (var weight in manifest.State.Where(tensor => tensor.Average is not null))
        {
            var average = manifest.State.FirstOrDefault(tensor => tensor.Name == weight.Average);
            if (!weight.IsWeight || average is null || !average.Shape.SequenceEqual(weight.Shape))
                yield return $"'{weight.Name}' has no average '{weight.Average}' of its shape";
        }

        foreach (var names in new[] { InputNames(manifest), OutputNames(manifest) })
        {
            if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice) yield return $"'{twice.Key}' names two tensors";
        }

        foreach (var name in TrainingFolder.Graphs)
        {
            if (manifest.Files.Count(file => file.Name == name) != 1) yield return $"{name} is not among the files";
        }
    }

    /// <summary>Names of the training graph's inputs.</summary>
    private static IEnumerable<string> InputNames(TrainingManifest manifest) =>
    [
        .. manifest.Batch.Select(tensor => tensor.Name),
        .. manifest.State.Select(tensor => tensor.Name),
        .. new[] { manifest.SeedInput, manifest.LearningRateInput }.OfType<string>(),
    ];

    /// <summary>Names of the training graph's outputs.</summary>
    private static IEnumerable<string> OutputNames(TrainingManifest manifest) =>
        [.. manifest.Reports, .. manifest.State.Select(tensor => tensor.Next).OfType<string>(), manifest.LearningRateOutput ?? ""];
}
