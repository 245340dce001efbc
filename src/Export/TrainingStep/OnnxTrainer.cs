using System.Numerics.Tensors;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>Trains in ONNX Runtime what <see cref="TrainingExporter.ExportTraining"/> wrote; neither the model nor its losses are needed here.</summary>
/// <remarks>Not for several threads at once. The state lies on the device, in two sets of buffers that take turns: ONNX Runtime reads one and writes the other.</remarks>
public sealed class OnnxTrainer : IDisposable
{
    internal const string InitFile = "init.onnx";
    internal const string TrainFile = "train.onnx";
    internal const string EvaluateFile = "evaluate.onnx";
    internal const string PredictFile = "predict.onnx";
    internal const string ManifestFile = "training.json";

    private readonly TrainingManifest _manifest;
    private readonly string _source;
    private readonly DeviceState _state;
    private readonly StepSession _train;
    private readonly Lazy<StepSession> _evaluate;
    private readonly Lazy<StepSession> _predict;
    private readonly string[] _reports;
    private readonly double[] _totals;
    private bool _disposed;

    private OnnxTrainer(TrainingManifest manifest, Func<string, byte[]> file, string source, ExecutionProvider provider, OnnxModelOptions options)
    {
        (_manifest, _source, LearningRateValue) = (manifest, source, manifest.LearningRate);
        _reports = [manifest.Loss, .. manifest.Losses.Select(loss => loss.Output), .. manifest.Metrics.SelectMany(metric => metric.Sums)];
        _totals = new double[_reports.Length];
        var stateNames = manifest.State.Select(tensor => tensor.Name).ToArray();
        string?[] data = DataNames();
        _train = StepSession.Open(file(TrainFile), $"{TrainFile} of {source}", provider, options, [.. data, manifest.LearningRateInput, .. stateNames], [.. _reports, manifest.LearningRateOutput, .. manifest.State.Select(tensor => tensor.Next)]);
        try
        {
            _state = new DeviceState(manifest.State, _train, file(InitFile), $"{InitFile} of {source}", provider, options);
        }
        catch
        {
            _train.Dispose();
            throw;
        }

        _evaluate = new Lazy<StepSession>(() => StepSession.Open(file(EvaluateFile), $"{EvaluateFile} of {source}", provider, options, [.. data, .. Names(tensor => tensor.Evaluates)], _reports));
        _predict = new Lazy<StepSession>(() => StepSession.Open(file(PredictFile), $"{PredictFile} of {source}", provider, options, [.. manifest.Inputs.Select(input => input.Name), .. Names(tensor => tensor.Predicts)], manifest.Predictions));
    }

    /// <summary>The size of the next steps; of the last one where the graph follows a schedule.</summary>
    /// <exception cref="InvalidOperationException">It is set, but follows a schedule.</exception>
    public float LearningRate
    {
        get => LearningRateValue;
        set => LearningRateValue = _manifest.LearningRateInput is not null
            ? value
            : throw new InvalidOperationException("The learning rate follows a schedule inside train.onnx, so it cannot be set; export with a plain number to set it here.");
    }

    /// <summary>Steps made so far, those before the export included.</summary>
    public long Iterations => (long)ReadState()[^1][0];

    /// <summary>The names of all tensors that go from step to step: weights under their full names, then the optimizer's.</summary>
    public IReadOnlyList<string> StateNames => [.. _manifest.State.Select(tensor => tensor.Name)];

    private float LearningRateValue { get; set; }

    /// <summary>Loads the files of a folder and puts the first state on the device.</summary>
    /// <param name="folder">The folder that ExportTraining wrote.</param>
    /// <param name="provider">The device, <see cref="ExecutionProvider.Cpu"/> unless given.</param>
    /// <param name="options">Threads, optimization and limits.</param>
    /// <exception cref="OnnxFileException">A file is missing, damaged or does not belong to the others.</exception>
    /// <exception cref="ExportException">The device is not available.</exception>
    public static OnnxTrainer Load(string folder, ExecutionProvider? provider = null, OnnxModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        options ??= new OnnxModelOptions();
        var description = Path.Combine(folder, ManifestFile);
        byte[] json;
        try
        {
            json = File.ReadAllBytes(description);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new OnnxFileException($"'{description}' cannot be read: {failed.Message} Give a folder that ExportTraining wrote.", failed);
        }

        var manifest = TrainingManifest.Parse(json, $"'{description}'");
        return new OnnxTrainer(manifest, name => OnnxFileGuard.ReadFile(Path.Combine(folder, name), options.Limits).Bytes, $"'{folder}'", provider ?? ExecutionProvider.Cpu, options);
    }

