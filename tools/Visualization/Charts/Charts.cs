using System.Globalization;
using OnnxFunctional.Notebooks;
using OnnxFunctional.Training;
using ScottPlot;

namespace OnnxFunctional.Visualization;

/// <summary>Makes pictures of training and of predictions.</summary>
/// <example><code>
/// var history = trainer.Fit(x, y, verbose: 0);
/// Charts.Curves(history).Save("curves.png");
/// Charts.ConfusionMatrix(y, model.Predict(x)).Save("confusion.png");
/// </code></example>
public static partial class Charts
{
    /// <summary>Those of charts in notebooks, and more for many classes.</summary>
    private static readonly string[] s_colors = [.. LineChart.Colors, "#8c564b", "#5b5b5b", "#17a2b8", "#9a8c00", "#d62728", "#6a3d9a"];

    /// <summary>The curves of a training: one panel for each loss and metric, with that of the validation data in it, and one for the learning rate.</summary>
    /// <param name="history">What Fit returned.</param>
    /// <exception cref="ModelException">Nothing was logged.</exception>
    public static Chart Curves(History history)
    {
        ArgumentNullException.ThrowIfNull(history);
        if (history.Epochs.Count == 0) throw new ModelException("The history has no epoch, so there is no curve. Train at least one.");
        var names = history.Names.Where(name => !name.StartsWith("val_", StringComparison.Ordinal) || !history.Names.Contains(name[4..])).ToList();
        var epochs = history.Epochs.Select(epoch => epoch + 1.0).ToArray();
        var said = new List<string>();
        var panels = new List<Plot>();
        foreach (var name in names)
        {
            var plot = new Plot();
            var lines = new List<string> { name };
            if (history.Names.Contains("val_" + name)) lines.Add("val_" + name);
            foreach (var (i, line) in lines.Index())
            {
                Line(plot, epochs, [.. history[line]], line, s_colors[i], isDashed: i > 0);
                said.Add(string.Create(CultureInfo.InvariantCulture, $"{line} from {history[line][0]:G4} to {history[line][^1]:G4}"));
            }

            plot.XLabel("epoch");
            plot.YLabel(name);
            plot.Axes.Bottom.TickGenerator = WholeTicks(epochs[0], epochs[^1]);
            if (lines.Count > 1) plot.ShowLegend(Alignment.UpperRight);
            else plot.HideLegend();

            // A constant, such as a learning rate without a schedule, has no range of its own.
            var values = lines.SelectMany(line => history[line]).Where(double.IsFinite).Distinct().ToList();
            if (values.Count == 1) plot.Axes.SetLimitsY(values[0] - Around(values[0]), values[0] + Around(values[0]));
            panels.Add(plot);
        }

        return new Chart(panels, Math.Min(2, panels.Count), $"Curves of {epochs.Length} epochs: {string.Join("; ", said)}.");
    }

    /// <summary>How often each class was taken for each: rows are true classes, columns predicted ones.</summary>
    /// <param name="yTrue">Classes as numbers, or one-hot rows.</param>
    /// <param name="yPred">Scores (samples, classes), or the probability of class 1.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="normalize">Whether cells show shares of their row instead of counts.</param>
    /// <exception cref="ModelException">The arrays do not fit each other.</exception>
    public static Chart ConfusionMatrix(NDArray yTrue, NDArray yPred, IReadOnlyList<string>? classNames = null, bool normalize = false)
    {
        var scores = ClassScores.Of(yTrue, yPred, classNames);
        var counts = new double[scores.Classes, scores.Classes];
        foreach (var (truth, predicted) in scores.Truth.Zip(scores.Predicted)) counts[truth, predicted]++;
        var right = scores.Truth.Zip(scores.Predicted).Count(pair => pair.First == pair.Second);
        return new Chart([ConfusionPanel.Of(counts, scores.Names, normalize)], 1, string.Create(
            CultureInfo.InvariantCulture,
            $"Confusion matrix of {scores.Truth.Length} samples and {scores.Classes} classes; {right} are right, {right / (double)scores.Truth.Length:P1}."));
    }

