using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OnnxFunctional.Cli.Usage;

/// <summary>Options with a kind of value, whose errors say what was expected in plain words.</summary>
internal static class Typed
{
    /// <summary>A whole number.</summary>
    public static Option<int> Whole(string name, string description, int standard, int least = 1, int most = int.MaxValue) => new(name)
    {
        Description = description,
        HelpName = "COUNT",
        DefaultValueFactory = _ => standard,
        CustomParser = result => (int)(Parse(result, name, least, most) ?? 0),
    };

    /// <summary>A whole number that may be left out.</summary>
    public static Option<int?> WholeOrNone(string name, string description, int least = 1, int most = int.MaxValue) => new(name)
    {
        Description = description,
        HelpName = "COUNT",
        CustomParser = result => (int?)Parse(result, name, least, most),
    };

    /// <summary>A whole number without a sign, of any size that 64 bits hold.</summary>
    public static Option<ulong> Natural(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "NUMBER",
        DefaultValueFactory = _ => 0,
        CustomParser = result => (ulong)(Parse(result, name, 0, ulong.MaxValue) ?? 0),
    };

    /// <summary>A number that may be left out, with a test of its range.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">Its description.</param>
    /// <param name="range">The range in words: <c>a number above 0</c>.</param>
    /// <param name="isIn">Whether a finite number is in the range.</param>
    /// <param name="standard">The default.</param>
    public static Option<double?> Number(string name, string description, string range, Func<double, bool> isIn, double? standard = null)
    {
        var option = new Option<double?>(name)
        {
            Description = description,
            HelpName = "NUMBER",
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                var isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value);
                if (isNumber && isIn(value)) return value;
                result.AddError($"{name} is '{text}'; expected {range}.");
                return null;
            },
        };
        if (standard is not null) option.DefaultValueFactory = _ => standard;
        return option;
    }

    /// <summary>One of a few words.</summary>
    public static Option<string> Choice(string name, string description, string standard, params string[] words)
    {
        var option = ChoiceOrNone(name, description, words);
        return new Option<string>(name)
        {
            Description = option.Description,
            HelpName = option.HelpName,
            DefaultValueFactory = _ => standard,
            CustomParser = result => option.CustomParser!(result) ?? standard,
        };
    }

    /// <summary>One of a few words, or none.</summary>
    public static Option<string?> ChoiceOrNone(string name, string description, params string[] words) => new(name)
    {
        Description = words.Length <= 4 ? description : $"{description.TrimEnd('.')}: {List(words)}.",
        HelpName = words.Length <= 4 ? string.Join('|', words) : "NAME",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (Array.Find(words, word => word.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } found) return found;
            result.AddError($"{name} is '{text}'; expected {List(words)}.{Nearest.Question(text, words)}");
            return null;
        },
    };

    /// <summary>A text that a function checks and converts; its exceptions are the sentence for the user.</summary>
    public static Option<T?> Named<T>(string name, string description, string helpName, Func<string, T> find)
        where T : class => new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result =>
            {
                try
                {
                    return find(result.Tokens[0].Value);
                }
                catch (ModelException unknown)
                {
                    result.AddError($"{name}: {unknown.Message}");
                    return null;
                }
            },
        };

    /// <summary>A text.</summary>
    public static Option<string?> Text(string name, string description, string helpName) => new(name) { Description = description, HelpName = helpName };

    /// <summary>Something that is done or not.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>Words as a sentence lists them: <c>mlp, cnn or lstm</c>.</summary>
    public static string List(IReadOnlyList<string> words) =>
        words.Count < 2 ? string.Join("", words) : string.Join(", ", words.Take(words.Count - 1)) + " or " + words[^1];

    private static Int128? Parse(ArgumentResult result, string name, Int128 least, Int128 most)
    {
        var text = result.Tokens[0].Value;
        if (!Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            result.AddError($"{name} is '{text}'; expected a whole number.");
            return null;
        }

        if (value >= least && value <= most) return value;
        var range = value < least ? $"a whole number of at least {least}" : $"a whole number of at most {most}";
        result.AddError($"{name} is {text}; expected {range}.");
        return null;
    }
}