    /// <summary>One step on one batch; returns losses and metrics of that batch.</summary>
    /// <param name="x">Data of the inputs.</param>
    /// <param name="y">Targets of the outputs.</param>
    /// <param name="sampleWeight">A weight for each sample, where the export has them.</param>
    /// <returns>Values by the names of the logs: <c>loss</c>, <c>accuracy</c>.</returns>
    /// <exception cref="ModelException">The data does not fit; no step was made.</exception>
    /// <exception cref="ExportException">ONNX Runtime failed; the state is what it was before.</exception>
    public IReadOnlyDictionary<string, double> Step(NDArrays x, NDArrays y, NDArray? sampleWeight = null)
    {
        var data = Data(x, y, sampleWeight);
        StepOn(data);
        Array.Clear(_totals);
        Add(_train, data[0].Count);
        return Logs(data[0].Count);
    }

    /// <summary>Losses and metrics on data, weights unchanged.</summary>
    /// <param name="x">Data of the inputs.</param>
    /// <param name="y">Targets of the outputs.</param>
    /// <param name="batchSize">Samples computed at a time.</param>
    /// <param name="sampleWeight">A weight for each sample, where the export has them.</param>
    /// <returns>Values by the names of the logs: <c>loss</c>, <c>accuracy</c>.</returns>
    public IReadOnlyDictionary<string, double> Evaluate(NDArrays x, NDArrays y, int batchSize = 32, NDArray? sampleWeight = null)
    {
        var data = Data(x, y, sampleWeight);
        var session = _evaluate.Value;
        _state.BindTo(session, Names(tensor => tensor.Evaluates));
        Array.Clear(_totals);
        foreach (var (start, size) in Batches(data[0].Count, batchSize))
        {
            var batch = data.Select(array => array.Slice(start, size)).ToArray();
            session.Run(batch);
            Add(session, size);
        }

        return Logs(data[0].Count);
    }

    /// <summary>The model's one output for every sample.</summary>
    /// <param name="x">Data of the inputs.</param>
    /// <param name="batchSize">Samples computed at a time.</param>
    /// <exception cref="ModelException">The data does not fit, or the model has several outputs.</exception>
    public Tensor<float> Predict(NDArrays x, int batchSize = 32)
    {
        if (_manifest.Predictions.Length != 1) throw new ModelException($"The model has {_manifest.Predictions.Length} outputs ({string.Join(", ", _manifest.Predictions)}); use PredictAll.");
        return PredictAll(x, batchSize)[0];
    }

    /// <summary>All outputs, in the model's order.</summary>
    /// <param name="x">Data of the inputs.</param>
    /// <param name="batchSize">Samples computed at a time.</param>
    public IReadOnlyList<Tensor<float>> PredictAll(NDArrays x, int batchSize = 32)
    {
        ArgumentNullException.ThrowIfNull(x);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var data = InOrder(x, _manifest.Inputs, "input");
        var session = _predict.Value;
        _state.BindTo(session, Names(tensor => tensor.Predicts));
        var parts = _manifest.Predictions.Select(_ => new List<NDArray>()).ToArray();
        foreach (var (start, size) in Batches(data[0].Count, batchSize))
        {
            session.Run([.. data.Select(array => array.Slice(start, size))]);
            for (var i = 0; i < parts.Length; i++) parts[i].Add(session.Result(i));
        }

        return [.. parts.Select(part => NDArray.Concatenate(part).ToTensor())];
    }

    /// <summary>A tensor of the state, by name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public Tensor<float> GetState(string name)
    {
        var index = Array.FindIndex(_manifest.State, tensor => tensor.Name == name);
        if (index < 0) throw new ArgumentException($"The state has no tensor '{name}'. It has {string.Join(", ", StateNames)}.", nameof(name));
        return TensorOf(index, ReadState()[index]);
    }