    /// <summary>True positive rate over the false positive rate of all thresholds, and the area below; of several classes, each against all others.</summary>
    /// <param name="yTrue">Classes as numbers, or one-hot rows.</param>
    /// <param name="yPred">Scores (samples, classes), or the probability of class 1.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <exception cref="ModelException">The arrays do not fit each other, or a class has no sample, or all of them.</exception>
    public static Chart RocCurve(NDArray yTrue, NDArray yPred, IReadOnlyList<string>? classNames = null)
    {
        var plot = new Plot();
        Line(plot, [0, 1], [0, 1], "", "#9a9a9a", isDashed: true);
        var said = EachClass(plot, ClassScores.Of(yTrue, yPred, classNames), RankCurve.Roc, "AUC", Alignment.LowerRight);
        plot.XLabel("false positive rate");
        plot.YLabel("true positive rate");
        plot.Axes.SetLimits(-0.02, 1.02, -0.02, 1.02);
        return new Chart([plot], 1, $"ROC curve: {said}.");
    }

    /// <summary>Precision over recall for all thresholds, with the average precision; of several classes, each against the others.</summary>
    /// <param name="yTrue">Classes as numbers, or one-hot rows.</param>
    /// <param name="yPred">Scores (samples, classes), or the probability of class 1.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <exception cref="ModelException">The arrays do not fit each other, or a class has no sample, or all of them.</exception>
    public static Chart PrecisionRecallCurve(NDArray yTrue, NDArray yPred, IReadOnlyList<string>? classNames = null)
    {
        var plot = new Plot();
        var said = EachClass(plot, ClassScores.Of(yTrue, yPred, classNames), RankCurve.PrecisionRecall, "AP", Alignment.LowerLeft);
        plot.XLabel("recall");
        plot.YLabel("precision");
        plot.Axes.SetLimits(-0.02, 1.02, -0.02, 1.02);
        return new Chart([plot], 1, $"Precision-recall curve: {said}.");
    }

    /// <summary>
    /// How often predictions of a probability are right: for each tenth of the range of the highest score, the share that is right over the mean score, with
    /// the expected calibration error, the mean distance weighted by the number of samples.
    /// </summary>
    /// <param name="yTrue">Classes as numbers, or one-hot rows.</param>
    /// <param name="yPred">Probabilities (samples, classes), or that of class 1.</param>
    /// <param name="bins">The number of parts of the range.</param>
    /// <exception cref="ModelException">The arrays do not fit each other, scores are no probabilities, or there is no part.</exception>
    public static Chart Calibration(NDArray yTrue, NDArray yPred, int bins = 10)
    {
        if (bins < 1) throw new ModelException($"bins is {bins}; expected at least 1.");
        var scores = ClassScores.Of(yTrue, yPred, null);
        if (scores.Scores.Any(row => row.Min() < 0 || row.Max() > 1 || Math.Abs(row.Sum() - 1) > 1e-3))
            throw new ModelException("Calibration is of probabilities: each sample's between 0 and 1, with the sum 1. Give the output a Softmax or Sigmoid.");
        var best = scores.Scores.Select(row => row.Max()).ToArray();
        var isRight = scores.Truth.Zip(scores.Predicted, (truth, predicted) => truth == predicted).ToArray();
        var parts = Enumerable.Range(0, best.Length).GroupBy(i => Math.Min(bins - 1, (int)(best[i] * bins))).OrderBy(part => part.Key)
            .Select(part => (Mean: part.Average(i => best[i]), Share: part.Count(i => isRight[i]) / (double)part.Count(), Count: part.Count())).ToList();
        var error = parts.Sum(part => Math.Abs(part.Share - part.Mean) * part.Count) / best.Length;
        var plot = new Plot();
        Line(plot, [0, 1], [0, 1], "", "#9a9a9a", isDashed: true);
        var points = Line(plot, [.. parts.Select(part => part.Mean)], [.. parts.Select(part => part.Share)], "", s_colors[0], isDashed: false);
        points.MarkerSize = 8;
        plot.XLabel("mean probability");
        plot.YLabel("share that is right");
        plot.Title(string.Create(CultureInfo.InvariantCulture, $"expected calibration error {error:F4}"));
        plot.Axes.SetLimits(-0.02, 1.02, -0.02, 1.02);
        return new Chart([plot], 1, string.Create(CultureInfo.InvariantCulture, $"Calibration of {best.Length} samples: the expected error is {error:F4}."));
    }

