using OnnxFunctional.Pruning;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>A model whose removed channels are still computed, but read by no kernel: what the smaller one has to equal.</summary>
internal static class Masked
{
    private const double Fraction = 0.5;

    // Of the largest value: sums of fewer terms round differently.
    private const float Tolerance = 1e-4f;

    /// <summary>Prunes a model, masks it, and asserts that both predict the same.</summary>
    /// <returns>The smaller model.</returns>
    public static PrunedModel Equals(Model model, Random random)
    {
        var flow = new ChannelFlow(model);
        var gone = ChannelChoice.Choose(ChannelMaker.AllOf(model, flow), flow.Classes, Fraction, new());
        Assert.IsNotEmpty(gone);
        var pruned = model.Prune(Fraction);
        var read = 0;
        foreach (var weight in model.Weights.Where(weight => weight.Shape.Rank >= 2))
        {
            var channels = flow.OfWeight(weight);
            var inner = weight.Length;
            for (var axis = 0; axis < channels.Length; axis++)
            {
                var size = weight.Shape.Dims[axis];
                inner /= size;
                if (channels[axis] is not { } classes || axis == flow.MadeBy(weight)) continue;
                for (var i = 0; i < weight.Length; i++)
                {
                    if (!gone.Contains(flow.Classes.Find(classes[i / inner % size]))) continue;
                    weight.Storage[i] = 0;
                    read++;
                }
            }
        }

        Assert.IsGreaterThan(0, read);
        NDArrays data = NDArrays.Create([.. model.Inputs.Select(input => InputValues.Draw(input, random))]);
        foreach (var (expected, found) in model.PredictAll(data, 2).Zip(pruned.Model.PredictAll(data, 2)))
        {
            Assert.AreEqual(expected.Shape, found.Shape);
            var (left, right) = (expected.ToArray(), found.ToArray());
            var largest = left.Max(MathF.Abs);
            for (var i = 0; i < left.Length; i++) Assert.AreEqual(left[i], right[i], Tolerance * MathF.Max(1, largest), pruned.ToString());
        }

        return pruned;
    }
}
