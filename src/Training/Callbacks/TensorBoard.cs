using OnnxFunctional.Training.TensorBoardFiles;

namespace OnnxFunctional.Training.Callbacks;

/// <summary>
/// Writes event files for TensorBoard: losses and metrics as curves, weights as histograms, the model as a graph. Validation has its own folder, as in Keras.
/// </summary>
/// <remarks>https://keras.io/api/callbacks/tensorboard/. Show it with <c>tensorboard --logdir logs</c>.</remarks>
/// <param name="logDir">The folder; use one subfolder per run of an experiment.</param>
/// <param name="histogramFreq">The number of epochs between histograms; 0 for none.</param>
/// <param name="writeGraph">Whether the model's graph is written.</param>
/// <param name="updateFreq">The number of steps between losses of single batches; 0 logs epochs only.</param>
/// <exception cref="DataException">A file cannot be written; training ends, and the model keeps its weights.</exception>
/// <example><code>
/// trainer.Fit(x, y, epochs: 10, callbacks: [new TensorBoard("logs", histogramFreq: 1)]);
/// </code></example>
public sealed class TensorBoard(string logDir = "logs", int histogramFreq = 0, bool writeGraph = true, int updateFreq = 0) : Callback
{
    private const string Validation = "val_";

    private readonly string _folder = logDir ?? throw new ArgumentNullException(nameof(logDir));
    private EventWriter? _train;
    private EventWriter? _validation;

    internal override bool IsForOneProcess => true;

    /// <inheritdoc/>
    public override void OnTrainBegin()
    {
        LogFile.Do(_folder, () =>
        {
            _train = new EventWriter(Path.Combine(_folder, "train"));
            if (writeGraph) _train.Graph(GraphDefinition.Of(Trainer.Model));
        });
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(int batch, float loss)
    {
        if (updateFreq > 0 && Trainer.Iterations % updateFreq == 0) WriteLoss(loss);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        ArgumentNullException.ThrowIfNull(logs);
        if (_train is not null) LogFile.Do(_folder, () => Write(_train, epoch, logs));
    }

    /// <inheritdoc/>
    public override void OnTrainEnd() => LogFile.Do(_folder, Close);

    /// <inheritdoc/>
    public override void OnTrainFailed(Exception error) => Close();

    private void WriteLoss(float loss) => LogFile.Do(_folder, () => _train?.Scalar("batch_loss", Trainer.Iterations, loss));

    private void Write(EventWriter train, int epoch, IDictionary<string, double> logs)
    {
        foreach (var (name, value) in logs)
        {
            if (!name.StartsWith(Validation, StringComparison.Ordinal))
            {
                train.Scalar("epoch_" + name, epoch, (float)value);
                continue;
            }

            _validation ??= new EventWriter(Path.Combine(_folder, "validation"));
            _validation.Scalar("epoch_" + name[Validation.Length..], epoch, (float)value);
        }

        if (!logs.ContainsKey("learning_rate")) train.Scalar("epoch_learning_rate", epoch, (float)Trainer.LearningRate);
        if (histogramFreq > 0 && epoch % histogramFreq == 0)
        {
            foreach (var (path, weight) in Trainer.Model.WeightPaths()) train.Histogram(path, epoch, weight.Storage);
        }

        train.Flush();
        _validation?.Flush();
    }

    private void Close()
    {
        var (train, validation) = (_train, _validation);
        (_train, _validation) = (null, null);
        try
        {
            train?.Dispose();
        }
        finally
        {
            validation?.Dispose();
        }
    }
}
