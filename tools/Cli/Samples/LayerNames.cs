namespace OnnxFunctional.Cli.Samples;

/// <summary>Names of inputs and outputs after those of columns.</summary>
internal static class LayerNames
{
    /// <summary>The name without characters that a path or a program would not take, and unlike those taken.</summary>
    public static string Of(string text, HashSet<string> taken)
    {
        var name = string.Concat(text.Trim().Select(character => char.IsLetterOrDigit(character) ? character : '_'));
        if (name.Length == 0) name = "column";
        var unique = name;
        for (var i = 1; !taken.Add(unique); i++) unique = $"{name}_{i}";
        return unique;
    }
}
