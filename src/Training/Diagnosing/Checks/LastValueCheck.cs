using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>A forecast of a sequence that is worse than its last value.</summary>
internal sealed class LastValueCheck : IFaultCheck
{
    // A forecast of a random walk is as good as its last value; it should not be worse by more than this.
    private const double LargestRatio = 1.1;

    // Of the loss of a constant guess: what is left beyond it are decimals.
    private const double LeastDifference = 0.05;

    public string Subject => "comparison with the last value";

    public void Run(Examination examination)
    {
        // For other models the last value says nothing, and that is no check which was left out.
        var model = examination.Model;
        if (model.Inputs.Count != 1 || model.Inputs[0].DType != DType.Float32 || model.Inputs[0].Shape.Rank != 3) return;
        if (examination.Outputs is not [{ Kind: TargetKind.Numbers } output] || TrainedModel.CannotCompare(examination) is not null) return;
        if (output.CannotCompare is not null || examination.Has(FindingKind.WorseThanBaseline, output.Name)) return;
        var judged = TrainedModel.Judged(examination);
        var target = judged.Target(output.Index);
        var features = judged.Inputs[0].Shape.Dims[2];
        var size = target.Shape.ElementCount / Math.Max(1, target.Count);
        if (judged.Inputs[0].Shape.Dims[1] < 1 || (size != 1 && size != features)) return;

        // Of several features, the one that tells most is compared.
        var best = (Loss: double.PositiveInfinity, Feature: 0);
        for (var feature = 0; feature < (size == 1 ? features : 1); feature++)
        {
            if (Guess.LossOf(examination, output, judged, Last(judged.Inputs[0], feature, (int)size)) is { } loss && loss < best.Loss) best = (loss, feature);
        }

        var predictions = TrainedModel.Predictions(examination, output);
        if (Guess.LossOf(examination, output, judged, predictions) is not { } own || !double.IsFinite(best.Loss)) return;
        if (Guess.Constant(examination, output, examination.Sample, judged) is not { } constant) return;
        if (own <= Math.Max(LargestRatio * best.Loss, best.Loss + (LeastDifference * constant))) return;
        examination.Add(
            FindingKind.WorseThanBaseline,
            output.Name,
            $"Output '{output.Name}' has a loss of {Number(own)} on {judged.Count:N0} samples, and the last value of the sequence"
            + (size == 1 && features > 1 ? $", feature {best.Feature}," : "") + $" has {Number(best.Loss)}. "
            + "Let the model predict the difference from the last value.");
    }

    private static float[] Last(NDArray sequences, int feature, int size)
    {
        var (steps, features) = (sequences.Shape.Dims[1], sequences.Shape.Dims[2]);
        var values = sequences.AsFloats();
        var last = new float[sequences.Count * size];
        for (var i = 0; i < sequences.Count; i++)
        {
            for (var j = 0; j < size; j++) last[(i * size) + j] = values[(((i * steps) + steps - 1) * features) + (size == 1 ? feature : j)];
        }

        return last;
    }
}
