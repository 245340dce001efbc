using System.Numerics.Tensors;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>
/// Trains in ONNX Runtime with the files that <see cref="TrainingExporter.ExportTraining"/> wrote; neither the model nor its losses are needed.
/// </summary>
/// <remarks>
/// One thread at a time; <see cref="Dispose"/> may be called by any: a step in progress is completed first. The state is on the device, in two sets of buffers
/// that alternate: ONNX Runtime reads one and writes the other.
/// </remarks>
/// <example><code>
/// trainer.ExportTraining("training");
/// using var other = OnnxTrainer.Load("training");                  // on another machine, in any ONNX Runtime
/// Console.WriteLine(other.TrainOnBatch(x, y)["loss"]);
/// other.ToModel(model).ExportOnnx("model.onnx");
/// </code></example>
public sealed class OnnxTrainer : IDisposable
{
    private readonly TrainingManifest _manifest;
    private readonly BatchData _batches;
    private readonly StateTransfer _transfer;
    private readonly StepSession _train;
    private readonly DeviceState _state;
    private readonly StepReports _reports;
    private readonly Lazy<StepSession> _evaluate;
    private readonly Lazy<StepSession> _predict;
    private readonly float[] _rate;
    private readonly long[] _seed;

    // The inputs of a step: a batch, then the seed and the learning rate if they are inputs.
    private readonly NDArray[] _step;
    private readonly RunGate _gate;

    private OnnxTrainer(TrainingFolder folder, ExecutionProvider provider, OnnxModelOptions options)
    {
        _manifest = folder.Manifest;
        _batches = new BatchData(_manifest);
        _transfer = new StateTransfer(folder);
        _rate = [_manifest.LearningRate];
        _seed = [unchecked((long)(_manifest.Seed ?? 0))];
        var tensors = StepTensors.Train(_manifest);
        _step = new NDArray[tensors.Data.Length];
        for (var i = 0; i < _step.Length; i++)
        {
            if (tensors.Data[i].Name == _manifest.SeedInput) _step[i] = NDArray.Create(_seed, Shape.Of());
            if (tensors.Data[i].Name == _manifest.LearningRateInput) _step[i] = NDArray.Create(_rate, Shape.Of());
        }

        _train = Open(TrainingFolder.TrainFile, tensors);
        try
        {
            _reports = new StepReports(folder, _train);
            _state = new DeviceState(_manifest.State, _train, folder.Source, provider, options);
            using var first = Open(TrainingFolder.InitFile, StepTensors.Init(_manifest));
            _state.Initialize(first);
        }
        catch
        {
            Release([_train]);
            throw;
        }

        _gate = new RunGate(typeof(OnnxTrainer), Release);
        _evaluate = new(() => Reading(TrainingFolder.EvaluateFile, StepTensors.Evaluate(_manifest), tensor => tensor.Evaluates));
        _predict = new(() => Reading(TrainingFolder.PredictFile, StepTensors.Predict(_manifest), tensor => tensor.Predicts));

        StepSession Open(string name, StepTensors tensors) => StepSession.Open(folder, name, provider, options, tensors);

        StepSession Reading(string name, StepTensors tensors, Func<ManifestState, bool> isTaken)
        {
            var session = Open(name, tensors);
            _state.BindTo(session, isTaken);
            return session;
        }
    }

    /// <summary>The learning rate of the next steps, or of the last step if it follows a schedule.</summary>
    /// <exception cref="InvalidOperationException">It is set, but follows a schedule.</exception>
    public double LearningRate
    {
        get => _rate[0];
        set
        {
            if (_manifest.LearningRateInput is null)
            {
                throw new InvalidOperationException(
                    "The learning rate follows a schedule inside train.onnx, so it cannot be set; export with a constant rate to set it here.");
            }
            _rate[0] = (float)value;
        }
    }

    /// <summary>The seed of random layers: initially that of the exported trainer, so that steps draw the same masks.</summary>
    /// <exception cref="InvalidOperationException">It is set, but no random layer reads it.</exception>
    public ulong Seed
    {
        get => unchecked((ulong)_seed[0]);
        set
        {
            if (_manifest.SeedInput is null)
                throw new InvalidOperationException("No random layer of train.onnx reads the seed: there is none, or each has its own.");
            _seed[0] = unchecked((long)value);
        }
    }

