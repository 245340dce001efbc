using System.Text;

namespace OnnxFunctional.Layers;

/// <summary>How a text is standardized before it is split.</summary>
public enum TextStandardization
{
    /// <summary>Lower case, no punctuation.</summary>
    LowerAndStripPunctuation,

    /// <summary>Lower case.</summary>
    Lower,

    /// <summary>No punctuation.</summary>
    StripPunctuation,

    /// <summary>Unchanged.</summary>
    None,
}

/// <summary>How a text is split.</summary>
public enum TextSplit
{
    /// <summary>The words between white space.</summary>
    Whitespace,

    /// <summary>Every character.</summary>
    Character,

    /// <summary>The whole text is one token.</summary>
    None,
}

/// <summary>How a text becomes tokens. As in TensorFlow, case and white space are those of ASCII.</summary>
/// <param name="Standardize">How it is standardized.</param>
/// <param name="Split">How it is split then.</param>
/// <param name="Ngrams">The lengths of n-grams: one number stands for all up to it; none for single words.</param>
internal sealed record TextRules(TextStandardization Standardize, TextSplit Split, IntValues? Ngrams)
{
    /// <summary>Keras' list: what its regular expression removes.</summary>
    public const string Punctuation = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'";

    /// <summary>White space but the blank.</summary>
    public const string OtherSpaces = "\t\n\v\f\r";

    private const string Spaces = " " + OtherSpaces;

    public bool Lowers => Standardize is TextStandardization.Lower or TextStandardization.LowerAndStripPunctuation;

    public bool Strips => Standardize is TextStandardization.StripPunctuation or TextStandardization.LowerAndStripPunctuation;

    /// <summary>The tokens of a text.</summary>
    public IReadOnlyList<string> Tokens(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = Standardized(text);
        string[] words = Split switch
        {
            TextSplit.Whitespace => text.Split(Spaces.ToCharArray(), StringSplitOptions.RemoveEmptyEntries),
            TextSplit.Character => [.. text.EnumerateRunes().Select(rune => rune.ToString())],
            _ => [text],
        };
        if (Ngrams is not { } lengths) return words;
        var tokens = new List<string>();
        foreach (var length in lengths.Count == 1 ? Enumerable.Range(1, lengths[0]) : lengths)
        {
            for (var i = 0; i + length <= words.Length; i++) tokens.Add(string.Join(' ', words[i..(i + length)]));
        }

        return tokens;
    }

    private string Standardized(string text)
    {
        if (Standardize == TextStandardization.None) return text;
        var kept = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (Strips && Punctuation.Contains(character)) continue;
            kept.Append(Lowers && char.IsAsciiLetterUpper(character) ? char.ToLowerInvariant(character) : character);
        }

        return kept.ToString();
    }
}
