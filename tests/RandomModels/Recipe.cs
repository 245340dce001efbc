using System.Collections.Immutable;
using System.Globalization;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>What determines a random model: a seed for what concerns all of it, a seed for each step, and the options that keep their defaults.</summary>
/// <remarks>Every step chooses its inputs among the tensors that exist then, so a recipe without some of its steps is a recipe too.</remarks>
internal sealed record Recipe(ulong Head, ImmutableArray<ulong> Steps)
{
    /// <summary>Paths of options that keep their defaults, for shrinking: <c>2/Dense/activation</c>.</summary>
    public ImmutableHashSet<string> Plain { get; init; } = [];

    /// <summary>The text from which <see cref="Parse"/> makes the recipe again.</summary>
    public override string ToString() =>
        string.Join('-', Steps.Prepend(Head).Select(seed => seed.ToString("x", CultureInfo.InvariantCulture)))
        + string.Concat(Plain.Order(StringComparer.Ordinal).Select(path => "," + path));

    public static Recipe Parse(string text)
    {
        var parts = text.Split(',');
        ulong[] seeds = [.. parts[0].Split('-').Select(seed => ulong.Parse(seed, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        return new Recipe(seeds[0], [.. seeds.Skip(1)]) { Plain = [.. parts.Skip(1)] };
    }
}
