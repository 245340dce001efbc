using System.Globalization;
using System.Text;
using OnnxFunctional.Notebooks;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training.Metrics;

/// <summary>How often samples of each class were predicted as each class, collected over batches.</summary>
/// <param name="numClasses">The number of classes.</param>
/// <exception cref="ModelException">The number of classes is below 1.</exception>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class ConfusionMatrix(int numClasses) : IHtml
{
    private readonly double[] _counts = new double[Squared(numClasses)];

    /// <summary>The number of classes.</summary>
    public int NumClasses { get; } = numClasses;

    /// <summary>The share of samples whose class was predicted correctly.</summary>
    public double Accuracy
    {
        get
        {
            var right = 0.0;
            for (var i = 0; i < NumClasses; i++) right += this[i, i];
            return Counts.Ratio(right, _counts.Sum());
        }
    }

    /// <summary>The number of samples of a class that were predicted as another one, or the sum of their weights.</summary>
    /// <param name="truth">The true class.</param>
    /// <param name="predicted">The predicted class.</param>
    public double this[int truth, int predicted] => _counts[(truth * NumClasses) + predicted];

    /// <summary>Predicts all samples batch by batch and counts the results.</summary>
    /// <param name="model">A classifier: one unit separates class 1 from class 0, several units stand for one class each.</param>
    /// <param name="x">Data of the inputs.</param>
    /// <param name="y">Class indices or one-hot targets of the output.</param>
    /// <param name="batchSize">Samples computed at a time.</param>
    /// <param name="output">The output by name; default: the only one.</param>
    /// <param name="sampleWeight">A weight per sample.</param>
    /// <exception cref="ModelException">The data does not fit, or a class index is out of range.</exception>
    public static ConfusionMatrix Of(Model model, NDArrays x, NDArray y, int batchSize = 32, string? output = null, NDArray? sampleWeight = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var index = output is null && model.Outputs.Count == 1 ? 0 : model.OutputNames.ToList().IndexOf(output ?? "");
        if (index < 0) throw new ModelException($"Model '{model.Name}' has no output '{output}'; its outputs are {string.Join(", ", model.OutputNames)}.");
        var units = model.Outputs[index].Shape[^1] ?? throw new ModelException($"The number of classes is unknown in {model.Outputs[index].Shape}.");
        var matrix = new ConfusionMatrix(Math.Max(2, units));
        if (batchSize < 1) throw new ModelException($"batchSize is {batchSize}; expected at least 1.");
        var data = DataChecks.Inputs(model, x);
        if (data[0].Count != y.Count) throw new ModelException($"The targets have {y.Count} samples, but the inputs have {data[0].Count}.");
        for (var start = 0; start < y.Count; start += batchSize)
        {
            var count = Math.Min(batchSize, y.Count - start);
            var prediction = model.PredictAll(NDArrays.Create([.. data.Select(array => array.Slice(start, count))]), batchSize)[index];
            matrix.Add(y.Slice(start, count), prediction, sampleWeight?.Slice(start, count));
        }

        return matrix;
    }

    /// <summary>Counts a batch.</summary>
    /// <param name="yTrue">Class numbers (...), or one-hot targets (..., classes).</param>
    /// <param name="yPred">Predictions (..., classes), or (..., 1) for class 1 against class 0.</param>
    /// <param name="sampleWeight">A weight for each row.</param>
    /// <exception cref="ModelException">Shapes do not fit, or a class index is out of range.</exception>
    public void Add(NDArray yTrue, NDArray yPred, NDArray? sampleWeight = null)
    {
        ArgumentNullException.ThrowIfNull(yTrue);
        ArgumentNullException.ThrowIfNull(yPred);
        var truth = yTrue.AsFloats();
        var predicted = yPred.AsFloats();
        var units = yPred.Shape.Rank == 0 ? 1 : yPred.Shape.Dims[^1];
        if (units != 1 && units != NumClasses) throw new ModelException($"The predictions are {yPred.Shape}, but the matrix has {NumClasses} classes.");
        var rows = units == 0 ? 0 : predicted.Length / units;
        var oneHot = truth.Length == rows * NumClasses && rows != truth.Length;
        if (!oneHot && truth.Length != rows)
        {
            throw new ModelException(
                $"Targets are {yTrue.Shape} for predictions {yPred.Shape}; expected one class index, or one one-hot row, for each of {rows} rows.");
        }

        var weights = sampleWeight is null ? default : sampleWeight.AsFloats();
        if (sampleWeight is not null && weights.Length != rows) throw new ModelException($"There are {weights.Length} weights for {rows} rows.");
        for (var i = 0; i < rows; i++)
        {
            var t = oneHot ? Largest(truth.Slice(i * NumClasses, NumClasses)) : (int)truth[i];
            var p = units == 1 ? (predicted[i] > 0.5f ? 1 : 0) : Largest(predicted.Slice(i * units, units));
            if (t < 0 || t >= NumClasses) throw new ModelException($"The target of row {i} is {truth[i]}; expected a class index from 0 to {NumClasses - 1}.");
            _counts[(t * NumClasses) + p] += sampleWeight is null ? 1 : weights[i];
        }
    }

    /// <summary>Precision, recall and F1 of each class.</summary>
    /// <param name="names">Names of the classes; default: their indices.</param>
    /// <exception cref="ModelException">There is not one name per class.</exception>
    public ClassificationReport Report(IReadOnlyList<string>? names = null) => new(this, names);

    /// <summary>The matrix as text, with one row per true class.</summary>
    public override string ToString()
    {
        var width = Math.Max(4, _counts.Max(count => Number(count).Length)) + 1;
        var text = new StringBuilder();
        text.Append(' ', 6);
        for (var i = 0; i < NumClasses; i++) text.Append(i.ToString(CultureInfo.InvariantCulture).PadLeft(width));
        for (var i = 0; i < NumClasses; i++)
        {
            text.Append('\n').Append(i.ToString(CultureInfo.InvariantCulture).PadLeft(6));
            for (var j = 0; j < NumClasses; j++) text.Append(Number(this[i, j]).PadLeft(width));
        }

        return text.ToString();
    }

    void IHtml.WriteHtml(HtmlWriter html)
    {
        var classes = Enumerable.Range(0, NumClasses).ToList();
        html.Table(
            ["true class \\ predicted", .. classes.Select(Name)],
            classes.Select(truth => (string[])[Name(truth), .. classes.Select(predicted => Number(this[truth, predicted]))]),
            numbers: [.. classes.Select(index => index + 1)]);

        static string Name(int index) => index.ToString(CultureInfo.InvariantCulture);
    }

    private static string Number(double count) => count.ToString(double.IsInteger(count) ? "F0" : "F2", CultureInfo.InvariantCulture);

    private static int Largest(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best]) best = i;
        }

        return best;
    }

    private static int Squared(int classes) =>
        classes > 0 ? checked(classes * classes) : throw new ModelException($"ConfusionMatrix: numClasses is {classes}; expected at least 1.");
}
