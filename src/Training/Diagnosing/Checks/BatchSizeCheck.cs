using OnnxFunctional.Layers;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Batches whose mean and variance in BatchNormalization are those of a handful of values.</summary>
internal sealed class BatchSizeCheck : IFaultCheck
{
    // The variance of so many values is off by half of itself; Keras' default batch has 32.
    private const long LeastValues = 8;

    public string Subject => "batch size for BatchNormalization";

    public void Run(Examination examination)
    {
        var compiled = examination.Trainer.Compiled;
        foreach (var call in examination.Model.Graph.Calls())
        {
            if (call.Layer is not BatchNormalization normalization || !compiled.Trains(call)) continue;
            var shape = call.Inputs[0].Shape;
            var axis = normalization.Axis < 0 ? normalization.Axis + shape.Rank : normalization.Axis;
            var positions = 1L;
            for (var i = 1; i < shape.Rank; i++)
            {
                // A length that is not known is some length.
                if (i != axis) positions *= shape[i] ?? LeastValues;
            }

            if (positions * examination.BatchSize >= LeastValues) continue;
            examination.Add(
                FindingKind.BatchTooSmall,
                call.Path,
                $"Layer '{call.Path}' (BatchNormalization) takes mean and variance of {positions * examination.BatchSize} values per feature, because a batch "
                + $"has {examination.BatchSize} sample(s). Use a batchSize of 16 or more, or LayerNormalization.");
            return;
        }
    }
}