    /// <summary>The number of steps so far, including those before the export.</summary>
    public long Iterations
    {
        get
        {
            _gate.Enter();
            try
            {
                return (long)_state.Read(_manifest.State.Length - 1)[0];
            }
            finally
            {
                _gate.Exit();
            }
        }
    }

    /// <summary>The names of all tensors that are passed from step to step: weights under their full names, then the optimizer's.</summary>
    public IReadOnlyList<string> StateNames => [.. _manifest.State.Select(tensor => tensor.Name)];

    /// <summary>Loads the files of a folder and initializes the state on the device.</summary>
    /// <param name="folder">The folder that ExportTraining wrote.</param>
    /// <param name="provider">The device; <see cref="ExecutionProvider.Cpu"/> by default.</param>
    /// <param name="options">Threads, optimization and limits.</param>
    /// <exception cref="OnnxFileException">A file is missing, damaged or does not belong to the others.</exception>
    /// <exception cref="ExportException">The device is not available.</exception>
    public static OnnxTrainer Load(string folder, ExecutionProvider? provider = null, OnnxModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        options ??= new OnnxModelOptions();
        return Open(TrainingFolder.Open(folder, options.Limits), provider, options);
    }

    /// <summary>Makes one step on one batch; returns losses and metrics of that batch.</summary>
    /// <param name="x">Data for the inputs.</param>
    /// <param name="y">Targets for the outputs.</param>
    /// <param name="sampleWeight">One weight per sample, if the export has an input for them.</param>
    /// <returns>Values by their names in logs: <c>loss</c>, <c>accuracy</c>.</returns>
    /// <exception cref="ModelException">The data does not fit; no step was made.</exception>
    /// <exception cref="ExportException">ONNX Runtime failed; the state is unchanged.</exception>
    public IReadOnlyDictionary<string, double> TrainOnBatch(NDArrays x, NDArrays y, NDArray? sampleWeight = null)
    {
        _gate.Enter();
        try
        {
            var data = _batches.Labelled(x, y, sampleWeight);
            _batches.CheckSize(data);
            StepOn(data);
            _reports.Reset();
            _reports.Add(_train, data[0].Count);
            return _reports.Logs();
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Computes losses and metrics on data without changing weights.</summary>
    /// <param name="x">Data for the inputs.</param>
    /// <param name="y">Targets for the outputs.</param>
    /// <param name="batchSize">Samples per run.</param>
    /// <param name="sampleWeight">One weight per sample, if the export has an input for them.</param>
    /// <returns>Values by their names in logs: <c>loss</c>, <c>accuracy</c>.</returns>
    /// <exception cref="ModelException">The data do not fit the exported step.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(NDArrays x, NDArrays y, int batchSize = 32, NDArray? sampleWeight = null)
    {
        _gate.Enter();
        try
        {
            var data = _batches.Labelled(x, y, sampleWeight);
            _reports.Reset();
            foreach (var (start, size) in _batches.Batches(data[0].Count, batchSize))
            {
                _evaluate.Value.Run([.. data.Select(array => array.Slice(start, size))], _state.Current);
                _reports.Add(_evaluate.Value, size);
            }

            return _reports.Logs();
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Computes the output of a model with one output, for all samples.</summary>
    /// <param name="x">Data for the inputs.</param>
    /// <param name="batchSize">Samples per run.</param>
    /// <exception cref="ModelException">The data does not fit, or the model has several outputs.</exception>
    public NDArray Predict(NDArrays x, int batchSize = 32)
    {
        if (_manifest.Predictions.Length != 1)
            throw new ModelException($"The model has {_manifest.Predictions.Length} outputs ({string.Join(", ", _manifest.Outputs)}); use PredictAll.");
        return PredictAll(x, batchSize)[0];
    }

    /// <summary>Computes all outputs, in the model's order, for all samples.</summary>
    /// <param name="x">Data for the inputs.</param>
    /// <param name="batchSize">Samples per run.</param>
    /// <exception cref="ModelException">The data do not fit the exported step.</exception>
    public IReadOnlyList<NDArray> PredictAll(NDArrays x, int batchSize = 32)
    {
        _gate.Enter();
        try
        {
            var data = _batches.Inputs(x);
            var parts = _manifest.Predictions.Select(_ => new List<NDArray>()).ToArray();
            foreach (var (start, size) in _batches.Batches(data[0].Count, batchSize))
            {
                _predict.Value.Run([.. data.Select(array => array.Slice(start, size))], _state.Current);
                for (var i = 0; i < parts.Length; i++) parts[i].Add(_predict.Value.Result(i));
            }

            return [.. parts.Select(NDArray.Concatenate)];
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>A tensor of the state, by name.</summary>
    /// <param name="name">The name of a weight or of a value of the optimizer.</param>
    /// <exception cref="ArgumentException">There is no tensor of that name.</exception>
    public Tensor<float> GetState(string name)
    {
        _gate.ThrowIfClosed();
        var index = Array.FindIndex(_manifest.State, tensor => tensor.Name == name);
        if (index < 0) throw new ArgumentException($"The state has no tensor '{name}'. It has {string.Join(", ", StateNames)}.", nameof(name));
        _gate.Enter();
        try
        {
            return _transfer.ToTensor(index, _state.Read(index));
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Writes the whole state to a file of named arrays (<c>.npz</c>).</summary>
    /// <param name="path">The file; an existing one is replaced, or left untouched if writing fails.</param>
    /// <exception cref="ExportException">The file cannot be written; one that exists stays as it was.</exception>
    public void Save(string path) => _transfer.Save(path, ReadState());

    /// <summary>Restores the state from a file that <see cref="Save"/> wrote; training resumes as if it had never stopped.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The file is missing or damaged.</exception>
    /// <exception cref="ModelException">The file belongs to another model or optimizer; the state is unchanged.</exception>
    public void Restore(string path)
    {
        _gate.Enter();
        try
        {
            _state.Write(_transfer.Load(path));
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>
    /// Copies the trained weights to the model, for a verified <c>ExportOnnx</c>, prediction or
    /// further training. Weights with a moving average get the average, as at the end of Fit.
    /// </summary>
    /// <param name="model">The model whose training was exported, or one composed in the same way.</param>
    /// <returns>The same model.</returns>
    /// <exception cref="ModelException">The model has other weights; none is set then, and all differences are named.</exception>
    public Model ToModel(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _transfer.Set(model, ReadState);
        return model;
    }

    /// <summary>Frees the device's memory and the sessions.</summary>
    public void Dispose() => _gate.Close();

    internal static OnnxTrainer Open(TrainingFolder folder, ExecutionProvider? provider = null, OnnxModelOptions? options = null) =>
        new(folder, provider ?? ExecutionProvider.Cpu, options ?? new OnnxModelOptions());

    /// <summary>Makes one step on checked arrays, in the order of the file; returns the loss.</summary>
    internal float StepOn(NDArray[] data)
    {
        _gate.Enter();
        try
        {
            data.CopyTo(_step, 0);
            _train.Run(_step, _state.Current);
            _state.Advance();
            if (_manifest.LearningRateOutput is not null) _rate[0] = _train.Floats(_train.Reports - 1)[0];
            return _train.Floats(0)[0];
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>The elements of all tensors of the state.</summary>
    internal float[][] ReadState()
    {
        _gate.Enter();
        try
        {
            return _state.Read();
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>The elements of one tensor of the state.</summary>
    internal float[] ReadState(int index)
    {
        _gate.Enter();
        try
        {
            return _state.Read(index);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Sets the elements of all tensors of the state.</summary>
    internal void WriteState(float[][] values)
    {
        _gate.Enter();
        try
        {
            _state.Write(values);
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void Release()
    {
        List<StepSession> sessions = [_train];
        if (_evaluate.IsValueCreated) sessions.Add(_evaluate.Value);
        if (_predict.IsValueCreated) sessions.Add(_predict.Value);
        Release(sessions);
    }

    private void Release(List<StepSession> sessions)
    {
        foreach (var session in sessions) session.Unbind();
        _state?.Dispose();
        foreach (var session in sessions) session.Dispose();
    }
}
