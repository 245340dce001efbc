using System.Globalization;
using OnnxFunctional.Training.Callbacks;
using ScottPlot;

namespace OnnxFunctional.Visualization;

/// <summary>Histograms side by side, one column per epoch: the darker, the more numbers.</summary>
internal static class HistogramPanel
{
    private const int Bins = 40;

    public static Plot Of(string name, IReadOnlyList<Histogram> histograms, IReadOnlyList<int> epochs)
    {
        var (low, high) = Range(histograms);
        var plot = new Plot();
        for (var i = 0; i < histograms.Count; i++)
        {
            var shares = Shares(histograms[i], low, high);
            var greatest = shares.Max();
            for (var bin = 0; bin < Bins; bin++)
            {
                if (!(shares[bin] > 0)) continue;
                var bottom = low + ((high - low) * bin / Bins);

                // A little over the box below and to the left, so that no light line is between them.
                var box = plot.Add.Rectangle(i - 0.51, i + 0.5, bottom - (0.15 * (high - low) / Bins), bottom + ((high - low) / Bins));

                // The root, so that few numbers far from the others are seen too.
                box.FillStyle.Color = ConfusionPanel.Shade(0.08 + (0.92 * Math.Sqrt(shares[bin] / greatest)));
                box.LineStyle.Width = 0;
            }
        }

        plot.Title(name);
        plot.XLabel("epoch");
        plot.YLabel("value");
        var step = Math.Max(1, (epochs.Count + 7) / 8);
        var ticks = new ScottPlot.TickGenerators.NumericManual();
        for (var i = 0; i < epochs.Count; i += step) ticks.AddMajor(i, epochs[i].ToString(CultureInfo.InvariantCulture));
        plot.Axes.Bottom.TickGenerator = ticks;
        plot.Axes.SetLimits(-0.5, epochs.Count - 0.5, low, high);
        plot.HideGrid();
        return plot;
    }

    /// <summary>How many numbers lie in equal parts of a range: a bucket's numbers are spread evenly over it.</summary>
    public static double[] Shares(Histogram histogram, double low, double high)
    {
        var shares = new double[Bins];
        for (var i = 0; i < histogram.Counts.Count; i++)
        {
            if (histogram.Counts[i] == 0) continue;

            // Buckets end where numbers end.
            var from = Math.Max(i == 0 ? double.MinValue : histogram.Limits[i - 1], histogram.Min);
            var to = Math.Max(from, Math.Min(histogram.Limits[i], histogram.Max));
            var (first, last) = (Place(from), Place(to));
            if (first == last || to <= from)
            {
                shares[first] += histogram.Counts[i];
                continue;
            }

            for (var bin = first; bin <= last; bin++)
            {
                var (start, end) = (low + ((high - low) * bin / Bins), low + ((high - low) * (bin + 1) / Bins));
                shares[bin] += histogram.Counts[i] * Math.Max(0, Math.Min(to, end) - Math.Max(from, start)) / (to - from);
            }
        }

        return shares;

        int Place(double value) => Math.Clamp((int)((value - low) / (high - low) * Bins), 0, Bins - 1);
    }

    /// <summary>From the least to the greatest number of all, with some room if they are one.</summary>
    public static (double Low, double High) Range(IReadOnlyList<Histogram> histograms)
    {
        var some = histograms.Where(histogram => histogram.Count > 0).ToList();
        if (some.Count == 0) return (-1, 1);
        var (low, high) = (some.Min(histogram => histogram.Min), some.Max(histogram => histogram.Max));
        var room = high > low ? (high - low) * 0.02 : low == 0 ? 1 : Math.Abs(low) / 2;
        return (low - room, high + room);
    }
}
