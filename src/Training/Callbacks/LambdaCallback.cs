namespace OnnxFunctional.Training;

/// <summary>A callback made of functions.</summary>
/// <remarks>https://keras.io/api/callbacks/lambda_callback/</remarks>
/// <example><c>new LambdaCallback(onEpochEnd: (epoch, logs) => Console.WriteLine(logs["loss"]))</c></example>
/// <param name="onEpochBegin">Before an epoch, counted from 0.</param>
/// <param name="onEpochEnd">After an epoch, with losses and metrics by name.</param>
/// <param name="onTrainBegin">Before the first epoch.</param>
/// <param name="onTrainEnd">After the last epoch.</param>
/// <param name="onTrainBatchBegin">Before a step, counted from 0 in each epoch.</param>
/// <param name="onTrainBatchEnd">After a step, with its loss.</param>
public sealed class LambdaCallback(
    Action<int>? onEpochBegin = null,
    Action<int, IDictionary<string, double>>? onEpochEnd = null,
    Action<Trainer>? onTrainBegin = null,
    Action<Trainer>? onTrainEnd = null,
    Action<int>? onTrainBatchBegin = null,
    Action<int, float>? onTrainBatchEnd = null)
    : Callback
{
    /// <inheritdoc/>
    public override void OnTrainBegin() => onTrainBegin?.Invoke(Trainer);

    /// <inheritdoc/>
    public override void OnTrainEnd() => onTrainEnd?.Invoke(Trainer);

    /// <inheritdoc/>
    public override void OnEpochBegin(int epoch) => onEpochBegin?.Invoke(epoch);

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs) => onEpochEnd?.Invoke(epoch, logs);

    /// <inheritdoc/>
    public override void OnBatchBegin(int batch) => onTrainBatchBegin?.Invoke(batch);

    /// <inheritdoc/>
    public override void OnBatchEnd(int batch, float loss) => onTrainBatchEnd?.Invoke(batch, loss);
}
