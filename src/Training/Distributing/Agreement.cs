using System.Text;

namespace OnnxFunctional.Training.Distributing;

/// <summary>What all ranks must have in common: each states its own, and all learn who differs.</summary>
internal sealed class Agreement
{
    private const string UsualRemedy = "Start the same program everywhere, with the same options and the same data.";

    private readonly List<(string Item, string Value, string? Remedy)> _items = [];

    /// <summary>States what this rank has.</summary>
    /// <param name="item">What it is, as a message names it: <c>shape of input 'x'</c>.</param>
    /// <param name="value">A short text; of what is long, a digest.</param>
    /// <param name="remedy">What to do where it differs, if not the usual.</param>
    public Agreement Add(string item, string value, string? remedy = null)
    {
        _items.Add((item, value, remedy));
        return this;
    }

    /// <summary>Compares what the ranks have stated.</summary>
    /// <exception cref="DistributionException">They differ; the message, the same on all ranks, names the items, their values and the ranks.</exception>
    public void Check(Communicator communicator)
    {
        if (communicator.Size == 1) return;
        var stated = communicator.AllGather(Encoding.UTF8.GetBytes(Write())).Select(Read).ToList();
        var differing = stated
            .SelectMany(items => items.Keys)
            .Distinct()
            .Select(item => (Text: Difference(item, stated), Remedy: _items.Find(entry => entry.Item == item).Remedy ?? UsualRemedy))
            .Where(difference => difference.Text is not null)
            .ToList();
        if (differing.Count == 0) return;
        var remedies = differing.Select(difference => difference.Remedy).Distinct();
        throw new DistributionException(string.Join(
            " ", ["The processes of this training are not alike.", .. differing.Select(difference => difference.Text!), .. remedies]));
    }

    private string Write() => string.Join('\0', _items.Select(entry => $"{entry.Item}\0{entry.Value}"));

    private static Dictionary<string, string> Read(byte[] text)
    {
        var parts = Encoding.UTF8.GetString(text).Split('\0');
        var items = new Dictionary<string, string>();
        for (var part = 0; part + 1 < parts.Length; part += 2) items[parts[part]] = parts[part + 1];
        return items;
    }

    private static string? Difference(string item, List<Dictionary<string, string>> stated)
    {
        var groups = stated.Select((items, rank) => (Value: items.GetValueOrDefault(item), Rank: rank)).GroupBy(entry => entry.Value).ToList();
        if (groups.Count == 1) return null;
        var values = groups.Select(group => $"{group.Key ?? "missing"} on {Ranks([.. group.Select(entry => entry.Rank)])}");
        return $"The {item} is {string.Join(", ", values)}.";
    }

    /// <summary>A few ranks by number, many as "rank 3 and 60 others".</summary>
    private static string Ranks(List<int> ranks) => ranks switch
    {
        [var only] => $"rank {only}",
        { Count: <= 8 } => $"ranks {string.Join(", ", ranks.SkipLast(1))} and {ranks[^1]}",
        _ => $"rank {ranks[0]} and {ranks.Count - 1} others",
    };
}
