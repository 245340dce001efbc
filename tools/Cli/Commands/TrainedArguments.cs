using System.CommandLine;
using System.IO.Enumeration;
using OnnxFunctional.Cli.Usage;

namespace OnnxFunctional.Cli.Commands;

/// <summary>The options that say which weights of a model are trained.</summary>
internal sealed class TrainedArguments
{
    private readonly Option<string[]> _layers = new("--trainable")
    {
        Description = "A layer, or node of an ONNX file, to train; all others stay as they are. * stands for any letters; may be given several times.",
        HelpName = "LAYER",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int?> _rank = Typed.WholeOrNone(
        "--lora", "Trains adapters of so many columns beside the kernels, which stay as they are; the file that is written holds their sum.");

    public void AddTo(Command command)
    {
        command.Add(_layers);
        command.Add(_rank);
    }

    /// <summary>Freezes what is not to be trained, and adds adapters.</summary>
    /// <param name="parsed">What the user typed.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="ModelException">No layer with weights has such a name, or both options are given.</exception>
    public void Apply(ParseResult parsed, Model model)
    {
        var (patterns, rank) = (parsed.GetValue(_layers) ?? [], parsed.GetValue(_rank));
        if (rank is { } columns)
        {
            if (patterns.Length > 0) throw new ModelException("--trainable and --lora both say what is trained. Leave one of them out.");
            model.EnableLora(columns);
        }

        if (patterns.Length == 0) return;
        var layers = model.Layers.Where(layer => layer.Weights.Any()).ToList();
        foreach (var pattern in patterns)
        {
            if (layers.Any(layer => IsNamed(layer.Name, pattern))) continue;
            string[] names = [.. layers.Select(layer => layer.Name)];
            throw new ModelException(
                $"--trainable names '{pattern}', but no layer with weights has that name.{Nearest.Question(pattern, names)} There are {Few(names)}.");
        }

        foreach (var layer in model.Layers) layer.Trainable = Array.Exists(patterns, pattern => IsNamed(layer.Name, pattern));
    }

    private static bool IsNamed(string name, string pattern) => FileSystemName.MatchesSimpleExpression(pattern.Replace(@"\", @"\\"), name, ignoreCase: false);

    /// <summary>The last layers are those that are most often trained.</summary>
    private static string Few(string[] names) => names.Length <= 20 ? string.Join(", ", names) : "..., " + string.Join(", ", names[^20..]);
}