    /// <summary>Writes the whole state to a file of named arrays (<c>.npz</c>).</summary>
    /// <param name="path">The file; it is replaced if it is there, and untouched if writing fails.</param>
    public void Save(string path)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var values = _state.Read();
        var arrays = new OrderedDictionary<string, Tensor<float>>(StringComparer.Ordinal);
        for (var i = 0; i < values.Length; i++) arrays.Add(_manifest.State[i].Name, TensorOf(i, values[i]));
        Npz.Write(path, arrays);
    }

    /// <summary>Takes the state back from a file that <see cref="Save"/> wrote; training goes on as if it had never stopped.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The file is missing or damaged.</exception>
    /// <exception cref="ModelException">The file belongs to another model or optimizer; the state is unchanged.</exception>
    public void Restore(string path)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var arrays = Npz.ReadAll<float>(path);
        var problems = new List<string>();
        var values = new float[_manifest.State.Length][];
        for (var i = 0; i < values.Length; i++)
        {
            var tensor = _manifest.State[i];
            values[i] = [];
            if (!arrays.TryGetValue(tensor.Name, out var array)) problems.Add($"'{tensor.Name}' is missing");
            else if (!Lengths(tensor).SequenceEqual(array.Lengths)) problems.Add($"'{tensor.Name}' has shape ({string.Join(", ", array.Lengths.ToArray())}), expected ({string.Join(", ", Lengths(tensor))})");
            else array.FlattenTo(values[i] = new float[array.FlattenedLength]);
        }

        if (problems.Count > 0) throw new ModelException($"'{path}' does not hold the state of {_source}: {string.Join("; ", problems)}. Use a file that Save wrote for this very export.");
        _state.Write(values);
    }

    /// <summary>Puts the trained weights into the model, for a verified <c>ExportOnnx</c>, prediction or further training.</summary>
    /// <param name="model">The model the training was exported from, or one composed in the same way.</param>
    /// <returns>The model given.</returns>
    /// <exception cref="ModelException">Its weights are others; none is set then, and all are named.</exception>
    public Model ToModel(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var known = _manifest.State.Select((tensor, index) => (tensor, index)).Where(entry => entry.tensor.IsWeight).ToDictionary(entry => entry.tensor.Name, StringComparer.Ordinal);
        var weights = model.WeightPaths();
        var problems = new List<string>();
        foreach (var (path, weight) in weights)
        {
            if (!known.Remove(path, out var entry)) problems.Add($"'{path}' {weight.Shape} is not in the export");
            else if (!weight.Shape.Dims.SequenceEqual(entry.tensor.Shape)) problems.Add($"'{path}' has shape {weight.Shape}, the export ({string.Join(", ", entry.tensor.Shape)})");
        }

        problems.AddRange(known.Keys.Select(name => $"'{name}' of the export is not in the model"));
        if (problems.Count > 0) throw new ModelException($"Model '{model.Name}' is not the one of {_source}: {string.Join("; ", problems)}. Compose it as it was when its training was exported.");
        var values = _state.Read();
        foreach (var (path, weight) in weights)
        {
            var index = Array.FindIndex(_manifest.State, tensor => tensor.IsWeight && tensor.Name == path);
            values[index].CopyTo(weight.Storage, 0);
        }

        return model;
    }

    /// <summary>Frees the device's memory and the sessions.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _state.Dispose();
        _train.Dispose();
        if (_evaluate.IsValueCreated) _evaluate.Value.Dispose();
        if (_predict.IsValueCreated) _predict.Value.Dispose();
    }

    internal static OnnxTrainer Open(TrainingManifest manifest, Func<string, byte[]> file, string source, ExecutionProvider provider) => new(manifest, file, source, provider, new OnnxModelOptions());

    /// <summary>One step on arrays that fit, in the order of the file; returns the loss.</summary>
    internal double StepOn(NDArray[] data)
    {
        _state.Alternate(_train);
        _train.Run(_manifest.LearningRateInput is null ? data : [.. data, NDArray.Create([LearningRateValue], Shape.Of())]);
        _state.Advance();
        if (_manifest.LearningRateOutput is not null) LearningRateValue = _train.Floats(_reports.Length)[0];
        return _train.Floats(0)[0];
    }

    /// <summary>The elements of all tensors of the state; one copy from the device for all of them.</summary>
    internal float[][] ReadState()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _state.Read();
    }

    private static nint[] Lengths(ManifestState tensor) => tensor.Shape.Length == 0 ? [1] : [.. tensor.Shape.Select(dim => (nint)dim)];

    private Tensor<float> TensorOf(int index, float[] values) => Tensor.Create(values, Lengths(_manifest.State[index]));

    private string[] Names(Func<ManifestState, bool> isTaken) => [.. _manifest.State.Where(isTaken).Select(tensor => tensor.Name)];

    private string[] DataNames() => [.. _manifest.Inputs.Concat(_manifest.Targets).Select(tensor => tensor.Name), .. _manifest.SampleWeight is { } weight ? [weight.Name] : Array.Empty<string>()];

    private IEnumerable<(int Start, int Size)> Batches(int count, int batchSize)
    {
        if (batchSize < 1) throw new ModelException($"batchSize is {batchSize}; expected at least 1.");
        if (_manifest.BatchSize is { } only)
        {
            batchSize = only;
            if (count % only != 0) throw new ModelException($"The files hold for batches of {only} samples, but {count} were given. Give a multiple, or export without BatchSize.");
        }

        for (var start = 0; start < count; start += batchSize) yield return (start, Math.Min(batchSize, count - start));
    }

    private NDArray[] Data(NDArrays x, NDArrays y, NDArray? sampleWeight)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        ObjectDisposedException.ThrowIf(_disposed, this);
        List<NDArray> data = [.. InOrder(x, _manifest.Inputs, "input"), .. InOrder(y, _manifest.Targets, "target")];
        if (_manifest.SampleWeight is null != sampleWeight is null)
            throw new ModelException(sampleWeight is null ? "The export takes sample weights, but none were given; give one number for each sample." : "Sample weights were given, but the export has no input for them; set TrainingExportOptions.SampleWeights.");
        if (sampleWeight is not null) data.Add(Fit(sampleWeight, _manifest.SampleWeight!));
        foreach (var array in data)
        {
            if (array.Count != data[0].Count || array.Count == 0) throw new ModelException($"Inputs and targets have {string.Join(", ", data.Select(other => other.Count))} samples; expected the same number of each, at least one.");
        }

        return [.. data];
    }

    private static NDArray[] InOrder(NDArrays arrays, ManifestTensor[] tensors, string what)
    {
        // Targets go by the names of the outputs as well.
        var ordered = arrays.InOrder([.. tensors.Select(tensor => what == "target" && tensor.Name.EndsWith("_target", StringComparison.Ordinal) ? tensor.Name[..^"_target".Length] : tensor.Name)], what);
        return [.. ordered.Select((array, i) => Fit(array, tensors[i]))];
    }

    private static NDArray Fit(NDArray array, ManifestTensor tensor)
    {
        var expected = Shape.Of(tensor.Shape);
        var fitted = (expected.Rank > 0 ? DataChecks.Fit(array, expected) : array).To(tensor.Type, $"'{tensor.Name}'");
        return expected.IsCompatibleWith(fitted.Shape) ? fitted : throw new ModelException($"'{tensor.Name}' takes {expected}, but the data is {fitted.Shape}. The first dimension counts samples; Reshape the data.");
    }

    private void Add(StepSession session, int samples)
    {
        for (var i = 0; i < _totals.Length; i++)
        {
            var value = session.Floats(i);
            _totals[i] += value.Length != 1 ? 0 : i < 1 + _manifest.Losses.Length ? value[0] * (double)samples : value[0];
        }
    }

    private Dictionary<string, double> Logs(int samples)
    {
        var logs = new Dictionary<string, double> { ["loss"] = _totals[0] / samples };
        for (var i = 0; i < _manifest.Losses.Length; i++) logs[_manifest.Losses[i].Name] = _totals[i + 1] / samples;
        var next = 1 + _manifest.Losses.Length;
        foreach (var metric in _manifest.Metrics)
        {
            if (metric.IsMean) logs[metric.Name] = _totals[next + 1] == 0 ? 0 : _totals[next] / _totals[next + 1];
            next += metric.Sums.Length;
        }

        return logs;
    }
}
