namespace OnnxFunctional.Training;

/// <summary>One thread's turn to train: weights have one writer at a time.</summary>
/// <remarks>
/// Predicting, evaluating and exporting beside a training is allowed, also with other models over the same weights: they see those between two steps.
/// </remarks>
internal readonly struct Turn : IDisposable
{
    private readonly Trainer _trainer;

    private Turn(Trainer trainer) => _trainer = trainer;

    /// <summary>Takes the turn; disposing of it gives it back.</summary>
    /// <exception cref="ModelException">Another thread trains the model, or this trainer is in a Fit already.</exception>
    public static Turn Take(Trainer trainer)
    {
        var engine = trainer.Engine;
        engine.BeginTraining();
        if (trainer.TakesSteps)
        {
            engine.EndTraining();
            throw new ModelException(
                "This trainer is in a Fit already, which called a callback that trains with it again. Train with the losses and metrics of a second trainer: "
                + "model.Compile(...) makes one over the same weights.");
        }

        trainer.TakesSteps = true;
        return new Turn(trainer);
    }

    public void Dispose()
    {
        _trainer.TakesSteps = false;
        _trainer.Engine.EndTraining();
    }
}