    /// <summary>Predictions over true values of a regression, with R squared and the mean absolute error.</summary>
    /// <param name="yTrue">The true values, (samples) or (samples, 1).</param>
    /// <param name="yPred">The predictions, of the same shape or with an axis of 1.</param>
    /// <exception cref="ModelException">Lengths differ, or a sample has several values.</exception>
    public static Chart Regression(NDArray yTrue, NDArray yPred)
    {
        var (truth, predicted) = (ClassScores.Rows(yTrue, "yTrue"), ClassScores.Rows(yPred, "yPred"));
        if (truth.Length != predicted.Length || truth[0].Length != 1 || predicted[0].Length != 1)
            throw new ModelException($"yTrue is {yTrue.Shape} and yPred {yPred.Shape}; expected one value per sample in both, for the same number of samples.");
        double[] x = [.. truth.Select(row => row[0])], y = [.. predicted.Select(row => row[0])];
        var mean = x.Average();
        var total = x.Sum(value => (value - mean) * (value - mean));
        var squared = 1 - (x.Zip(y, (a, b) => (a - b) * (a - b)).Sum() / total);
        var absolute = x.Zip(y, (a, b) => Math.Abs(a - b)).Average();
        var plot = new Plot();
        double low = Math.Min(x.Min(), y.Min()), high = Math.Max(x.Max(), y.Max());
        Line(plot, [low, high], [low, high], "", "#9a9a9a", isDashed: true);
        var points = plot.Add.ScatterPoints(x, y, Color.FromHex(s_colors[0]).WithAlpha(0.6));
        points.MarkerSize = 6;
        plot.XLabel("true value");
        plot.YLabel("prediction");
        var numbers = string.Create(CultureInfo.InvariantCulture, $"R\u00b2 {squared:F4}, mean absolute error {absolute:G4}");
        plot.Title(numbers);
        return new Chart([plot], 1, $"Predictions of {x.Length} samples over their true values: {numbers}.");
    }

