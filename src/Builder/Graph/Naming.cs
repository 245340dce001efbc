using System.Globalization;
using System.Text;

namespace OnnxFunctional;

/// <summary>The one place that makes names: Keras' snake case of the class, with a number from the second on, counted within one model.</summary>
internal static class Naming
{
    /// <summary>Keras' rule: <c>MaxPooling2D</c> is max_pooling2d, <c>LeakyReLU</c> is leaky_re_lu.</summary>
    public static string SnakeCase(string name)
    {
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            var startsWord = char.IsUpper(c) && i > 0 && (char.IsLower(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    /// <summary>The wanted name, or the first of name_1, name_2 ... that is free; takes it.</summary>
    public static string Unique(string wanted, HashSet<string> taken)
    {
        var name = wanted;
        for (var i = 1; !taken.Add(name); i++) name = wanted + "_" + i.ToString(CultureInfo.InvariantCulture);
        return name;
    }

    /// <summary>Refuses what would break paths.</summary>
    public static string? Checked(string? name) =>
        name is null || (name.Length > 0 && !name.Contains('/', StringComparison.Ordinal))
            ? name
            : throw new ModelException($"'{name}' is no name for a layer: it must have at least one character and no '/', which separates the parts of a path.");

    /// <summary>The candidate nearest to a misspelled name, or <see langword="null"/> where none is near.</summary>
    public static string? Nearest(string name, IEnumerable<string> candidates)
    {
        var (best, distance) = ((string?)null, Math.Max(2, name.Length / 3) + 1);
        foreach (var candidate in candidates)
        {
            var d = Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (d < distance) (best, distance) = (candidate, d);
        }

        return best;
    }

    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
