namespace OnnxFunctional.Cli.Usage;

/// <summary>Finds what a misspelled word was meant to be.</summary>
internal static class Nearest
{
    /// <summary>The candidate most similar to a word; null if none is similar.</summary>
    public static string? Of(string word, IEnumerable<string> candidates)
    {
        var (best, smallest) = ((string?)null, Math.Max(2, word.Length / 3) + 1);
        foreach (var candidate in candidates)
        {
            var distance = Distance(word.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (distance < smallest && distance < candidate.Length) (best, smallest) = (candidate, distance);
        }

        return best;
    }

    /// <summary>The question after a sentence: <c> Did you mean 'verify'?</c>; empty if nothing is similar.</summary>
    public static string Question(string word, IEnumerable<string> candidates) => Of(word, candidates) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    /// <summary>The number of characters to insert, delete, replace or swap with the next one.</summary>
    private static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= right.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = rows[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, replaced);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[left.Length, right.Length];
    }
}
