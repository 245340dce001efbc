using System.Globalization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>What the predictions of an output are.</summary>
internal enum OutputKind
{
    /// <summary>One of several classes.</summary>
    Classes,

    /// <summary>Numbers.</summary>
    Numbers,

    /// <summary>Anything else, such as several labels per sample or a value per position.</summary>
    Other,
}

/// <summary>An output with its targets and predictions.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it predicts.</param>
/// <param name="Truth">The targets, one row per sample.</param>
/// <param name="Predictions">The predictions, one row per sample.</param>
/// <param name="Loss">What the model is trained by; null if there is no trainer, or none of it is for the output.</param>
/// <param name="ClassNames">The names of the classes; empty for numbers.</param>
internal sealed record JudgedOutput(
    string Name, OutputKind Kind, NDArray Truth, NDArray Predictions, Loss? Loss, IReadOnlyList<string> ClassNames)
{
    /// <summary>The values per sample.</summary>
    public int Width => WidthOf(Predictions);

    /// <summary>Above which value a single output means class 1.</summary>
    private float Threshold => Loss?.TakesLogits == true ? 0 : 0.5f;

    /// <summary>The outputs with targets, after a prediction of all samples.</summary>
    /// <exception cref="ModelException">Data and model do not fit, or names and classes.</exception>
    public static IReadOnlyList<JudgedOutput> Of(ReportSource source)
    {
        if (source.X is not { } x || source.Y is not { } y) return [];
        var names = source.Model.OutputNames;
        List<string> given = y.Names is { } known ? [.. names.Where(known.Contains)]
            : source.Trainer is { } trainer && y.Count < names.Count ? [.. names.Where((_, i) => trainer.Compiled.ReadsTarget(i))]
            : [.. names];
        var targets = y.InOrder(given, "output");
        var predictions = source.Model.PredictAll(x, source.BatchSize);
        var outputs = new List<JudgedOutput>();
        for (var i = 0; i < names.Count; i++)
        {
            if (given.IndexOf(names[i]) is not (>= 0 and var at)) continue;
            if (targets[at].Count != predictions[i].Count)
            {
                throw new ModelException(
                    $"The target of output '{names[i]}' has {targets[at].Count} samples, but the inputs have {predictions[i].Count}. "
                    + "Pass one target per sample.");
            }

            outputs.Add(Of(names[i], targets[at], predictions[i], source.Trainer?.Compiled.Losses[i], source.ClassNames));
        }

        if (source.ClassNames is { } classes && !outputs.Exists(output => output.Kind == OutputKind.Classes && output.ClassNames.Count == classes.Count))
        {
            var found = outputs.Where(output => output.Kind == OutputKind.Classes).Select(output => $"'{output.Name}' has {output.ClassNames.Count} classes");
            throw new ModelException(
                $"classNames has {classes.Count} names, and " + string.Join(", ", found.DefaultIfEmpty("no output predicts classes"))
                + ". Pass one name per class.");
        }

        return outputs;
    }

    /// <summary>The true class of each sample.</summary>
    public int[] TrueClasses() => Classes(Truth, Truth.AsFloats());

    /// <summary>The predicted class of each sample.</summary>
    public int[] PredictedClasses() => Width == 1
        ? Array.ConvertAll(Predictions.ToArray(), value => value > Threshold ? 1 : 0)
        : Classes(Predictions, Predictions.AsFloats());

    /// <summary>What the model gives for a class of a sample: of a single output, its value.</summary>
    public float Score(int sample, int index) => Predictions.AsFloats()[Width == 1 ? sample : sample * Width + index];

    /// <summary>The target or prediction of a sample, for people.</summary>
    public static string Text(NDArray values, int sample)
    {
        var width = WidthOf(values);
        if (values.DType == DType.String) return values.TextAt(sample * width);
        var row = values.AsFloats().Slice(sample * width, width).ToArray();
        var text = string.Join(", ", row.Take(8).Select(value => Html.Number(value)));
        return row.Length > 8 ? text + ", ..." : text;
    }

    private static JudgedOutput Of(string name, NDArray truth, NDArray predictions, Loss? loss, IReadOnlyList<string>? classNames)
    {
        var kind = KindOf(truth, predictions, loss);
        var count = Math.Max(2, WidthOf(predictions));
        IReadOnlyList<string> names = kind != OutputKind.Classes ? []
            : classNames?.Count == count ? classNames
            : [.. Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        return new JudgedOutput(name, kind, truth, predictions, loss, names);
    }

    private static OutputKind KindOf(NDArray truth, NDArray predictions, Loss? loss)
    {
        if (predictions.Shape.Rank is 0 or > 2 || truth.DType == DType.String || predictions.DType == DType.String) return OutputKind.Other;
        var (units, width) = (WidthOf(predictions), WidthOf(truth));
        var isIndex = width == 1 && All(truth, value => value >= 0 && value < Math.Max(2, units) && float.IsInteger(value));
        if (units == 1)
        {
            var isClass = loss is null ? All(predictions, value => value is >= 0 and <= 1) : loss.TakesLogits is not null;
            return width != 1 ? OutputKind.Other : isIndex && isClass ? OutputKind.Classes : OutputKind.Numbers;
        }

        if (isIndex || (width == units && IsOneHot(truth, units))) return OutputKind.Classes;
        return width == units && loss?.TakesLogits is null ? OutputKind.Numbers : OutputKind.Other;
    }

    private static int WidthOf(NDArray array) => array.Shape.Rank < 2 ? 1 : (int)(array.Shape.ElementCount / Math.Max(1, array.Count));

    private static bool All(NDArray array, Predicate<float> isRight) => Array.TrueForAll(array.ToArray(), isRight);

    private static bool IsOneHot(NDArray array, int width) =>
        array.ToArray().Chunk(width).All(row => row.Count(value => value == 1) == 1 && row.Count(value => value == 0) == width - 1);

    private static int[] Classes(NDArray array, ReadOnlySpan<float> values)
    {
        var width = WidthOf(array);
        var classes = new int[array.Count];
        for (var i = 0; i < classes.Length; i++)
        {
            if (width == 1)
            {
                classes[i] = (int)values[i];
                continue;
            }

            var row = values.Slice(i * width, width);
            for (var k = 1; k < width; k++)
            {
                if (row[k] > row[classes[i]]) classes[i] = k;
            }
        }

        return classes;
    }
}
