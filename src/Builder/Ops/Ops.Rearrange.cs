using System.Text.RegularExpressions;

namespace OnnxFunctional;

/// <content>Axes by names.</content>
public static partial class Ops
{
    /// <summary>
    /// The same elements with axes in another order, split or merged: <c>"b h (w k) -> b w (h k)"</c> (https://keras.io/api/ops/einops/).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="pattern">Names of its axes, an arrow, and the same names in the order of the result; parentheses hold the parts of one axis.</param>
    /// <param name="lengths">The sizes of parts, where the size of their axis does not give them.</param>
    /// <exception cref="ModelException">The pattern does not fit the tensor.</exception>
    /// <example><c>Ops.Rearrange(x, "b (h k) -> b k h", ("k", 2))</c> takes every h-th element.</example>
    public static SymbolicTensor Rearrange(SymbolicTensor x, string pattern, params ReadOnlySpan<(string Axis, int Length)> lengths)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(pattern);
        var sides = pattern.Split("->");
        if (sides.Length != 2) throw Unfit("expected names, an arrow and names");
        var (source, target) = (Groups(sides[0]), Groups(sides[1]));
        string[] from = [.. source.SelectMany(group => group)], to = [.. target.SelectMany(group => group)];
        if (source.Count != x.Rank) throw Unfit($"it names {source.Count} axes, but the tensor has shape {x.Shape}");
        if (from.Distinct().Count() != from.Length || !from.Order(StringComparer.Ordinal).SequenceEqual(to.Order(StringComparer.Ordinal)))
            throw Unfit("expected each name once on both sides");

        var sizes = new Dictionary<string, int>();
        foreach (var (axis, length) in lengths) sizes[axis] = Check.Positive(length, nameof(Rearrange), axis);
        for (var i = 0; i < source.Count; i++)
        {
            // Of the parts of an axis one follows from the others.
            var open = source[i].Where(name => !sizes.ContainsKey(name)).ToList();
            var known = source[i].Where(sizes.ContainsKey).Aggregate(1, (product, name) => product * sizes[name]);
            if (open.Count > 1) throw Unfit($"the sizes of '{string.Join(' ', open)}' are unknown; give all but one");
            if (x.Shape[i] is { } size && (open.Count == 0 ? size != known : size % known != 0)) throw Unfit($"axis {i} of {x.Shape} has no parts of {known}");
            if (open.Count == 1) sizes[open[0]] = x.Shape[i] is { } all ? all / known : Shape.Unknown;
        }

        if (source.Any(group => group.Length != 1)) x = Reshape(x, OneOpen([.. from.Select(name => sizes[name])]));
        int[] order = [.. to.Select(name => Array.IndexOf(from, name))];
        if (!order.SequenceEqual(Enumerable.Range(0, order.Length))) x = Transpose(x, order);
        return target.All(group => group.Length == 1)
            ? x
            : Reshape(x, OneOpen([.. target.Select(group => group.Aggregate(1, (product, name) => Operators.ShapeRules.Multiply(product, sizes[name])))]));

        int[] OneOpen(int[] dims) => dims.Count(size => size < 0) <= 1 ? dims : throw Unfit($"more than one size of {x.Shape} is unknown");

        ModelException Unfit(string why) => new($"Rearrange \"{pattern}\": {why}.");
    }

    private static List<string[]> Groups(string side) =>
    [
        .. Regex.Matches(side, @"\((?<parts>[^)]*)\)|(?<parts>\w+)")
            .Select(match => match.Groups["parts"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
    ];
}
