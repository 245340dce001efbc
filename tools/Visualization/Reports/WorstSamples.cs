using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>The samples with the highest loss.</summary>
internal static class WorstSamples
{
    private const int BatchSize = 256;

    /// <summary>What the loss is, sample numbers and losses, highest first; numbers that are not finite come before all others.</summary>
    /// <param name="output">The output; without a loss, its samples have that of <see cref="SampleLosses"/>.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="ModelException">The loss does not take the targets, or has no value per sample.</exception>
    public static (string Kind, IReadOnlyList<(int Sample, float Loss)> Samples) Of(JudgedOutput output, int count)
    {
        var (kind, losses) = LossesOf(output);
        return (
            kind,
            [
                .. losses.Select((loss, sample) => (Sample: sample, Loss: loss))
                    .OrderByDescending(entry => float.IsFinite(entry.Loss) ? entry.Loss : float.PositiveInfinity)
                    .ThenBy(entry => entry.Sample)
                    .Take(count),
            ]);
    }

    /// <summary>The loss of each sample, before weighting.</summary>
    private static (string Kind, float[] Losses) LossesOf(JudgedOutput output)
    {
        if (output.Loss is { } loss) return (loss.Name, LossesOf(output, loss));
        if (output.Kind == OutputKind.Other) throw new ModelException($"Output '{output.Name}' has no loss.");
        var losses = SampleLosses.Of(output.Truth, output.Predictions, null);
        return (losses.Kind, Array.ConvertAll(losses.Losses, value => (float)value));
    }

    private static float[] LossesOf(JudgedOutput output, Loss loss)
    {
        var truth = Model.Input(Sample(output.Truth), output.Truth.DType, name: "targets");
        var predicted = Model.Input(Sample(output.Predictions), output.Predictions.DType, name: "predictions");
        var losses = loss.PerSample(truth, predicted);
        if (losses.Shape.Rank == 0)
            throw new ModelException($"The loss {loss.Name} of output '{output.Name}' is one number for a whole batch, so no sample has a loss of its own.");
        if (losses.Shape.Rank > 1) losses = Ops.Mean(losses, axis: Axes.Create([.. Enumerable.Range(1, losses.Shape.Rank - 1)]));
        return new Model([truth, predicted], losses).Predict(NDArrays.Create([output.Truth, output.Predictions]), BatchSize).ToArray();
    }

    private static Shape Sample(NDArray array) => Shape.Of([.. array.Shape.Dims[1..]]);
}
