namespace OnnxFunctional;

/// <summary>What makes a channel important.</summary>
public enum ChannelImportance
{
    /// <summary>The sum of the magnitudes of its weights (Li et al. 2017).</summary>
    L1,

    /// <summary>The root of the sum of the squares of its weights.</summary>
    L2,
}

/// <summary>How <see cref="Model.Prune"/> chooses what it takes out.</summary>
public sealed record PruningOptions
{
    /// <summary>What makes a channel important; weights of all layers it is tied to count together.</summary>
    public ChannelImportance Importance { get; init; } = ChannelImportance.L1;

    /// <summary>Whether the channels of all layers compete, each measured against the mean of its layer, so that some layers lose more than others; otherwise every layer loses the same share.</summary>
    public bool Global { get; init; }

    /// <summary>Channels every layer keeps.</summary>
    public int MinimumChannels { get; init; } = 1;

    /// <summary>Numbers of channels are rounded up to a multiple of this, where the layer has so many: 8 suits vector units.</summary>
    public int RoundTo { get; init; } = 1;

    /// <summary>Layers that keep all their channels, by name; inside a nested model <c>encoder/dense</c>.</summary>
    public IReadOnlyList<string> Keep { get; init; } = [];

    /// <summary>Shares for single layers, by name, in the place of the common one.</summary>
    public IReadOnlyDictionary<string, float> Fractions { get; init; } = new Dictionary<string, float>();

    internal void Check(float fraction, IReadOnlyCollection<string> layers)
    {
        Share(fraction, "the fraction");
        if (MinimumChannels < 1) throw new ModelException($"Prune: MinimumChannels is {MinimumChannels}; expected at least 1.");
        if (RoundTo < 1) throw new ModelException($"Prune: RoundTo is {RoundTo}; expected at least 1.");
        foreach (var (name, share) in Fractions) Share(share, $"the fraction of '{name}'");
        foreach (var name in Keep.Concat(Fractions.Keys))
        {
            if (layers.Contains(name)) continue;
            var nearest = Naming.Nearest(name, layers);
            throw new ModelException($"Prune: no layer '{name}' makes channels." + (nearest is null ? "" : $" Did you mean '{nearest}'?") + $" Those that do are {string.Join(", ", layers)}.");
        }
    }

    private static void Share(float share, string what)
    {
        if (share is not (>= 0 and < 1)) throw new ModelException(FormattableString.Invariant($"Prune: {what} is {share}; expected a share from 0 to below 1, such as 0.5 for half of the channels."));
    }
}
