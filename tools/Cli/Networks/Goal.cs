using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Cli.Networks;

/// <summary>What the output of a model is.</summary>
internal enum OutputScale
{
    /// <summary>Any number.</summary>
    Linear,

    /// <summary>Probabilities, or what else a layer makes.</summary>
    Bounded,

    /// <summary>A probability for each value, by a sigmoid.</summary>
    Sigmoid,
}

/// <summary>What an output is trained or judged by.</summary>
/// <param name="Loss">The loss.</param>
/// <param name="Metrics">What is reported beside it.</param>
/// <param name="Threshold">Above which value a single output means the second class; null if there is none.</param>
internal sealed record Goal(Loss Loss, Metric[] Metrics, double? Threshold)
{
    // Of the sum of probabilities, also where a float16 network made them.
    private const float Rounding = 1e-2f;

    // Enough that values of a linear layer leave the range of probabilities.
    private const int TrialSamples = 64;

    /// <summary>Loss and metrics that suit the targets, unless others are given.</summary>
    /// <exception cref="ModelException">The output cannot learn the targets.</exception>
    public static Goal For(TensorInfo output, OutputScale scale, Target target, Loss? loss, IReadOnlyList<Metric> metrics)
    {
        var isSingle = output.Sample.Count == 0 || output.Sample[^1] == 1;
        var isBinary = isSingle && (target.Task == TaskKind.Classification
            || (scale == OutputScale.Sigmoid && Array.TrueForAll(target.Values.ToArray(), value => value is 0 or 1)));
        if (isSingle && target.Classes is { Count: > 2 } classes)
        {
            throw new ModelException(
                $"The target '{target.Name}' has {classes.Count} classes, but output '{output.Name}' has a single unit. Give the last layer a unit per class.");
        }

        if (target.Classes is { } names && !isSingle && output.Sample[^1] is { } units && units < names.Count)
        {
            throw new ModelException(
                $"The target '{target.Name}' has {names.Count} classes, but output '{output.Name}' has {units} units. Give the last layer a unit per class.");
        }

        var logits = scale == OutputScale.Linear;
        var (ownLoss, ownMetric) = (isBinary, target.Task) switch
        {
            (true, _) => (new BinaryCrossentropy(fromLogits: logits), new BinaryAccuracy(logits ? 0 : 0.5, "accuracy")),
            (_, TaskKind.Classification) => (new SparseCategoricalCrossentropy(fromLogits: logits), Metric.Accuracy),
            (_, TaskKind.OneHotClassification) => (new CategoricalCrossentropy(fromLogits: logits), Metric.Accuracy),
            _ => ((Loss)Loss.MeanSquaredError, Metric.MeanAbsoluteError),
        };
        return new(loss ?? ownLoss, metrics.Count > 0 ? [.. metrics] : [ownMetric], isBinary && target.Classes is not null ? (logits ? 0 : 0.5) : null);
    }

    /// <summary>What each output is: by its layer, or where that does not tell, as a node of an ONNX file, by what it predicts.</summary>
    public static IReadOnlyList<OutputScale> ScalesOf(Model model, NDArrays x)
    {
        var known = model.OutputNames.Select(name => ScaleOf(model, name)).ToArray();
        if (Array.TrueForAll(known, scale => scale is not null)) return [.. known.Select(scale => scale!.Value)];
        var batch = model.Inputs[0].Shape[0] ?? TrialSamples;
        var some = new NDArrays();
        foreach (var name in model.InputNames) some[name] = x[name][..Math.Min(x[name].Count, Math.Max(batch, TrialSamples / batch * batch))];
        var predictions = model.PredictAll(some, batch);
        return [.. known.Zip(predictions, (scale, values) => scale ?? ScaleOf(values))];
    }

    /// <summary>What the layer of an output makes; null if its kind does not tell.</summary>
    private static OutputScale? ScaleOf(Model model, string output)
    {
        var layer = model.Layers.FirstOrDefault(layer => layer.Name == output) ?? model.Layers[^1];
        return layer switch
        {
            Model inner => ScaleOf(inner, inner.OutputNames[0]),
            Dense dense => Of(dense.Activation),
            ActivationLayer activation => Of(activation.Activation),
            _ => null,
        };

        static OutputScale Of(Activation activation) => activation.Name switch
        {
            "linear" => OutputScale.Linear,
            "sigmoid" => OutputScale.Sigmoid,
            _ => OutputScale.Bounded,
        };
    }

    /// <summary>What predictions are, by their values: probabilities lie between 0 and 1, and those of several classes have the sum 1.</summary>
    public static OutputScale ScaleOf(NDArray predictions)
    {
        var values = predictions.ToArray();
        if (!Array.TrueForAll(values, value => value is >= 0 and <= 1)) return OutputScale.Linear;
        var units = predictions.Shape.Count > 1 ? predictions.Shape[^1] ?? 1 : 1;
        if (units == 1) return OutputScale.Sigmoid;
        return values.Chunk(units).All(row => Math.Abs(row.Sum() - 1) < Rounding) ? OutputScale.Bounded : OutputScale.Linear;
    }

    /// <summary>Losses by the names of outputs.</summary>
    public static LossList Losses(IReadOnlyList<TensorInfo> outputs, IReadOnlyList<Goal> goals) =>
        outputs.Zip(goals).ToDictionary(pair => pair.First.Name, pair => pair.Second.Loss);

    /// <summary>Metrics by the names of outputs.</summary>
    public static MetricList MetricsOf(IReadOnlyList<TensorInfo> outputs, IReadOnlyList<Goal> goals) =>
        outputs.Zip(goals).ToDictionary(pair => pair.First.Name, pair => pair.Second.Metrics);
}
