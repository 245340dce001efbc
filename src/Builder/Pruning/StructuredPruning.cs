namespace OnnxFunctional.Pruning;

/// <summary>Removes whole channels from a model: finds which depend on one another, ranks them, chooses, and builds the smaller model.</summary>
internal static class StructuredPruning
{
    public static PrunedModel Run(Model model, double fraction, PruningOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (model.WeightPaths().FirstOrDefault(named => named.Weight.Adapter is not null) is { Weight: not null } adapted)
        {
            throw new ModelException(
                $"Prune: '{adapted.Path}' of model '{model.Name}' has an adapter, which would be lost. Save the model as .keras, which merges adapters, "
                + "and prune the loaded one.");
        }

        var flow = new ChannelFlow(model);
        var makers = ChannelMaker.AllOf(model, flow);
        options.Check(fraction, [.. makers.Select(maker => maker.Name)]);
        foreach (var maker in makers.Where(maker => options.Keep.Contains(maker.Name)))
        {
            foreach (var channel in maker.Channels ?? []) flow.Classes.Fence(channel, $"PruningOptions.Keep contains '{maker.Name}'");
        }

        var gone = ChannelChoice.Choose(makers, flow.Classes, fraction, options);
        if (gone.Count == 0 && Asks(fraction, options))
        {
            var reasons = makers.Select(maker =>
                $"'{maker.Name}' keeps its {maker.Count} channels" + (maker.ReasonIn(flow.Classes) is { } reason ? $": {reason}" : ""));
            var why = makers.Count == 0
                ? "The model has no Dense layer, convolution or product with a weight."
                : string.Join("; ", reasons);
            throw new ModelException("Prune: no channel can be removed. " + why);
        }

        var copy = new ModelRebuild(flow, new(flow.Classes, gone)).Run(model);
        var rows = makers.Select(maker =>
        {
            var removed = (maker.Channels ?? []).Count(channel => gone.Contains(flow.Classes.Find(channel)));
            return new PrunedLayer(maker.Name, maker.Layer.ClassName, maker.Count, maker.Count - removed, maker.ReasonIn(flow.Classes));
        });
        return new PrunedModel(copy, [.. rows], model.WeightPaths().Sum(named => (long)named.Weight.Length));
    }

    /// <summary>Whether any channel should be removed; a fraction of 0 gives a copy.</summary>
    private static bool Asks(double fraction, PruningOptions options) => fraction > 0 || options.Fractions.Values.Any(share => share > 0);
}
