using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization.Drawings;
using OnnxFunctional.Visualization.Inside;
using OnnxFunctional.Visualization.Tiles;

namespace OnnxFunctional.Visualization;

/// <content>The samples that a model is worst at.</content>
public static partial class Charts
{
    private const int MostCells = 8;
    private const int MostLetters = 60;

    /// <summary>
    /// The samples with the highest loss, the highest first: pictures as tiles that say what is true and what was predicted, other data as a table of its first
    /// values. The loss is the cross-entropy of classes, and the absolute error of numbers, the mean of several.
    /// </summary>
    /// <param name="x">
    /// The samples: pictures (samples, height, width), (samples, height, width, channels) or (samples, channels, height, width) of one or three channels;
    /// others are values, of which the first 8 are shown, or texts.
    /// </param>
    /// <param name="yTrue">Classes as numbers, or one-hot rows; numbers of a regression.</param>
    /// <param name="yPred">Scores (samples, classes), or the probability of class 1; numbers of a regression.</param>
    /// <param name="count">The number of samples, at most.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="columnNames">The names of the values, for a table.</param>
    /// <exception cref="ModelException">The arrays do not fit each other, or the number is below 1.</exception>
    /// <example><code>Charts.MostWrong(x, y, model.Predict(x)).Save("most-wrong.png");</code></example>
    public static Chart MostWrong(
        NDArray x,
        NDArray yTrue,
        NDArray yPred,
        int count = 16,
        IReadOnlyList<string>? classNames = null,
        IReadOnlyList<string>? columnNames = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(yTrue);
        ArgumentNullException.ThrowIfNull(yPred);
        CheckCount(count);
        if (x.Count != yTrue.Count) throw new ModelException($"x has {x.Count} samples and yTrue {yTrue.Count}; expected the same number.");
        var losses = SampleLosses.Of(yTrue, yPred, classNames);
        int[] worst = [.. Enumerable.Range(0, x.Count).OrderByDescending(i => losses.Losses[i]).Take(count)];
        var which = worst.Length == x.Count ? $"All {x.Count} samples" : $"The {worst.Length} of {x.Count} samples with the highest {losses.Kind}";
        var description = string.Create(
            CultureInfo.InvariantCulture,
            $"{which}, the highest first: {losses.Kind} from {losses.Losses[worst[0]]:G3} to {losses.Losses[worst[^1]]:G3}"
            + $"{(losses.Wrong is { } wrong ? $", {worst.Count(i => wrong[i])} of them taken for another class" : "")}. First are "
            + $"{string.Join("; ", worst.Take(3).Select(i => $"sample {i}, true {losses.Truth[i]}, predicted {losses.Predicted[i]}"))}.");
        var heading = which + ", the highest first";
        IChartBody body = x.DType != DType.String && x.Shape.Rank is 3 or 4
            ? new TileGrid(heading, [.. worst.Select(i => PictureTile(x, i, losses))], 120)
            : Table(heading, x, worst, losses, columnNames);
        return new Chart(body, description);
    }

    private static Tile PictureTile(NDArray x, int sample, SampleLosses losses) =>
        new(MapTiles.Picture(Planes.OfSample(x, sample)), $"true {losses.Truth[sample]}, predicted {losses.Predicted[sample]}");

    private static CellTable Table(string heading, NDArray x, int[] samples, SampleLosses losses, IReadOnlyList<string>? columnNames)
    {
        var width = x.Shape.Rank == 1 ? 1 : (int)x.Shape.Slice(1, x.Shape.Rank - 1).KnownElements;
        if (columnNames is not null && columnNames.Count != width)
            throw new ModelException($"columnNames has {columnNames.Count} names, and the samples have {width} values.");
        var cells = Math.Min(width, MostCells);
        var names = Enumerable.Range(0, cells).Select(j => columnNames?[j] ?? (width == 1 ? "x" : "x" + j.ToString(CultureInfo.InvariantCulture)));
        List<IReadOnlyList<string>> rows = [];
        foreach (var sample in samples)
        {
            var part = x.Take([sample]);
            IEnumerable<string> values = x.DType == DType.String
                ? [.. part.AsTexts()[..cells].ToArray().Select(Short)]
                : part.ToArray().Take(cells).Select(value => value.ToString("G4", CultureInfo.InvariantCulture));
            rows.Add([
                sample.ToString(CultureInfo.InvariantCulture),
                Short(losses.Truth[sample]),
                Short(losses.Predicted[sample]),
                losses.Losses[sample].ToString("G3", CultureInfo.InvariantCulture),
                .. values,
            ]);
        }

        return new CellTable(heading, ["sample", "true", "predicted", losses.Kind, .. names.Select(Short)], rows, 4, width > cells);
    }

    private static string Short(string text)
    {
        var line = PageText.Clean(text);
        return line.Length <= MostLetters ? line : line[..(MostLetters - 3)] + "...";
    }
}
