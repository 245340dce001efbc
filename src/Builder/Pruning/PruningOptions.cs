namespace OnnxFunctional;

/// <summary>How the importance of a channel is measured.</summary>
public enum ChannelImportance
{
    /// <summary>The sum of the magnitudes of its weights (Li et al. 2017).</summary>
    L1,

    /// <summary>The root of the sum of squares of its weights.</summary>
    L2,
}

/// <summary>Options of <see cref="Model.Prune"/>.</summary>
/// <example><code>
/// var small = model.Prune(0.5, new PruningOptions { Keep = ["dense_1"] }).Model;
/// </code></example>
public sealed record PruningOptions
{
    /// <summary>How the importance of a channel is measured. The weights of all layers that share the channel count together.</summary>
    public ChannelImportance Importance { get; init; } = ChannelImportance.L1;

    /// <summary>
    /// Whether the channels of all layers compete, each relative to the mean of its layer, so that some layers lose more than others. Otherwise every layer
    /// loses the same fraction.
    /// </summary>
    public bool Global { get; init; }

    /// <summary>The minimum number of channels that every layer keeps.</summary>
    public int MinimumChannels { get; init; } = 1;

    /// <summary>The remaining channels of a layer are rounded up to a multiple of this, at most to all of them; 8 suits vector units.</summary>
    public int RoundTo { get; init; } = 1;

    /// <summary>The names of layers that keep all channels; inside a nested model <c>encoder/dense</c>.</summary>
    public IReadOnlyList<string> Keep { get; init; } = [];

    /// <summary>Fractions for single layers, by name, instead of the common one.</summary>
    public IReadOnlyDictionary<string, double> Fractions { get; init; } = new Dictionary<string, double>();

    internal void Check(double fraction, IReadOnlyCollection<string> layers)
    {
        CheckFraction(fraction, "the fraction");
        if (MinimumChannels < 1) throw new ModelException($"Prune: MinimumChannels is {MinimumChannels}; expected at least 1.");
        if (RoundTo < 1) throw new ModelException($"Prune: RoundTo is {RoundTo}; expected at least 1.");
        foreach (var (name, share) in Fractions) CheckFraction(share, $"the fraction of '{name}'");
        foreach (var name in Keep.Concat(Fractions.Keys))
        {
            if (layers.Contains(name)) continue;
            var nearest = Naming.Nearest(name, layers);
            throw new ModelException(
                $"Prune: there is no layer '{name}' with channels to prune."
                + (nearest is null ? "" : $" Did you mean '{nearest}'?")
                + $" The layers are {string.Join(", ", layers)}.");
        }
    }

    private static void CheckFraction(double share, string what)
    {
        if (share is >= 0 and < 1) return;
        var given = FormattableString.Invariant($"{what} is {share}");
        throw new ModelException($"Prune: {given}; expected 0 or more and less than 1, such as 0.5 for half of the channels.");
    }
}
