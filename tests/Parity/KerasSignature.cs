namespace OnnxFunctional.Tests.Parity;

/// <summary>An argument of a constructor of Keras.</summary>
/// <param name="Name">Its name in Python: <c>beta_1</c>.</param>
/// <param name="Default">Its default as Python writes it; null if there is none.</param>
internal sealed record KerasArgument(string Name, string? Default)
{
    /// <summary>The name in camelCase: <c>beta1</c>.</summary>
    public string CamelCase { get; } = string.Concat(Name.Split('_').Select((word, i) => i == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
}

/// <summary>A constructor of Keras, as <c>tests/Reference/keras-signatures.txt</c> holds it.</summary>
/// <param name="Section">The heading above its line: <c>optimizers</c>.</param>
/// <param name="Class">Keras' name of the class.</param>
/// <param name="Arguments">Its own arguments, then those of the whole section.</param>
internal sealed record KerasSignature(string Section, string Class, IReadOnlyList<KerasArgument> Arguments)
{
    private const string Opening = "([{", Closing = ")]}";

    /// <summary>All constructors of the file.</summary>
    public static IReadOnlyList<KerasSignature> All { get; } = [.. Read(Repository.Read("tests/Reference/keras-signatures.txt").Split('\n'))];

    public override string ToString() => $"{Section}: {Class}";

    private static IEnumerable<KerasSignature> Read(IEnumerable<string> lines)
    {
        var (section, common) = ("", "");
        foreach (var line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] == '[')
            {
                (section, common) = (line[1..line.IndexOf(']', StringComparison.Ordinal)], line[(line.IndexOf(']', StringComparison.Ordinal) + 1)..]);
                continue;
            }

            var open = line.IndexOf('(', StringComparison.Ordinal);
            var own = Parsed(line[(open + 1)..^1]);
            yield return new(section, line[..open], [.. own, .. Parsed(common).Where(argument => own.All(known => known.Name != argument.Name))]);
        }
    }

    private static List<KerasArgument> Parsed(string list)
    {
        var (arguments, depth, start) = (new List<KerasArgument>(), 0, 0);
        for (var i = 0; i <= list.Length; i++)
        {
            if (i < list.Length && Opening.Contains(list[i], StringComparison.Ordinal)) depth++;
            if (i < list.Length && Closing.Contains(list[i], StringComparison.Ordinal)) depth--;
            if (i < list.Length && !(list[i] == ',' && depth == 0 && !IsQuoted(list, i))) continue;
            var parts = list[start..i].Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts[0].Length > 0) arguments.Add(new(parts[0], parts.Length > 1 ? parts[1] : null));
            start = i + 1;
        }

        return arguments;

        static bool IsQuoted(string list, int at) => list.AsSpan(0, at).Count('\'') % 2 == 1;
    }
}
