namespace OnnxFunctional.Training.Losses;

/// <summary>Checks targets against predictions and brings them to the shape losses compute on.</summary>
internal static class Targets
{
    /// <summary>The bound to which Keras clips probabilities.</summary>
    public const float Epsilon = 1e-7f;

    /// <summary>Targets as float32 in the prediction's shape; a missing or extra last axis of size 1 is adapted, any other difference refused.</summary>
    public static SymbolicTensor Like(SymbolicTensor yTrue, SymbolicTensor yPred, string loss)
    {
        yTrue = Ops.Cast(yTrue, DType.Float32);
        var given = yTrue.Shape;
        if (yTrue.Rank == yPred.Rank - 1 && yPred.Shape[^1] == 1) yTrue = Ops.ExpandDims(yTrue, yTrue.Rank);
        if (yTrue.Rank == yPred.Rank + 1 && yTrue.Shape[^1] == 1) yTrue = Ops.Squeeze(yTrue, -1);
        if (!yTrue.Shape.IsCompatibleWith(yPred.Shape))
        {
            throw new ModelException(
                $"{loss} compares targets and predictions of one shape, but targets are {given} and predictions {yPred.Shape}. "
                + (given.Rank < yPred.Rank && !given.IsCompatibleWith(yPred.Shape.Slice(0, yPred.Rank - 1)) && PerPosition(yPred, given) is { } remedy ? remedy
                    : yTrue.Rank == yPred.Rank - 1 || (yTrue.Rank == yPred.Rank && yTrue.Shape[^1] == 1)
                    ? "Targets look like class indices: use Loss.SparseCategoricalCrossentropy, or one-hot targets."
                    : "Reshape the targets, or give the last layer as many units."));
        }

        return yTrue;
    }

    /// <summary>Class indices (batch, ...) for predictions (batch, ..., classes).</summary>
    public static SymbolicTensor Classes(SymbolicTensor yTrue, SymbolicTensor yPred, string loss)
    {
        if (yTrue.Rank == yPred.Rank && yTrue.Shape[^1] == 1) yTrue = Ops.Squeeze(yTrue, -1);
        if (yTrue.Rank != yPred.Rank - 1 || !yTrue.Shape.IsCompatibleWith(yPred.Shape.Slice(0, yPred.Rank - 1)))
        {
            throw new ModelException(
                $"{loss} takes class indices of shape {yPred.Shape.Slice(0, yPred.Rank - 1)} for predictions {yPred.Shape}, but targets are {yTrue.Shape}. "
                + (PerPosition(yPred, yTrue.Shape) ?? (yTrue.Rank == yPred.Rank
                    ? "Targets look one-hot: use Loss.CategoricalCrossentropy."
                    : "Pass one class index per sample or position.")));
        }

        return yTrue.DType.IsInteger() ? yTrue : Ops.Cast(yTrue, DType.Int64);
    }

    /// <summary>The remedy if there is a prediction at each position of an image or a sequence, and targets are for samples; else null.</summary>
    private static string? PerPosition(SymbolicTensor yPred, Shape yTrue)
    {
        var positions = yPred.Rank - 2;
        var forSamples = yTrue.Rank == 1 || (yTrue.Rank == 2 && (yTrue[^1] == 1 || yTrue[^1] == yPred.Shape[^1]));
        if (positions < 1 || !forSamples) return null;
        var layer = yPred.Value.Producer.Scope is { } scope ? $"layer '{scope.Outermost.Layer.Name}'" : "the output";
        return "Targets are for samples, but there is a prediction at each position: put Flatten"
            + (positions <= 3 ? $" or GlobalAveragePooling{positions}D" : "") + $" before it, before {layer}"
            + (positions == 1 ? ", or let the last recurrent layer return its last step only." : ".");
    }

    /// <summary>The tensor with the given axis moved to the end; the others keep their order.</summary>
    public static SymbolicTensor AxisLast(SymbolicTensor x, int axis)
    {
        var from = axis < 0 ? axis + x.Rank : axis;
        if (from < 0 || from >= x.Rank) throw new ModelException($"Axis {axis} does not exist in predictions {x.Shape}; expected -{x.Rank} to {x.Rank - 1}.");
        return from == x.Rank - 1 ? x : Ops.Transpose(x, [.. Enumerable.Range(0, x.Rank).Where(i => i != from), from]);
    }

    /// <summary>The input of the softmax along the last axis that computed the predictions, if one did.</summary>
    public static SymbolicTensor? LogitsOfSoftmax(SymbolicTensor yPred) =>
        Made(yPred).Producer is { Op: Operators.Softmax softmax } node && (softmax.Axis == -1 || softmax.Axis == yPred.Rank - 1)
            ? new SymbolicTensor(node.Inputs[0])
            : null;

    /// <summary>The input of the sigmoid that computed the predictions, if one did.</summary>
    public static SymbolicTensor? LogitsOfSigmoid(SymbolicTensor yPred) =>
        Made(yPred).Producer is { Op: Operators.Sigmoid } node ? new SymbolicTensor(node.Inputs[0]) : null;

    private static Value Made(SymbolicTensor tensor)
    {
        var value = tensor.Value;
        while (value.Producer.Op is Operators.Identity) value = value.Producer.Inputs[0];
        return value;
    }
}
