using System.Text.RegularExpressions;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>The layers that a user wants in float32, by patterns of their paths.</summary>
internal static class KeptLayers
{
    /// <summary>The paths that any pattern matches.</summary>
    /// <param name="patterns">Paths, with * for any letters.</param>
    /// <param name="layers">The paths there are.</param>
    /// <param name="option">The option that holds the patterns.</param>
    /// <exception cref="ExportException">A pattern matches none.</exception>
    public static HashSet<string> Of(IReadOnlyList<string> patterns, IReadOnlyCollection<string> layers, string option)
    {
        var kept = new HashSet<string>();
        var missing = new List<string>();
        foreach (var pattern in patterns)
        {
            var expression = new Regex("^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$", RegexOptions.NonBacktracking);
            var found = layers.Where(layer => expression.IsMatch(layer)).ToList();
            if (found.Count == 0) missing.Add($"'{pattern}'");
            kept.UnionWith(found);
        }

        if (missing.Count == 0) return kept;
        throw new ExportException(
            $"{option} names {string.Join(", ", missing)}, and no layer whose numbers can be stored so has such a path. "
            + $"There are {string.Join(", ", layers.Take(20))}.");
    }
}
