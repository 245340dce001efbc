using System.CommandLine;
using System.Globalization;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>The options that say for what an ONNX file is written.</summary>
/// <param name="withTarget">Whether the command takes a target; those that read data mean a column by that word.</param>
/// <param name="withSizes">Whether the command fixes dimensions.</param>
internal sealed class ExportArguments(bool withTarget = true, bool withSizes = false)
{
    private static readonly (string Word, TargetProvider Provider)[] s_providers =
    [
        ("cpu", TargetProvider.Cpu), ("cuda", TargetProvider.Cuda), ("web", TargetProvider.Web), ("coreml", TargetProvider.CoreML),
        ("nnapi", TargetProvider.Nnapi), ("directml", TargetProvider.DirectML),
    ];

    private readonly Option<int?> _opset = Typed.WholeOrNone(
        "--opset",
        $"The version of ONNX's operators, {ExportOptions.OldestOpset} to {ExportOptions.NewestOpset}; by default the newest that the target runs.",
        ExportOptions.OldestOpset,
        ExportOptions.NewestOpset);

    private readonly Option<ExportTarget?> _target = Typed.Named<ExportTarget>(
        "--target",
        $"The version of ONNX Runtime that is to run the file, as 1.17 or {ExportTarget.Latest}, and maybe its provider behind a colon, as 1.17:cuda: "
            + $"{Typed.List([.. s_providers.Select(entry => entry.Word)])}.",
        "VERSION[:PROVIDER]",
        Target);

    private readonly Option<bool> _fallback = Typed.Flag("--cpu-fallback", "Leaves what the target's provider cannot run to the processor, and lists it.");

    private readonly Option<string[]> _sizes = new("--size")
    {
        Description = "Fixes an open dimension by its name in the file, as batch=1; may be given several times.",
        HelpName = "NAME=SIZE",
        DefaultValueFactory = _ => [],
    };

    public void AddTo(Command command)
    {
        command.Add(_opset);
        if (withTarget)
        {
            command.Add(_target);
            command.Add(_fallback);
        }

        if (!withSizes) return;
        _sizes.Validators.Add(result =>
        {
            foreach (var text in result.Tokens.Select(token => token.Value).Where(text => Size(text) is null))
                result.AddError($"--size is '{text}'; expected NAME=SIZE, the name of a dimension and a whole number of at least 1.");
            foreach (var twice in result.Tokens.GroupBy(token => token.Value.Split('=')[0]).Where(group => group.Count() > 1))
                result.AddError($"--size names '{twice.Key}' twice.");
        });
        command.Add(_sizes);
    }

    /// <summary>How a file is written.</summary>
    /// <param name="parsed">What the user typed.</param>
    /// <param name="description">What the model was trained on; null if that is not known.</param>
    public ExportOptions Options(ParseResult parsed, DataDescription? description)
    {
        var target = withTarget ? parsed.GetValue(_target) : null;
        var options = DataDescription.Options(description) with
        {
            Target = target is null ? null : target with { CpuFallback = parsed.GetValue(_fallback) },
            Sizes = withSizes ? (parsed.GetValue(_sizes) ?? []).Select(text => Size(text)!.Value).ToDictionary() : new Dictionary<string, int>(),
        };
        return parsed.GetValue(_opset) is { } opset ? options with { Opset = opset } : options;
    }

    /// <exception cref="ModelException">The provider is not known.</exception>
    private static ExportTarget Target(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (version, word) = colon < 0 ? (text, "cpu") : (text[..colon], text[(colon + 1)..]);
        var found = Array.Find(s_providers, entry => entry.Word.Equals(word, StringComparison.OrdinalIgnoreCase));
        string[] words = [.. s_providers.Select(entry => entry.Word)];
        return found.Word is not null
            ? ExportTarget.OnnxRuntime(version, found.Provider)
            : throw new ModelException($"'{word}' is no provider; expected {Typed.List(words)}.{Nearest.Question(word, words)}");
    }

    private static (string Name, int Size)? Size(string text) =>
        text.LastIndexOf('=') is > 0 and var at && int.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0
            ? (text[..at], size)
            : null;
}