    /// <summary>
    /// Vectors, such as those of an embedding, as points of the plane in which they differ most (principal component analysis), with the share of the
    /// variance along each axis.
    /// </summary>
    /// <param name="vectors">(samples, values), at least two samples and two values.</param>
    /// <param name="classes">The class of each sample, which gives its color; null for one color.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <exception cref="ModelException">The arrays do not fit each other, or a number is not finite.</exception>
    /// <example><code>Charts.Projection(new Model(model.Inputs, model.GetLayer("code").Output).Predict(x), y).Save("codes.png");</code></example>
    public static Chart Projection(NDArray vectors, NDArray? classes = null, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        if (vectors.Shape.Rank != 2 || vectors.Count < 2 || vectors.Shape.Dims[1] < 2)
            throw new ModelException($"vectors has the shape {vectors.Shape}; expected (samples, values), at least 2 of each.");
        var rows = ClassScores.Rows(vectors, "vectors");
        var labels = classes is null ? new double[rows.Length] : [.. ClassScores.Rows(classes, "classes").Select(row => row[0])];
        if (labels.Length != rows.Length) throw new ModelException($"vectors has {rows.Length} samples and classes {labels.Length}; expected the same number.");
        var (points, shares) = PrincipalComponents.Of(rows, 2);
        var plot = new Plot();
        foreach (var (i, group) in Enumerable.Range(0, rows.Length).GroupBy(sample => labels[sample]).OrderBy(group => group.Key).Index())
        {
            var color = Color.FromHex(s_colors[i % s_colors.Length]).WithAlpha(0.7);
            double[] x = [.. group.Select(sample => points[sample][0])], y = [.. group.Select(sample => points[sample][1])];
            var scatter = plot.Add.ScatterPoints(x, y, color);
            scatter.MarkerSize = 6;
            scatter.LegendText = group.Key >= 0 && group.Key < (classNames?.Count ?? 0)
                ? classNames![(int)group.Key]
                : group.Key.ToString(CultureInfo.InvariantCulture);
        }

        plot.XLabel(string.Create(CultureInfo.InvariantCulture, $"first component, {shares[0]:P1} of the variance"));
        plot.YLabel(string.Create(CultureInfo.InvariantCulture, $"second component, {shares[1]:P1}"));
        if (classes is null) plot.HideLegend();
        else plot.ShowLegend(Alignment.UpperRight);
        return new Chart([plot], 1, string.Create(
            CultureInfo.InvariantCulture,
            $"{rows.Length} vectors of {rows[0].Length} values in the plane with {shares[0] + shares[1]:P1} of their variance."));
    }

    private static double Around(double value) => value == 0 ? 1 : Math.Abs(value) / 2;

    private static string EachClass(
        Plot plot,
        ClassScores scores,
        Func<IReadOnlyList<double>, IReadOnlyList<bool>, RankCurve> curveOf,
        string areaName,
        Alignment legend)
    {
        var said = new List<string>();

        // Of two classes, the curve of class 1 tells all.
        foreach (var i in scores.Classes == 2 ? [1] : Enumerable.Range(0, scores.Classes))
        {
            var isPositive = scores.Truth.Select(truth => truth == i).ToArray();
            if (isPositive.All(each => each) || !isPositive.Contains(true))
            {
                var share = isPositive.Contains(true) ? "all" : "none";
                throw new ModelException($"Class {scores.Names[i]} has {share} of the {isPositive.Length} samples; a curve needs samples of it and of others.");
            }

            var curve = curveOf([.. scores.Scores.Select(row => row[i])], isPositive);
            var text = string.Create(CultureInfo.InvariantCulture, $"{scores.Names[i]}, {areaName} {curve.Area:F4}");
            Line(plot, curve.X, curve.Y, text, s_colors[i % s_colors.Length], isDashed: false);
            said.Add(text);
        }

        plot.ShowLegend(legend);
        return string.Join("; ", said);
    }

    private static ScottPlot.Plottables.Scatter Line(Plot plot, double[] x, double[] y, string legend, string color, bool isDashed)
    {
        // A point that is not finite is no point; lines are drawn between the others.
        var points = x.Zip(y).Where(point => double.IsFinite(point.Second)).ToArray();
        var line = plot.Add.Scatter(points.Select(point => point.First).ToArray(), points.Select(point => point.Second).ToArray(), Color.FromHex(color));
        line.LegendText = legend;
        line.LineWidth = 2;
        line.LinePattern = isDashed ? LinePattern.Dashed : LinePattern.Solid;
        line.MarkerSize = points.Length == 1 ? 6 : 0;
        return line;
    }

    /// <summary>Epochs are whole numbers, and so are their ticks.</summary>
    private static ScottPlot.TickGenerators.NumericManual WholeTicks(double first, double last)
    {
        var step = Math.Max(1, (int)Math.Ceiling((last - first) / 8));
        var ticks = new ScottPlot.TickGenerators.NumericManual();
        for (var epoch = (int)first; epoch <= (int)last; epoch += step) ticks.AddMajor(epoch, epoch.ToString(CultureInfo.InvariantCulture));
        return ticks;
    }
}
