using System.CommandLine;
using System.CommandLine.Parsing;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>The options that say how data is read, shared by train, evaluate and predict.</summary>
internal sealed class DataArguments
{
    private readonly Option<string?> _data;
    private readonly Option<string?> _target;
    private readonly Option<string?> _task;
    private readonly Option<char?> _separator;
    private readonly Option<bool> _noHeader;
    private readonly Option<bool> _noQuotes;
    private readonly Option<bool> _dropMissing;
    private readonly Option<string[]> _ignored;
    private readonly Option<(int, int)?> _imageSize;
    private readonly Option<bool> _grayscale;
    private readonly Option<double?> _scale;
    private readonly bool _withTargets;
    private readonly bool _forTraining;

    /// <summary>Makes the options.</summary>
    /// <param name="withTargets">Whether the command reads targets.</param>
    /// <param name="forTraining">Whether the command may make a network for the data.</param>
    /// <param name="isRequired">Whether there must be data.</param>
    public DataArguments(bool withTargets, bool forTraining, bool isRequired = true)
    {
        (_withTargets, _forTraining) = (withTargets, forTraining);
        _data = Typed.Text(
            "--data",
            "A CSV or TSV table, an .npz or .npy file, an idx file, a folder with MNIST's idx files, or a folder of images, one subfolder per class.",
            "PATH");
        _data.Required = isRequired;
        _target = Typed.Text(
            "--target",
            withTargets
                ? "What to predict: a column of the table, an array of the .npz file, or the file of labels beside an .npy or idx file."
                : "The column of the table that is not read, because it holds what is predicted.",
            "NAME");
        _task = Typed.ChoiceOrNone("--task", "What the targets are; by default told by their values.", "classification", "regression");
        _separator = new Option<char?>("--separator")
        {
            Description = "The character between the cells of a table; by default tab, semicolon or comma, by the first line.",
            HelpName = "CHARACTER",
            CustomParser = result => Separator(result.Tokens[0].Value) is { } found ? found : Wrong(result),
        };
        _noHeader = Typed.Flag("--no-header", "The table has no names in its first line; its columns are 0, 1, 2 ...");
        _noQuotes = Typed.Flag("--no-quotes", "Quotes in the table are ordinary text.");
        _dropMissing = Typed.Flag("--drop-missing", "Leaves rows out in which a number is missing.");
        _ignored = new Option<string[]>("--ignore")
        {
            Description = "A column of the table to leave out; may be given several times.",
            HelpName = "COLUMN",
            DefaultValueFactory = _ => [],
        };
        _imageSize = new Option<(int, int)?>("--image-size")
        {
            Description = "The height and width to which images are resized, 64 or 48x64; by default what the model takes, or 64.",
            HelpName = "SIZE",
            CustomParser = result =>
            {
                if (Size(result.Tokens[0].Value) is { } size) return size;
                result.AddError($"--image-size is '{result.Tokens[0].Value}'; expected a whole number, or height and width as 48x64.");
                return null;
            },
        };
        _grayscale = Typed.Flag("--grayscale", "Images have one channel.");
        _scale = Typed.Number(
            "--scale", "The factor on pixels of 0 to 255, 0.00392156863 for a model that takes 0 to 1; those of onnxf take pixels as they are.",
            "a number above 0", value => value > 0, 1);
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_data);
        command.Add(_target);
        if (_withTargets) command.Add(_task);
        command.Add(_separator);
        command.Add(_noHeader);
        command.Add(_noQuotes);
        if (_withTargets) command.Add(_dropMissing);
        command.Add(_ignored);
        command.Add(_imageSize);
        if (_forTraining) command.Add(_grayscale);
        command.Add(_scale);
    }

    /// <summary>Whether there is data.</summary>
    /// <exception cref="ModelException">There is none, and an option says how to read it.</exception>
    public bool AreGiven(ParseResult parsed)
    {
        if (parsed.GetValue(_data) is not null) return true;
        Option[] others = [_target, _task, _separator, _noHeader, _noQuotes, _dropMissing, _ignored, _imageSize, _scale];
        var given = Array.Find(others, option => parsed.GetResult(option) is { Implicit: false });
        return given is null ? false : throw new ModelException($"{given.Name} says how data is read, and there is none. Give --data too.");
    }

    /// <summary>The data's file or folder.</summary>
    public string Path(ParseResult parsed) => parsed.GetRequiredValue(_data)!;

    /// <summary>Checks that a file can be written, and that it is neither the data nor a model it is made with.</summary>
    /// <exception cref="ExportException">It cannot, or it is.</exception>
    public void CheckOutput(ParseResult parsed, string output, string? model)
    {
        OnnxFile.CheckWritable(output);
        foreach (var (path, what) in new[] { (Path(parsed), "data"), (model, "model") })
        {
            if (path is not null && System.IO.Path.GetFullPath(path) == System.IO.Path.GetFullPath(output))
                throw new ExportException($"'{output}' is the {what}; give --out another name.");
        }
    }

    public DataOptions Options(ParseResult parsed) => new()
    {
        Target = parsed.GetValue(_target),
        Task = _withTargets ? Target.Named(parsed.GetValue(_task)) : null,
        Separator = parsed.GetValue(_separator),
        HasHeader = !parsed.GetValue(_noHeader),
        HasQuotes = !parsed.GetValue(_noQuotes),
        DropsMissing = _withTargets && parsed.GetValue(_dropMissing),
        Ignored = parsed.GetValue(_ignored) ?? [],
        ImageSize = parsed.GetValue(_imageSize),
        IsGrayscale = _forTraining && parsed.GetValue(_grayscale),
        Scale = parsed.GetValue(_scale) ?? 1,
    };

    private static char? Separator(string text) => text switch
    {
        "tab" or "\\t" => '\t',
        [var single] when single is not ('"' or '\r' or '\n') => single,
        _ => null,
    };

    private static char? Wrong(ArgumentResult result)
    {
        result.AddError($"--separator is '{result.Tokens[0].Value}'; expected one character that is no quote, or tab.");
        return null;
    }

    private static (int Height, int Width)? Size(string text)
    {
        var parts = text.Split('x');
        return parts.Length <= 2 && int.TryParse(parts[0], out var height) && int.TryParse(parts[^1], out var width) && height > 0 && width > 0
            ? (height, width)
            : null;
    }
}
