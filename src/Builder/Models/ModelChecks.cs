using OnnxFunctional.Initializers;

namespace OnnxFunctional;

/// <summary>Checks the connections of a model and reports all problems in one message.</summary>
internal static class ModelChecks
{
    public static void Connected(Model model)
    {
        var problems = new List<string>();
        if (model.Inputs.Distinct().Count() != model.Inputs.Count) problems.Add("an input is listed twice");
        var missing = model.Graph.MissingInputs().Select(node => ((Operators.Placeholder)node.Op).Layer).Distinct().ToList();
        if (missing.Count > 0)
        {
            var names = string.Join(", ", missing.Select(layer => $"'{layer.Name}' {layer.Tensor.Shape}"));
            problems.Add(
                $"the outputs depend on {missing.Count} input(s) that are not listed: {names}; "
                + "add them to the model's inputs, or build the outputs from the listed ones");
        }

        var dependent = DependentOnInputs(model);
        for (var i = 0; i < model.Outputs.Count; i++)
        {
            var value = model.Outputs[i].Value;
            if (value.Producer.Scope?.Layer.GivesConstants != true && !dependent.Contains(value))
                problems.Add($"output {i} {model.Outputs[i].Shape} does not depend on any of the inputs; call its layers on them");
        }

        if (problems.Count > 0) throw new ModelException("The model cannot be created: " + string.Join("; ", problems) + ".");
    }

    /// <summary>Files and optimizers know a weight by its path, so two weights of one path would be taken for each other.</summary>
    public static void OnePathPerWeight(Model model)
    {
        var owners = new Dictionary<string, Weight>();
        var problems = new List<string>();
        foreach (var (path, weight) in model.NamedWeights())
        {
            if (owners.TryAdd(path, weight) || ReferenceEquals(owners[path], weight)) continue;
            var inside = path[..path.LastIndexOf('/')];
            problems.Add($"two weights have the path '{path}'; give the layers named '{inside[(inside.LastIndexOf('/') + 1)..]}' different names");
        }

        if (problems.Count > 0) throw new ModelException("The model cannot be created: " + string.Join("; ", problems.Distinct()) + ".");
    }

    /// <summary>
    /// Models of one seed start with the same values, so an ensemble of them is one model. Readers of files, which set the values later, are silent.
    /// </summary>
    public static void DifferentValues(Model model)
    {
        Model[] inner = [.. model.Children.OfType<Model>().Where(child => child.IsBuilt)];
        for (var i = 1; i < inner.Length; i++)
        {
            if (Array.Find(inner[..i], other => AreEqual(other, inner[i])) is not { } twin) continue;
            var (first, second) = (model.NameOf(twin), model.NameOf(inner[i]));
            Warnings.Once(inner[i], WarningKind.EqualModels, () =>
                $"Models '{first}' and '{second}' in '{model.Name}' have the same weights with the same values. The same seed gives the same model: "
                + "give each a seed, new Model(inputs, outputs, seed: 1), or call one model twice.");
        }
    }

    private static bool AreEqual(Model left, Model right)
    {
        var (own, others) = (left.WeightPaths(), right.WeightPaths());
        return own.Count == others.Count
            && own.Any(entry => entry.Weight.Initializer is RandomInitializer)
            && own.Zip(others).All(pair => pair.First.Path == pair.Second.Path
                && !ReferenceEquals(pair.First.Weight, pair.Second.Weight)
                && pair.First.Weight.HoldsSameValues(pair.Second.Weight));
    }

    /// <summary>The values that depend on an input, listed or not.</summary>
    private static HashSet<Value> DependentOnInputs(Model model)
    {
        var dependent = model.Graph.Inputs.ToHashSet();
        foreach (var node in model.Graph.Nodes)
        {
            if (node.Op is Operators.Placeholder || node.Inputs.Any(dependent.Contains)) dependent.UnionWith(node.Outputs);
        }

        return dependent;
    }
}
