using System.Text;

namespace OnnxFunctional;

/// <summary>Creates all automatic names: Keras' snake case of the class, numbered from the second on within each model.</summary>
internal static class Naming
{
    /// <summary>Keras' rule: <c>MaxPooling2D</c> is max_pooling2d, <c>LeakyReLU</c> is leaky_re_lu.</summary>
    public static string SnakeCase(string name)
    {
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var startsWord = char.IsUpper(name[i]) && i > 0 && (char.IsLower(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord) text.Append('_');
            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }

    /// <summary>Rejects names that would make paths ambiguous.</summary>
    public static string? Checked(string? name) =>
        name is null || (name.Length > 0 && !name.Contains('/', StringComparison.Ordinal))
            ? name
            : throw new ModelException(
                $"'{name}' is not a valid layer name: it must have at least one character and no '/', which separates the parts of a path.");

    /// <summary>The candidate most similar to a misspelled name, or <see langword="null"/> if none is similar.</summary>
    public static string? Nearest(string name, IEnumerable<string> candidates)
    {
        var (best, smallest) = ((string?)null, Math.Max(2, name.Length / 3) + 1);
        foreach (var candidate in candidates)
        {
            var distance = Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (distance < smallest) (best, smallest) = (candidate, distance);
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
