namespace OnnxFunctional.Training.Data;

/// <summary>Samples by their class, and shares of each class.</summary>
internal static class Strata
{
    /// <summary>The samples of each class, in the order in which classes come first. A row of several values is one class, as in one-hot rows.</summary>
    /// <param name="labels">(samples, ...).</param>
    public static int[][] Of(NDArray labels)
    {
        var groups = new Dictionary<string, List<int>>();
        var order = new List<List<int>>();
        for (var i = 0; i < labels.Count; i++)
        {
            var key = Convert.ToHexString(labels.Take([i]).Bytes);
            if (!groups.TryGetValue(key, out var members)) order.Add(groups[key] = members = []);
            members.Add(i);
        }

        return [.. order.Select(members => members.ToArray())];
    }

    /// <summary>How many of each class make a part: the exact share, rounded up where the remainder is largest and the class has so many left.</summary>
    /// <param name="sizes">The sizes of the classes.</param>
    /// <param name="part">The size of the part.</param>
    /// <param name="left">How many of each class are left; at least the part together.</param>
    public static int[] Shares(int[] sizes, int part, int[] left)
    {
        var all = sizes.Sum(size => (long)size);
        var result = sizes.Select((size, i) => Math.Min(left[i], (int)((long)size * part / all))).ToArray();
        var missing = part - result.Sum();
        int[] order = [.. Enumerable.Range(0, sizes.Length).OrderByDescending(i => (long)sizes[i] * part % all)];
        while (missing > 0)
        {
            foreach (var i in order)
            {
                if (missing == 0 || result[i] == left[i]) continue;
                result[i]++;
                missing--;
            }
        }

        return result;
    }
}
