namespace OnnxFunctional.Training.Callbacks;

/// <summary>Stops training, without an error, after the first step whose loss is not finite.</summary>
/// <remarks>https://keras.io/api/callbacks/terminate_on_nan/</remarks>
public sealed class TerminateOnNaN : Callback
{
    internal override bool HandlesNaN => true;

    internal override bool StopsAtOnce => true;

    /// <inheritdoc/>
    public override void OnBatchEnd(int batch, float loss)
    {
        if (!float.IsFinite(loss)) Trainer.StopTraining = true;
    }
}
