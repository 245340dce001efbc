namespace OnnxFunctional.Training.Callbacks;

/// <summary>Stops training after the first step whose loss is not finite: without an error, unless one is asked for.</summary>
/// <remarks>https://keras.io/api/callbacks/terminate_on_nan/</remarks>
/// <param name="raiseError">Whether training ends with a <see cref="ModelException"/> that names batch and layer, as it does without the callback.</param>
/// <example><code>
/// trainer.Fit(x, y, epochs: 10, callbacks: [new TerminateOnNaN()]);
/// </code></example>
public sealed class TerminateOnNaN(bool raiseError = false) : Callback
{
    internal override bool HandlesNaN => !raiseError;

    internal override bool StopsAtOnce => true;

    /// <inheritdoc/>
    public override void OnBatchEnd(int batch, float loss)
    {
        if (!raiseError && !float.IsFinite(loss)) Trainer.StopTraining = true;
    }
}
