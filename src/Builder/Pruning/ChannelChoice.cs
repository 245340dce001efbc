namespace OnnxFunctional.Pruning;

/// <summary>Chooses the channels to remove.</summary>
internal static class ChannelChoice
{
    /// <summary>The classes to remove, by their representative channel.</summary>
    public static HashSet<int> Choose(IReadOnlyList<ChannelMaker> makers, ChannelClasses classes, double fraction, PruningOptions options)
    {
        var families = FamiliesOf(makers, classes, options);
        var gone = new HashSet<int>();
        foreach (var family in families)
        {
            if (family.Share is null && options.Global) continue;
            Remove(family, family.All - Floor(family, family.All - Count(family.Share ?? fraction, family.All), options), options, gone);
        }

        if (options.Global) Compete([.. families.Where(family => family.Share is null)], fraction, options, gone);
        return gone;
    }

    /// <summary>Removes the least important channels of all families together, as long as their family can spare them.</summary>
    private static void Compete(List<Family> families, double fraction, PruningOptions options, HashSet<int> gone)
    {
        var wanted = Count(fraction, families.Sum(family => family.All));
        var lost = new int[families.Count];
        var ranked = families.SelectMany((family, f) => family.Candidates.Select((channel, i) => (Family: f, Channel: channel, Score: family.Scores[i])))
            .OrderBy(entry => entry.Score).ThenBy(entry => entry.Channel);
        foreach (var (f, _, _) in ranked)
        {
            if (wanted == 0) break;
            if (families[f].All - lost[f] <= options.MinimumChannels) continue;
            lost[f]++;
            wanted--;
        }

        for (var f = 0; f < lost.Length; f++)
        {
            var family = families[f];
            Remove(family, family.All - Floor(family, family.All - lost[f], options), options, gone);
        }
    }

    /// <summary>Removes the least important channels of a family, but none that a layer needs to keep the minimum.</summary>
    private static void Remove(Family family, int count, PruningOptions options, HashSet<int> gone)
    {
        // A layer may make a part of a family's channels only, such as one side of a concatenation that is added to another layer.
        var left = family.Makers.Select(channels => channels.Length).ToArray();
        var makersOf = family.Makers
            .SelectMany((channels, maker) => channels.Select(channel => (Channel: channel, Maker: maker)))
            .ToLookup(pair => pair.Channel, pair => pair.Maker);
        foreach (var channel in family.Candidates)
        {
            if (count == 0) return;
            var losses = makersOf[channel].CountBy(maker => maker).ToList();
            if (losses.Any(loss => left[loss.Key] - loss.Value < Math.Max(1, options.MinimumChannels))) continue;
            foreach (var (maker, channels) in losses) left[maker] -= channels;
            gone.Add(channel);
            count--;
        }
    }

    /// <summary>The number of channels to keep when <paramref name="left"/> are wanted: at least the minimum, rounded up to a multiple, at most all.</summary>
    private static int Floor(Family family, int left, PruningOptions options)
    {
        left = Math.Max(left, options.MinimumChannels);
        left = (left + options.RoundTo - 1) / options.RoundTo * options.RoundTo;
        return Math.Min(left, family.All);
    }

    // A fraction that was a float, such as 0.7f, is below 0.7; without rounding 7 of 10 would be 6.
    private static int Count(double share, int all) => (int)Math.Floor((Math.Round(share, 6) * all) + 1e-9);

    /// <summary>Layers that make the same channels, such as both sides of a residual sum, form one family with one fraction.</summary>
    private static List<Family> FamiliesOf(IReadOnlyList<ChannelMaker> makers, ChannelClasses classes, PruningOptions options)
    {
        var sums = new Dictionary<int, double>();
        var families = new ChannelClasses();
        var places = families.Make(makers.Count);
        var firstMaker = new Dictionary<int, int>();
        for (var i = 0; i < makers.Count; i++)
        {
            if (makers[i].Channels is not { } channels) continue;
            makers[i].AddTo(sums, classes, options.Importance);
            foreach (var channel in channels)
            {
                var root = classes.Find(channel);
                if (!firstMaker.TryAdd(root, i)) families.Tie(places[firstMaker[root]], places[i]);
            }
        }

        if (options.Importance == ChannelImportance.L2)
        {
            foreach (var channel in sums.Keys.ToArray()) sums[channel] = Math.Sqrt(sums[channel]);
        }

        var result = new List<Family>();
        var grouped = Enumerable.Range(0, makers.Count).Where(i => makers[i].Channels is not null).GroupBy(i => families.Find(places[i]), i => makers[i]);
        foreach (var members in grouped)
        {
            int[][] made = [.. members.Select(maker => maker.Channels!.Select(classes.Find).ToArray())];
            int[] all = [.. made.SelectMany(channels => channels).Distinct()];
            int[] free = [.. all.Where(channel => classes.FenceOf(channel) is null).OrderBy(channel => sums[channel]).ThenBy(channel => channel)];
            var mean = all.Average(channel => sums[channel]);
            result.Add(new Family(all.Length, made, free, [.. free.Select(channel => mean > 0 ? sums[channel] / mean : 0)], ShareOf(members, options)));
        }

        return result;
    }

    private static double? ShareOf(IEnumerable<ChannelMaker> members, PruningOptions options)
    {
        var given = members.Where(maker => options.Fractions.ContainsKey(maker.Name)).ToArray();
        if (given.Length == 0) return null;
        var share = options.Fractions[given[0].Name];
        if (given.FirstOrDefault(maker => options.Fractions[maker.Name] != share) is { } other)
        {
            throw new ModelException(FormattableString.Invariant(
                $"Prune: '{given[0].Name}' and '{other.Name}' make the same channels, but Fractions gives {share} and {options.Fractions[other.Name]}; ")
                + "name one of them, or give both the same fraction.");
        }

        return share;
    }

    /// <summary>Channels that compete with one another.</summary>
    /// <param name="All">The number of channels, including those that must stay.</param>
    /// <param name="Makers">The channels that each layer makes.</param>
    /// <param name="Candidates">The channels that may be removed, least important first.</param>
    /// <param name="Scores">The importance of each candidate, relative to the mean of the family.</param>
    /// <param name="Share">The fraction to remove, if the family has one of its own.</param>
    private sealed record Family(int All, int[][] Makers, int[] Candidates, double[] Scores, double? Share);
}
