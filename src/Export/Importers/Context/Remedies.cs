namespace OnnxFunctional.Export.Importers;

/// <summary>What a user can do about a value that has to be known when a file is opened.</summary>
internal static class Remedies
{
    /// <summary>The refusal of a value that has to be known, and of one that is known and no whole numbers.</summary>
    public static ModelException Undecided(FileValue value, string what) => new(value.Data is { } known
        ? $"{what} is {known.Type.KerasName()} of shape {known.Shape}; expected whole numbers. The file is damaged; get it again from its source."
        : $"{what} is computed from the model's inputs; expected values that are known when the file is opened. Fix what decides it: {Of(value)}.");

    /// <summary>What to fix so that a value is known, for messages: an input, or only its shape.</summary>
    private static string Of(FileValue value)
    {
        var seen = new HashSet<Node>();
        var stack = new Stack<Node>([value.Tensor!.Value.Producer]);
        string? byShape = null;
        while (stack.TryPop(out var node))
        {
            if (!seen.Add(node)) continue;
            if (node.Op is Operators.Placeholder { Layer: var input }) return $"ImportOptions.Bind(\"{input.Name}\", values)";
            for (var i = 0; i < node.Inputs.Count; i++)
            {
                if (!node.Op.ReadsOnlyShapeOf(i)) stack.Push(node.Inputs[i].Producer);
                else byShape ??= Graph.Between([], [node.Inputs[i]]).Nodes.Select(each => each.Op).OfType<Operators.Placeholder>().FirstOrDefault()?.Layer.Name;
            }
        }

        return $"ImportOptions.BindShape(\"{byShape ?? value.Name}\", shape)";
    }
}
