using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Samples;

/// <summary>How a network of ours treats what an input takes.</summary>
internal enum FeatureKind
{
    /// <summary>Numbers of any range.</summary>
    Numbers,

    /// <summary>One word of several.</summary>
    Word,

    /// <summary>Text of many words.</summary>
    Text,

    /// <summary>Pixels, 0 to 255.</summary>
    Pixels,
}

/// <summary>An input that a network for some data has.</summary>
/// <param name="Input">Its name and shape.</param>
/// <param name="Kind">What it takes.</param>
/// <param name="Columns">The columns of a table that it takes; empty for other data.</param>
internal sealed record Feature(TensorInfo Input, FeatureKind Kind, IReadOnlyList<string> Columns);

/// <summary>Samples in memory, and what is to be predicted for each; no targets if none were asked for.</summary>
/// <param name="X">The data by the names of the inputs.</param>
/// <param name="Targets">One per output.</param>
/// <param name="Names">A name per sample, such as that of its file; null if samples have none.</param>
internal sealed record LoadedData(NDArrays X, IReadOnlyList<Target> Targets, IReadOnlyList<string>? Names)
{
    public int Count => X[0].Count;

    /// <summary>The columns that the inputs were read from; empty for data without columns.</summary>
    public IReadOnlyList<InputColumns> Columns { get; init; } = [];

    /// <summary>The targets in the order of the outputs.</summary>
    public NDArrays Y => Targets.Select(target => target.Values).ToArray();

    /// <summary>The same with targets that losses and metrics for values in the output's shape take.</summary>
    /// <param name="outputs">The outputs.</param>
    public LoadedData OneHot(IReadOnlyList<TensorInfo> outputs) => this with
    {
        Targets =
        [
            .. Targets.Zip(outputs, (target, output) => target.Task == TaskKind.Classification && output.Sample is [> 1 and var width] && target.Fits(width)
                ? target.OneHot(width)
                : target),
        ],
    };

    /// <summary>Some of the samples.</summary>
    public LoadedData Take(int[] samples) => this with
    {
        X = X.Take(samples),
        Targets = [.. Targets.Select(target => target with { Values = target.Values.Take(samples) })],
    };
}

/// <summary>What a model takes and returns, and which targets are wanted.</summary>
/// <param name="Inputs">The inputs.</param>
/// <param name="Outputs">The outputs; null before there is a network.</param>
/// <param name="Description">The columns and classes that the model was trained on; null if they are not known.</param>
/// <param name="WithTargets">Whether targets are read.</param>
internal sealed record DataRequest(
    IReadOnlyList<TensorInfo> Inputs, IReadOnlyList<TensorInfo>? Outputs, DataDescription? Description, bool WithTargets)
{
    /// <summary>The columns of inputs that are being made for the data.</summary>
    public IReadOnlyList<InputColumns> NewColumns { get; init; } = [];

    /// <summary>The columns of an input, if they are known.</summary>
    public IReadOnlyList<string>? ColumnsOf(string input) =>
        (Description?.Inputs ?? NewColumns).FirstOrDefault(columns => columns.Input == input)?.Columns;
}

/// <summary>Data of one kind in files.</summary>
internal abstract class DataSource(string path, DataOptions options)
{
    /// <summary>The file or folder.</summary>
    public string Path { get; } = path;

    public DataOptions Options { get; } = options;

    /// <summary>Opens a file or folder, whose kind its bytes tell.</summary>
    /// <exception cref="DataException">It is missing, damaged or of no known kind.</exception>
    public static DataSource Open(string path, DataOptions options) => DataKinds.Of(path) switch
    {
        DataKind.Table => new TableSource(path, options),
        DataKind.Array or DataKind.Arrays => new ArraySource(path, options),
        DataKind.Idx => new IdxSource(path, options),
        DataKind.IdxFolder => IdxSource.OfFolder(path, options),
        _ => new ImageSource(path, options),
    };

    /// <summary>The inputs that a network for this data has.</summary>
    /// <exception cref="DataException">The data is damaged, or nothing can be predicted from it.</exception>
    public abstract IReadOnlyList<Feature> Features();

    /// <summary>Reads the data that a model takes.</summary>
    /// <exception cref="DataException">The data is damaged, or does not fit the model.</exception>
    public abstract LoadedData Load(DataRequest request);

    /// <summary>The part of the data that is held out by its files; null if there is none.</summary>
    public virtual DataSource? HeldOut => null;

    /// <summary>A sentence about an input that the data does not fit.</summary>
    protected DataException Misfit(string what) => new($"'{Path}' {what}");
}
