namespace OnnxFunctional.Training;

/// <summary>What cannot be shared by several processes.</summary>
internal static class DistributionLimits
{
    /// <exception cref="ModelException">Something cannot; all reasons are in the message.</exception>
    public static void Check(CompiledTraining compiled)
    {
        if (!compiled.Distribution.IsShared) return;
        var problems = new List<string>();
        foreach (var (path, _) in compiled.Model.WeightPaths().Where(entry => entry.Weight.IsState))
            problems.Add($"'{path}' is a state for each sample of a batch, and a process has only some of them. Make the layer stateless.");
        if (problems.Count == 0) return;
        throw new ModelException($"Model '{compiled.Model.Name}' cannot be trained by several processes:"
            + string.Concat(problems.Select(problem => Environment.NewLine + "- " + problem)));
    }
}
