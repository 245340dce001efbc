using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>What quantization may cost: a score on data of yours.</summary>
/// <param name="X">The data of the inputs; other samples than those of calibration.</param>
/// <param name="Score">Computes the score from all outputs for <paramref name="X"/>; larger is better.</param>
/// <param name="MaxDrop">How much smaller the score may be than in float32.</param>
/// <example><code>
/// var before = model.Predict(x);
/// var gate = new QuantizationGate(x, outputs => -outputs[0].ToArray().Zip(before.ToArray(), (a, b) => Math.Abs(a - b)).Average(), MaxDrop: 0.003);
/// </code></example>
public sealed record QuantizationGate(NDArrays X, Func<IReadOnlyList<NDArray>, double> Score, double MaxDrop)
{
    /// <summary>Refuses what no score can meet.</summary>
    /// <exception cref="ExportException">An allowed drop is no number of 0 or more.</exception>
    internal void Check()
    {
        if (!(MaxDrop >= 0)) throw new ExportException($"QuantizationGate.MaxDrop is {MaxDrop}; expected 0 or more.");
    }

    /// <summary>The score of outputs.</summary>
    /// <exception cref="ExportException">It is not finite.</exception>
    internal double ScoreOf(IReadOnlyList<NDArray> outputs)
    {
        // The sum makes 0 of -0.
        var score = Score(outputs);
        return double.IsFinite(score) ? score + 0.0 : throw new ExportException($"QuantizationGate.Score returns {score}; expected a finite number.");
    }

    /// <summary>Whether a score is good enough.</summary>
    internal bool Allows(double before, double after) => after >= before - MaxDrop;
}
