using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OnnxFunctional.Cli.Usage;

/// <summary>What is wrong with a command line, in sentences.</summary>
internal static class UsageErrors
{
    /// <summary>The sentences, the most important kind only; empty if the command line can be run.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (UnknownOptions(parsed, command) is { Count: > 0 } options) return options;
        if (command.Subcommands.Count > 0) return [Command(parsed, command)];
        if (parsed.UnmatchedTokens is [var first, ..]) return [Superfluous(command, first)];
        if (Missing(parsed, command) is { Count: > 0 } missing) return missing;
        return [.. parsed.Errors.Select(error => error.Message)];
    }

    private static string Command(ParseResult parsed, Command parent)
    {
        string[] names = [.. parent.Subcommands.Select(command => command.Name)];
        var all = $" There are {string.Join(", ", names)}.";
        if (parsed.UnmatchedTokens is not [var word, ..]) return "A command is missing." + all;
        return $"There is no command '{word}'." + (Nearest.Question(word, names) is { Length: > 0 } question ? question : all);
    }

    /// <summary>Words that begin with a dash and are none of the options; the parser takes them for values.</summary>
    private static List<string> UnknownOptions(ParseResult parsed, Command command)
    {
        var known = command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(option => option.Recursive)).Select(option => option.Name).ToList();
        return
        [
            .. parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
                .Where(token => token.Type == TokenType.Argument && token.Value is ['-', _, ..])
                .Select(token => token.Value.Split('=')[0])
                .Where(word => !double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
                .Select(word => $"There is no option '{word}'{Of(command)}.{Nearest.Question(word, known)}"),
        ];
    }

    private static string Of(Command command) => command is RootCommand ? "" : $" of {command.Name}";

    private static string Superfluous(Command command, string word)
    {
        var takes = command.Arguments.Count == 0 ? "no argument" : string.Join(" and ", command.Arguments.Select(argument => argument.Name));
        return $"{command.Name} takes {takes}, but also got '{word}'.";
    }

    private static List<string> Missing(ParseResult parsed, Command command)
    {
        var missing = new List<string>();
        foreach (var argument in command.Arguments)
        {
            if (argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument)?.Tokens is not { Count: > 0 })
                missing.Add($"{command.Name} needs {argument.Name}: {Lowered(argument.Description)}");
        }

        foreach (var option in command.Options)
        {
            var result = parsed.GetResult(option);
            if (option.Required && result is null or { IdentifierToken: null })
                missing.Add($"{command.Name} needs {option.Name}: {Lowered(option.Description)}");
            else if (result is { Implicit: false } && option.Arity.MinimumNumberOfValues > result.Tokens.Count)
                missing.Add($"{option.Name} has no value; expected {option.HelpName ?? "one"}.");
        }

        return missing;
    }

    private static string Lowered(string? text) =>
        text is [var first, var second, ..] && char.IsLower(second) ? char.ToLowerInvariant(first) + text[1..] : text ?? "";
}
