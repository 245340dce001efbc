using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>How <see cref="OnnxFile.LoadModel"/> makes a file a model.</summary>
/// <example><code>
/// var options = new ImportOptions { Trainable = name => name.StartsWith("classifier.") }.Bind("sr", new[] { 16000L });
/// var model = OnnxFile.LoadModel("model.onnx", options);
/// </code></example>
public sealed record ImportOptions
{
    private readonly Dictionary<string, NDArray> _bindings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Shape> _shapes = new(StringComparer.Ordinal);

    /// <summary>Which parameters training updates, by their names in the file; default: all.</summary>
    public Func<string, bool>? Trainable { get; init; }

    /// <summary>
    /// Whether training normalizes by the statistics of each batch, and moves the stored ones, where the file has BatchNormalization; default: no, it
    /// normalizes by the stored ones, as suits small data sets. Layers that are frozen use the stored ones in any case.
    /// </summary>
    public bool TrainBatchNormalization { get; init; }

    /// <summary>
    /// Whether inputs of one sample take one only, as the file says; default: no, they take any number of samples where that gives for each the result that the
    /// file gives for it alone. Where it does not, the model takes one, and a warning names the reason.
    /// </summary>
    public bool KeepBatch { get; init; }

    /// <summary>
    /// Whether the model is compared with ONNX Runtime on the file, every node's output, before it is returned; default: yes. ONNX Runtime reads opsets 7 to
    /// 26; files of others are not compared, which a warning says.
    /// </summary>
    public bool Verify { get; init; } = true;

    /// <summary>What is refused, so that a small file cannot ask for much memory; constants that are computed at once count together.</summary>
    public OnnxFileLimits Limits { get; init; } = new();

    internal IReadOnlyDictionary<string, NDArray> Bindings
    {
        get => _bindings;
        init => _bindings = new(value, StringComparer.Ordinal);
    }

    internal IReadOnlyDictionary<string, Shape> Shapes
    {
        get => _shapes;
        init => _shapes = new(value, StringComparer.Ordinal);
    }

    /// <summary>Fixes sizes of an input that the file leaves open, because the file decides by them what it computes.</summary>
    /// <param name="input">The name of the input.</param>
    /// <param name="shape">Its dimensions, the batch included; <see langword="null"/> for one that stays as the file has it.</param>
    /// <returns>The options with that shape.</returns>
    /// <exception cref="ModelException">The input has a shape already.</exception>
    public ImportOptions BindShape(string input, Shape shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(input);
        if (_shapes.ContainsKey(input)) throw new ModelException($"Input '{input}' is given a shape twice. Give each input one.");
        return this with { Shapes = new Dictionary<string, Shape>(_shapes, StringComparer.Ordinal) { [input] = shape } };
    }

    /// <summary>
    /// Fixes an input of the file: it becomes a constant, and what depends on it alone is computed when the file is opened. A file that is written from the
    /// model still takes the input, so that programs need not change, but does not read it.
    /// </summary>
    /// <param name="input">The name of the input.</param>
    /// <param name="value">Its value, in the shape that the file declares.</param>
    /// <returns>The options with that binding.</returns>
    /// <exception cref="ModelException">The input is bound already.</exception>
    public ImportOptions Bind(string input, NDArray value)
    {
        ArgumentException.ThrowIfNullOrEmpty(input);
        ArgumentNullException.ThrowIfNull(value);
        if (_bindings.ContainsKey(input)) throw new ModelException($"Input '{input}' is bound twice. Bind each input once.");
        return this with { Bindings = new Dictionary<string, NDArray>(_bindings, StringComparer.Ordinal) { [input] = value } };
    }

    /// <summary>Throws if inputs are fixed, or parameters chosen, of a file that is opened as layers of this library.</summary>
    internal void CheckUnused(string source)
    {
        if (_bindings.Keys.Concat(_shapes.Keys).FirstOrDefault() is { } input)
        {
            throw new ModelException(
                $"{source} is opened as layers of this library, so ImportOptions cannot fix its input '{input}'. Give Predict its value.");
        }

        if (Trainable is not null || TrainBatchNormalization)
        {
            throw new ModelException(
                $"{source} is opened as layers of this library, so ImportOptions do not say what is trained. Set Trainable of the layers.");
        }
    }

    /// <summary>Throws if an input is bound that the file does not have.</summary>
    internal void Check(IReadOnlyCollection<string> inputs)
    {
        foreach (var name in _bindings.Keys.Concat(_shapes.Keys).Where(name => !inputs.Contains(name)))
        {
            var nearest = Naming.Nearest(name, inputs);
            throw new ModelException(
                $"ImportOptions name the input '{name}', which the file does not have.{(nearest is null ? "" : $" Did you mean '{nearest}'?")} "
                + $"It has: {string.Join(", ", inputs)}.");
        }
    }
}
