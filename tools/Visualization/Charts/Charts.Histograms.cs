using System.Globalization;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Visualization;

/// <content>How weights and gradients are spread over a training.</content>
public static partial class Charts
{
    /// <summary>The epochs that a panel has room for.</summary>
    private const int MostColumns = 60;

    /// <summary>
    /// How weights, or their gradients, are spread over the epochs: a panel per weight, epochs across, values up, the darker, the more numbers. Epoch 0 is
    /// before the training.
    /// </summary>
    /// <param name="histograms">The callback that recorded them.</param>
    /// <param name="gradients">Whether gradients are drawn instead of weights.</param>
    /// <param name="weights">The full names of the weights; by default all, in the model's order.</param>
    /// <param name="count">The number of panels, at most.</param>
    /// <exception cref="ModelException">Nothing is recorded, a name is unknown, or the number is below 1.</exception>
    /// <example><code>
    /// var histograms = new WeightHistograms(x[..256], y[..256]);
    /// trainer.Fit(x, y, epochs: 10, callbacks: [histograms]);
    /// Charts.Histograms(histograms, gradients: true).Save("gradients.png");
    /// </code></example>
    public static Chart Histograms(WeightHistograms histograms, bool gradients = false, IReadOnlyList<string>? weights = null, int count = 12)
    {
        ArgumentNullException.ThrowIfNull(histograms);
        CheckCount(count);
        if (histograms.Epochs.Count == 0) throw new ModelException("There are no histograms yet. Pass the callback to Fit first.");
        var recorded = gradients ? histograms.Gradients : histograms.Weights;
        if (recorded.Count == 0)
        {
            throw new ModelException(gradients
                ? "No gradients are recorded. Give the callback data to compute them on: new WeightHistograms(x[..256], y[..256])."
                : "The model has no weights, so there is no histogram.");
        }

        if (weights?.FirstOrDefault(name => !recorded.ContainsKey(name)) is { } unknown)
            throw new ModelException($"There is no histogram of '{unknown}'. There are: {string.Join(", ", recorded.Keys)}.");
        IReadOnlyList<string> all = weights is { Count: > 0 } ? weights : [.. recorded.Keys];
        var names = all.Take(count).ToList();

        // Evenly spread, with the first and the last.
        int[] places = histograms.Epochs.Count <= MostColumns
            ? [.. Enumerable.Range(0, histograms.Epochs.Count)]
            : [.. Enumerable.Range(0, MostColumns).Select(i => (int)((long)i * (histograms.Epochs.Count - 1) / (MostColumns - 1)))];
        int[] epochs = [.. places.Select(place => histograms.Epochs[place])];
        var panels = names.Select(name => HistogramPanel.Of(name, [.. places.Select(place => recorded[name][place])], epochs)).ToList();
        var said = names.Select(name => (Name: name, First: recorded[name][0], Last: recorded[name][^1])).Select(each => string.Create(
            CultureInfo.InvariantCulture,
            $"{each.Name}, {each.Last.Count} numbers, standard deviation from {each.First.StandardDeviation:G3} to {each.Last.StandardDeviation:G3}"
            + $"{(each.Last.NotFinite > 0 ? $", {each.Last.NotFinite} not finite at the end" : "")}"));
        var what = gradients ? "gradients" : "weights";
        return new Chart(
            new PlotPanels(panels, Math.Min(2, panels.Count), 250),
            $"Histograms of {what} from epoch {epochs[0]} to {epochs[^1]}{Shown(names.Count, all.Count)}: {string.Join("; ", said)}.");
    }
}
