namespace OnnxFunctional.Training;

/// <summary>A callback made of functions.</summary>
/// <remarks>https://keras.io/api/callbacks/lambda_callback/</remarks>
/// <example><c>new LambdaCallback { EpochEnd = (epoch, logs) => Console.WriteLine(logs["loss"]) }</c></example>
public sealed class LambdaCallback : Callback
{
    /// <summary>Before the first epoch.</summary>
    public Action<Trainer>? TrainBegin { get; init; }

    /// <summary>After the last epoch.</summary>
    public Action<Trainer>? TrainEnd { get; init; }

    /// <summary>Before an epoch, counted from 0.</summary>
    public Action<int>? EpochBegin { get; init; }

    /// <summary>After an epoch, with losses and metrics by name.</summary>
    public Action<int, IDictionary<string, double>>? EpochEnd { get; init; }

    /// <summary>Before a step, counted from 0 in each epoch.</summary>
    public Action<int>? BatchBegin { get; init; }

    /// <summary>After a step, with its loss.</summary>
    public Action<int, float>? BatchEnd { get; init; }

    /// <inheritdoc/>
    public override void OnTrainBegin() => TrainBegin?.Invoke(Trainer);

    /// <inheritdoc/>
    public override void OnTrainEnd() => TrainEnd?.Invoke(Trainer);

    /// <inheritdoc/>
    public override void OnEpochBegin(int epoch) => EpochBegin?.Invoke(epoch);

    /// <inheritdoc/>
    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs) => EpochEnd?.Invoke(epoch, logs);

    /// <inheritdoc/>
    public override void OnBatchBegin(int batch) => BatchBegin?.Invoke(batch);

    /// <inheritdoc/>
    public override void OnBatchEnd(int batch, float loss) => BatchEnd?.Invoke(batch, loss);
}
