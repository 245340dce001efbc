using OnnxFunctional.Operators;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training;

/// <summary>What compiles and trains, and yet is hardly meant: warned of once, when a model is compiled.</summary>
internal static class CompileWarnings
{
    public static void Give(CompiledTraining compiled)
    {
        var model = compiled.Model;
        foreach (var node in model.Graph.Nodes) ConstantSoftmax(node);

        // A model without any loss minimizes what its layers add.
        var none = compiled.Losses.All(loss => loss is null);
        for (var i = 0; i < model.Outputs.Count; i++)
        {
            var (output, name) = (model.Outputs[i], model.OutputNames[i]);
            if (compiled.Losses[i] is { } loss) ScaleOf(output, name, loss);
            else if (!none && !compiled.Metrics.For(name).Concat(compiled.WeightedMetrics.For(name)).Any()) WithoutLoss(output, name);
        }
    }

    /// <summary>A softmax over one value is 1 whatever the value, and its gradient is 0.</summary>
    private static void ConstantSoftmax(Node node)
    {
        if (node.Op is not Softmax softmax || node.Inputs[0].Spec.Shape is not { Rank: > 0 } shape || shape.Dim(softmax.Axis) != 1) return;
        Warnings.Once(node, WarningKind.ConstantSoftmax, () =>
            $"{Origin(node)} takes a softmax over one value, axis {softmax.Axis} of {shape}, which is always 1, so nothing before it learns. "
            + "For two classes use one unit with Activation.Sigmoid and Loss.BinaryCrossentropy, otherwise as many units as there are classes.");
    }

    private static void ScaleOf(SymbolicTensor output, string name, Loss loss)
    {
        if (loss.TakesLogits is not { } takesLogits) return;
        if (takesLogits && (Targets.LogitsOfSoftmax(output) is not null || Targets.LogitsOfSigmoid(output) is not null))
        {
            Warnings.Once(output.Value, WarningKind.LossOnProbabilities, () =>
                $"Output '{name}': {loss.Name} has fromLogits: true, but {output.Value.Origin} ends in an activation that makes probabilities, so they are "
                + "squashed twice. Leave out the activation, or fromLogits.");
        }
        else if (!takesLogits && IsLinear(output.Value))
        {
            Warnings.Once(output.Value, WarningKind.LossOnLogits, () =>
                $"Output '{name}': {loss.Name} takes probabilities, but {output.Value.Origin} is linear, so its values may be anything. "
                + "Give the loss fromLogits: true, or the layer an activation: Activation.Sigmoid, or Activation.Softmax for several classes.");
        }
    }

    private static void WithoutLoss(SymbolicTensor output, string name) => Warnings.Once(output.Value, WarningKind.OutputWithoutLoss, () =>
        $"Output '{name}' has neither a loss nor a metric, so nothing is learned from its targets. Name it in the losses, or leave it out of the model "
        + "that is trained: models over the same layers share their weights.");

    /// <summary>Whether the value is a weighted sum, with or without a bias, that no function bounds.</summary>
    public static bool IsLinear(Value value)
    {
        value = Unmoved(value);
        var node = value.Producer;
        return node.Op is MatMul or Gemm or Conv or ConvTranspose
            || (node.Op is Add && ((IsLinear(node.Inputs[0]) && IsWeight(node.Inputs[1])) || (IsLinear(node.Inputs[1]) && IsWeight(node.Inputs[0]))));
    }

    private static bool IsWeight(Value value) => Unmoved(value).Producer.Op is Variable;

    /// <summary>The value before everything that only moves its elements.</summary>
    private static Value Unmoved(Value value)
    {
        while (value.Producer is { Op: Identity or MoveOp, Inputs: [var first] }) value = first;
        return value;
    }

    private static string Origin(Node node) => node.Scope is { } scope ? $"Layer '{scope.Path}'" : "The model";
}
