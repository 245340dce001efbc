namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Looks for one kind of fault.</summary>
internal interface IFaultCheck
{
    /// <summary>What is checked, in the report.</summary>
    string Subject { get; }

    /// <summary>Adds what it finds to the examination, and why it cannot judge.</summary>
    void Run(Examination examination);
}

/// <summary>All checks.</summary>
internal static class FaultChecks
{
    /// <summary>
    /// In the order in which they are made: faults of the data come before those of the model, because they cause many of them, and what only shows that there
    /// is a fault comes last.
    /// </summary>
    private static IReadOnlyList<IFaultCheck> All =>
    [
        new InputScaleCheck(),
        new LabelCheck(),
        new OutputCheck(),
        new ClassBalanceCheck(),
        new SharedRowsCheck(),
        new BatchSizeCheck(),
        new UnitCheck(),
        new GradientMagnitudeCheck(),
        new LearningRateCheck(),
        new OverfitCheck(),
        new ConstantGuessCheck(),
        new LastValueCheck(),
        new LinearModelCheck(),
    ];

    public static Diagnosis Run(Examination examination)
    {
        var made = new List<string>();
        foreach (var check in All)
        {
            examination.CancellationToken.ThrowIfCancellationRequested();
            var skipped = examination.Skipped.Count;
            var found = examination.Findings.Count;
            try
            {
                check.Run(examination);
            }
            catch (ModelException refusal)
            {
                // What Fit refuses was refused before. What only a check needs, such as a plan for more samples, is no fault of the training.
                examination.Skip(check.Subject, refusal.Message);
            }

            if (examination.Skipped.Count == skipped || examination.Findings.Count > found) made.Add(check.Subject);
        }

        return new Diagnosis(examination.Findings, made, examination.Skipped);
    }
}
