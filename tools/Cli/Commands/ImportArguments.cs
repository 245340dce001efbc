using System.CommandLine;
using System.Globalization;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Commands;

/// <summary>The options that fix inputs of an ONNX file of another program, whose operators need to know them.</summary>
internal sealed class ImportArguments
{
    // One number fills an input of at most so many elements; files may declare any size.
    private const long MostFilled = 1 << 24;

    private readonly Option<string[]> _values = Pairs(
        "--bind",
        "Fixes an input of a file of another program: one number for all its elements, or all of them with commas between; may be given several times.",
        "NAME=VALUE");

    private readonly Option<string[]> _shapes = Pairs(
        "--input-shape",
        "Fixes sizes of an input of a file of another program, as input=?,576, where ? stays open; may be given several times.",
        "NAME=SIZES");

    public void AddTo(Command command)
    {
        command.Add(_values);
        command.Add(_shapes);
    }

    /// <summary>Whether nothing is fixed.</summary>
    public bool AreUnused(ParseResult parsed) => Of(parsed, _values).Count + Of(parsed, _shapes).Count == 0;

    /// <summary>How a file is opened.</summary>
    /// <param name="parsed">What the user typed.</param>
    /// <param name="model">The file, or the name of a network.</param>
    /// <exception cref="ModelException">The model has no such input, or takes no such value.</exception>
    public ImportOptions Options(ParseResult parsed, string model)
    {
        var (values, shapes) = (Of(parsed, _values), Of(parsed, _shapes));
        var options = new ImportOptions();
        if (values.Count + shapes.Count == 0) return options;
        if (!File.Exists(model) || ModelSource.KindOf(model) != ModelKind.Onnx)
            throw new ModelException($"--bind and --input-shape fix inputs of ONNX files, and '{model}' is none. Leave them out.");
        using var onnx = OnnxModel.Load(model);
        var sizes = shapes.ToDictionary(pair => pair.Name, pair => Sizes(pair.Text, pair.Name));
        foreach (var (name, text) in values)
        {
            var input = Find(name, "--bind");
            options = options.Bind(name, Value(input, text, sizes.GetValueOrDefault(name) ?? [.. input.Dimensions.Select(dim => (int?)dim.Value)]));
        }

        foreach (var (name, shape) in sizes.Where(pair => values.All(value => value.Name != pair.Key)))
            options = options.BindShape(Find(name, "--input-shape").Name, Shape.Create(shape));
        return options;

        OnnxTensorInfo Find(string name, string option)
        {
            string[] names = [.. onnx.Inputs.Select(input => input.Name)];
            return onnx.Inputs.FirstOrDefault(input => input.Name == name) ?? throw new ModelException(
                $"{option} names the input '{name}', which '{model}' does not have.{Nearest.Question(name, names)} It has {string.Join(", ", names)}.");
        }
    }

    private static List<(string Name, string Text)> Of(ParseResult parsed, Option<string[]> option) =>
        [.. (parsed.GetValue(option) ?? []).Select(pair => (pair[..pair.IndexOf('=')], pair[(pair.IndexOf('=') + 1)..]))];

    private static NDArray Value(OnnxTensorInfo input, string text, int?[] sizes)
    {
        var words = text.Split(',');
        if (sizes.Contains(null))
        {
            throw new ModelException(
                $"--bind {input.Name}={text}: the input takes {input}, whose sizes are open. Give them too: --input-shape {input.Name}=SIZES.");
        }

        var count = sizes.Aggregate(1L, (product, size) => product * size!.Value);
        if (words.Length != count && !(words.Length == 1 && count <= MostFilled))
        {
            throw new ModelException(
                $"--bind {input.Name}={text} has {words.Length} numbers; input {input} has {count} elements. Give one number for all, or each.");
        }

        if (words.Length == 1 && count != 1) words = [.. Enumerable.Repeat(text, (int)count)];
        var shape = Shape.Create(sizes);
        if (input.ElementType == typeof(bool)) return NDArray.Create(Array.ConvertAll(words, word => Number(word) != 0), shape);
        return input.ElementType == typeof(long) || input.ElementType == typeof(int)
            ? NDArray.Create(Array.ConvertAll(words, Whole), shape)
            : NDArray.Create(Array.ConvertAll(words, word => (float)Number(word)), shape);

        double Number(string word) => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ModelException($"--bind {input.Name}={text}: '{word}' is no number; expected numbers with commas between.");

        long Whole(string word) => long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ModelException($"--bind {input.Name}={text}: '{word}' is no whole number, which input {input} takes.");
    }

    private static int?[] Sizes(string text, string name) =>
    [
        .. text.Split(',').Select(word => word == "?" ? (int?)null
            : int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0 ? size
            : throw new ModelException($"--input-shape {name}={text}: '{word}' is no size; expected whole numbers above 0, or ?, with commas between.")),
    ];

    private static Option<string[]> Pairs(string name, string description, string helpName)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => [] };
        option.Validators.Add(result =>
        {
            foreach (var text in result.Tokens.Select(token => token.Value).Where(text => text.IndexOf('=') is <= 0))
                result.AddError($"{name} is '{text}'; expected {helpName}, the name of an input and what it is.");
            foreach (var twice in result.Tokens.Select(token => token.Value.Split('=')[0]).GroupBy(each => each).Where(group => group.Count() > 1))
                result.AddError($"{name} names the input '{twice.Key}' twice.");
        });
        return option;
    }
}
