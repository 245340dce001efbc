using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Losses of guesses that need no model, computed by the losses themselves: with their smoothing, reduction and sample weights.</summary>
internal static class Guess
{
    // Of the largest target.
    private const float Rounding = 1e-5f;

    /// <summary>The loss of the best constant, the same for all samples; null if that of an output is not known.</summary>
    /// <param name="examination">The outputs.</param>
    /// <param name="from">The samples that the constant is chosen from.</param>
    /// <param name="on">The samples it is measured on.</param>
    public static double? Constant(Examination examination, SampleSet from, SampleSet on) =>
        Sum(examination, output => Constant(examination, output, from, on));

    /// <summary>The loss of an output for its best constant.</summary>
    public static double? Constant(Examination examination, ExaminedOutput output, SampleSet from, SampleSet on)
    {
        var losses = new List<double>();
        foreach (var row in Constants(output, from.Target(output.Index)))
        {
            if (LossOf(examination, output, on, Repeated(row, output, on.Target(output.Index))) is { } loss && double.IsFinite(loss)) losses.Add(loss);
        }

        return losses.Count == 0 ? null : losses.Min();
    }

    /// <summary>The loss of predictions that are the targets; null if it is not known.</summary>
    public static double? Perfect(Examination examination, SampleSet on) => Sum(examination, output =>
        output.Kind == TargetKind.Classes ? 0 : LossOf(examination, output, on, Smoothed(output, on.Target(output.Index))));

    /// <summary>The loss of an output for predictions; null if they are of another size.</summary>
    public static double? LossOf(Examination examination, ExaminedOutput output, SampleSet on, ReadOnlySpan<float> prediction)
    {
        var target = on.Target(output.Index);
        if (ShapeOf(output, target) is not { } shape || shape.ElementCount != prediction.Length) return null;
        var weights = on.Weights(output.Index);
        var specs = new List<TensorSpec> { new(target.Shape, target.DType), new(shape, DType.Float32) };
        if (weights is not null) specs.Add(new(weights.Shape, weights.DType));
        var inputs = specs.Select((spec, i) => new InputLayer(spec.Shape.With(0, Shape.Unknown), spec.Type, $"guess_{i}").Tensor).ToList();
        var loss = output.Loss.Reduce(inputs[0], inputs[1], weights is null ? null : inputs[2]);
        using var plan = Planner.Plan(new PlanRequest(examination.Options, [.. inputs.Select(input => input.Value)], [loss.Value], []), specs);
        target.CopyTo(plan.Inputs[0]);
        prediction.CopyTo(plan.Inputs[1].Floats);
        weights?.CopyTo(plan.Inputs[2]);
        plan.Run(examination.Pool);
        return plan.Outputs[0].Floats[0];
    }

    private static double? Sum(Examination examination, Func<ExaminedOutput, double?> loss)
    {
        if (examination.Outputs.Count == 0) return null;
        var sum = 0.0;
        foreach (var output in examination.Outputs)
        {
            if (output.CannotCompare is not null || loss(output) is not { } own) return null;
            sum += output.Factor * own;
        }

        return double.IsFinite(sum) ? sum : null;
    }

    /// <summary>The shape of predictions for these targets; null if it does not follow from them.</summary>
    private static Shape? ShapeOf(ExaminedOutput output, NDArray target)
    {
        var (shape, given) = (output.Prediction.Shape, target.Shape);
        if (shape.Rank == 0 || shape.Dims[^1] == Shape.Unknown) return null;
        shape = shape.With(0, target.Count);
        for (var axis = 1; axis < shape.Rank; axis++)
        {
            if (shape.Dims[axis] != Shape.Unknown) continue;
            if (axis >= given.Rank) return null;
            shape = shape.With(axis, given.Dims[axis]);
        }

        return shape;
    }

    /// <summary>Rows that may be the best constant.</summary>
    private static IEnumerable<float[]> Constants(ExaminedOutput output, NDArray target)
    {
        var values = target.AsFloats().ToArray();
        if (output.Kind == TargetKind.Classes)
        {
            var shares = new float[output.Prediction.Shape.Dims[^1]];
            foreach (var value in values) shares[(int)value] += 1f / values.Length;
            return [Logits(output, shares)];
        }

        var size = values.Length / Math.Max(1, target.Count);
        var (mean, median) = (new float[size], new float[size]);
        var column = new float[target.Count];
        for (var j = 0; j < size; j++)
        {
            for (var i = 0; i < column.Length; i++) column[i] = values[(i * size) + j];
            Array.Sort(column);
            mean[j] = (float)column.Average(value => (double)value);
            median[j] = column[column.Length / 2];
        }

        if (output.Kind != TargetKind.Numbers) return [Logits(output, mean)];

        // Next to targets that are equal but for rounding, everything else is infinitely worse.
        var (largest, spread) = (0f, 0f);
        for (var i = 0; i < values.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(values[i]));
            spread = Math.Max(spread, Math.Abs(values[i] - mean[i % size]));
        }

        return spread <= Rounding * largest ? [] : [mean, median];
    }

    private static float[] Repeated(float[] row, ExaminedOutput output, NDArray target)
    {
        var elements = ShapeOf(output, target)?.ElementCount ?? 0;
        var result = new float[elements];
        for (var i = 0; i < result.Length; i++) result[i] = row[i % row.Length];
        return result;
    }

    private static float[] Smoothed(ExaminedOutput output, NDArray target)
    {
        var classes = output.Kind == TargetKind.Distributions ? output.Prediction.Shape.Dims[^1] : 2;
        return Logits(output, [.. target.AsFloats().ToArray().Select(value => (float)((value * (1 - output.Smoothing)) + (output.Smoothing / classes)))]);
    }

    /// <summary>Probabilities as the loss takes them.</summary>
    private static float[] Logits(ExaminedOutput output, float[] probabilities)
    {
        if (output.Loss.TakesLogits != true) return probabilities;
        var isBinary = output.Kind == TargetKind.Probabilities;
        return [.. probabilities.Select(Logit)];

        float Logit(float probability)
        {
            var p = Math.Clamp(probability, Targets.Epsilon, 1 - Targets.Epsilon);
            return isBinary ? MathF.Log(p / (1 - p)) : MathF.Log(p);
        }
    }
}
