using System.Numerics.Tensors;
using OnnxFunctional.Operators;
using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Inputs that go into a product with weights as they are, and are far from the range -1 to 1 or 0 to 1.</summary>
internal sealed class InputScaleCheck : IFaultCheck
{
    // Initial weights are made for inputs of variance 1. Pixels from 0 to 16 still train well; from 0 to 255 they do not.
    private const double LargestScale = 20;

    // Features of so different sizes have so different gradients that no learning rate fits both.
    private const double LargestRatio = 1000;

    // Below it, a layer's bias outweighs its inputs for hundreds of steps.
    private const double SmallestScale = 1e-3;

    private const int MostSamples = 4096;

    public string Subject => "scale of inputs";

    public void Run(Examination examination)
    {
        var model = examination.Model;
        var samples = examination.CanCut ? examination.Training.Spread(MostSamples) : examination.Training;
        for (var i = 0; i < model.Inputs.Count; i++)
        {
            if (model.Inputs[i].DType is DType.String or DType.Bool || !IsMultiplied(model, model.Inputs[i].Value)) continue;
            var array = samples.Inputs[i];
            var values = array.AsFloats();
            var rms = Math.Sqrt(MeanSquare(values, 0, 1));
            var name = model.InputNames[i];
            if (rms > LargestScale)
            {
                var (low, high) = (TensorPrimitives.Min(values), TensorPrimitives.Max(values));
                examination.Add(
                    FindingKind.UnscaledInputs,
                    name,
                    $"Input '{name}' goes from {Number(low)} to {Number(high)} (root of the mean square {Number(rms)}), and "
                    + "initial weights are made for values around 1. "
                    + (low >= 0 && high is > 1 and <= 255 && IsWhole(values)
                        ? "Begin the model with Rescaling(1 / 255.0)." : "Begin the model with an adapted Normalization layer, or divide the data."));
            }
            else if (rms is > 0 and < SmallestScale)
            {
                examination.Add(
                    FindingKind.UnscaledInputs,
                    name,
                    $"The values of input '{name}' are tiny (root of the mean square {Number(rms)}), and initial weights are made for values around 1. "
                    + "Begin the model with an adapted Normalization layer, or multiply the data.");
            }
            else if (array.Shape.Rank == 2)
            {
                Features(examination, name, array, values);
            }
        }
    }

    private static void Features(Examination examination, string name, NDArray array, ReadOnlySpan<float> values)
    {
        var size = array.Shape.Dims[1];
        var scales = new double[size];
        for (var j = 0; j < size; j++) scales[j] = Math.Sqrt(MeanSquare(values, j, size));
        var largest = Array.IndexOf(scales, scales.Max());

        // A rare flag among others is small on average, but its size where it is set is not.
        var smallest = Enumerable.Range(0, size).Where(j => scales[j] > 0 && !IsSparse(array, j)).OrderBy(j => scales[j]).FirstOrDefault(largest);
        if (scales[largest] <= 1 || scales[largest] < LargestRatio * scales[smallest]) return;
        examination.Add(
            FindingKind.UnscaledInputs,
            name,
            $"Feature {largest} of input '{name}' is {Number(scales[largest] / scales[smallest])} times as large as feature {smallest} "
            + $"({Number(scales[largest])} and {Number(scales[smallest])} by the root of their mean squares), so no learning rate fits both. "
            + "Begin the model with an adapted Normalization layer.");
    }

    private static bool IsSparse(NDArray array, int feature)
    {
        var (size, set) = (array.Shape.Dims[1], 0);
        var values = array.AsFloats();
        for (var i = feature; i < values.Length; i += size) set += values[i] == 0 ? 0 : 1;
        return set < array.Count / 2;
    }

    private static double MeanSquare(ReadOnlySpan<float> values, int from, int step)
    {
        var (sum, count) = (0.0, 0);
        for (var i = from; i < values.Length; i += step, count++) sum += (double)values[i] * values[i];
        return count == 0 ? 0 : sum / count;
    }

    private static bool IsWhole(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (!float.IsInteger(value)) return false;
        }

        return true;
    }

    /// <summary>Whether a product with weights reads the input, or what only moves or converts its elements.</summary>
    private static bool IsMultiplied(Model model, Value input)
    {
        var same = new HashSet<Value> { input };
        foreach (var node in model.Graph.Nodes)
        {
            if (!node.Inputs.Any(same.Contains)) continue;
            if (node.Op is MatMul or Gemm or Conv or RecurrentOp) return true;
            if (node.Op is MoveOp or Identity or Cast or Phase) same.UnionWith(node.Outputs);
        }

        return false;
    }
}
