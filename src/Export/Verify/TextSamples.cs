using OnnxFunctional.Layers;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Verify;

/// <summary>Texts for a comparison: of known and unknown words, in either case, with punctuation and white space of every kind.</summary>
internal static class TextSamples
{
    private const int MostWords = 12;

    private const string Unknown = "zyzzyva";

    private static readonly string[] s_separators = [" ", "  ", "\t", "\n ", ", ", "-", " (", "; ", "'"];

    /// <summary>Texts for an input, by what the graph does with them.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="input">The input.</param>
    /// <param name="count">The number of texts.</param>
    /// <param name="random">The source of random numbers.</param>
    public static string[] Of(Graph graph, Value input, int count, RandomNumbers random)
    {
        var same = new HashSet<Value> { input };
        var (words, isSplit) = (new List<string>(), false);
        foreach (var node in graph.Nodes)
        {
            if (!node.Inputs.Any(same.Contains)) continue;
            if (node.Op.Moves(0)) same.UnionWith(node.Outputs);
            var (table, splits) = node.Op switch
            {
                TokenIndices op => (op.Words, op.Rules.Split == TextSplit.Whitespace),
                CountTokens op => (op.Words, op.Rules.Split == TextSplit.Whitespace),
                LookupText op => (op.Words, false),
                _ => (null, false),
            };
            if (table is null) continue;
            isSplit |= splits;
            words.AddRange(table.Entries.Select(entry => entry.Word));
            if (table.Unknowns > 0) words.Add(Unknown);
        }

        if (words.Count == 0) words.Add(Unknown);
        return [.. Enumerable.Range(0, count).Select(_ => isSplit ? Sentence(words, random) : Chosen(words, random))];
    }

    /// <summary>Texts as numbers that are equal where the texts are.</summary>
    public static float[] Numbers(ReadOnlySpan<string> texts)
    {
        // As many bits as a float holds.
        var numbers = new float[texts.Length];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = TextHash.Fingerprint(texts[i]) >> 40;
        return numbers;
    }

    private static string Sentence(List<string> words, RandomNumbers random)
    {
        var text = "";
        for (var i = (int)(random.Uniform() * (MostWords + 1)); i > 0; i--)
        {
            var word = Chosen(words, random);
            text += (random.Uniform() < 0.3f ? word.ToUpperInvariant() : word) + Chosen(s_separators, random);
        }

        return text;
    }

    private static string Chosen(IReadOnlyList<string> choices, RandomNumbers random) =>
        choices[Math.Min((int)(random.Uniform() * choices.Count), choices.Count - 1)];
}
