namespace OnnxFunctional.Training.Diagnosing;

/// <summary>What a trained model is worth, for comparisons with guesses.</summary>
internal static class TrainedModel
{
    // Before, a model is as good as its first guess, and nobody claims more.
    private const long LeastSteps = 100;

    // Standard errors of a share by which a model must be worse.
    private const double Errors = 3;

    /// <summary>Why the model is not compared with guesses; null if it is.</summary>
    public static string? CannotCompare(Examination examination) =>
        examination.CannotTry
        ?? (examination.Outputs.Count == 0 ? "no output has a loss."
            : examination.Trainer.Iterations < LeastSteps ? $"the trainer made {examination.Trainer.Iterations} steps; call Diagnose after Fit, too."
            : examination.Training.IsWeighted ? "training has sample weights, so another aim than that of a guess."
            : null);

    /// <summary>The samples on which it is judged: those of validation, if there are any.</summary>
    public static SampleSet Judged(Examination examination) =>
        examination.Validation is { } validation ? validation.Spread(examination.Sample.Count) : examination.Sample;

    public static float[] Predictions(Examination examination, ExaminedOutput output) =>
        examination.Infer([output.Prediction.Value], Judged(examination))[0].Elements;

    /// <summary>The share of samples whose class is predicted.</summary>
    public static double Accuracy(ExaminedOutput output, int[] classes, ReadOnlySpan<float> predictions)
    {
        var (size, right) = (predictions.Length / classes.Length, 0);
        var threshold = output.Loss.TakesLogits == true ? 0 : 0.5f;
        for (var i = 0; i < classes.Length; i++)
        {
            var row = predictions.Slice(i * size, size);
            var predicted = size > 1 ? System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row) : row[0] > threshold ? 1 : 0;
            right += predicted == classes[i] ? 1 : 0;
        }

        return right / (double)classes.Length;
    }

    /// <summary>Whether a share is below another by more than chance and a margin explain.</summary>
    public static bool IsBelow(double share, double other, int samples, double margin) =>
        share < other - margin - (Errors * Math.Sqrt(Math.Max(other * (1 - other), 0.25 / samples) / samples));
}
