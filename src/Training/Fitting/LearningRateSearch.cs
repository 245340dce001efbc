using System.Globalization;
using System.Text;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Training;

/// <summary>The losses of steps whose learning rate grew from step to step: what <see cref="Trainer.FindLearningRate"/> returns.</summary>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class LearningRateSearch : IHtml
{
    // The weight of earlier losses in their moving average.
    private const double Memory = 0.9;

    // The steps over which a slope is taken, to each side.
    private const int Reach = 3;

    // The steps whose mean loss is that before training.
    private const int FirstSteps = 10;

    private readonly List<double> _rates = [];
    private readonly List<double> _losses = [];
    private readonly List<double> _smoothed = [];
    private double _average;

    internal LearningRateSearch()
    {
    }

    /// <summary>The learning rate of each step, from the smallest to the one at which the search ended.</summary>
    public IReadOnlyList<double> Rates => _rates;

    /// <summary>The loss of each step, before its update.</summary>
    public IReadOnlyList<double> Losses => _losses;

    /// <summary>The moving average of the losses, corrected for its start: <c>m = 0.9 m + 0.1 loss</c>, divided by <c>1 - 0.9^steps</c>.</summary>
    public IReadOnlyList<double> SmoothedLosses => _smoothed;

    /// <summary>
    /// The rate at which the smoothed loss falls fastest per factor of the rate, before its minimum; null if it falls by less than losses of neighboring steps
    /// differ, as that of a trained model. A good start for training: larger rates make less of each step, and beyond the minimum training diverges.
    /// </summary>
    public double? Suggested
    {
        get
        {
            var lowest = _smoothed.IndexOf(_smoothed.Min());
            if (!Falls(lowest)) return null;
            var (best, steepest) = (-1, 0.0);
            for (var i = 1; i < lowest; i++)
            {
                var (before, after) = (Math.Max(0, i - Reach), Math.Min(lowest, i + Reach));
                var slope = (_smoothed[after] - _smoothed[before]) / Math.Log(_rates[after] / _rates[before]);
                if (slope < steepest) (best, steepest) = (i, slope);
            }

            return best < 0 ? null : _rates[best];
        }
    }

    /// <summary>A table of ten rates with their smoothed losses, and the suggestion.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("learning rate        loss\n");
        var shown = Math.Min(10, _rates.Count);
        for (var row = 0; row < shown; row++)
        {
            var i = shown == 1 ? 0 : (int)((long)row * (_rates.Count - 1) / (shown - 1));
            text.Append(CultureInfo.InvariantCulture, $"{_rates[i],13:G3}  {_smoothed[i],10:G5}\n");
        }

        return text.Append(Suggestion).ToString();
    }

    private string Suggestion => Suggested is { } rate
        ? $"suggested: {rate.ToString("G2", CultureInfo.InvariantCulture)}"
        : "no suggestion: the loss did not fall. Search from a smaller rate, or check the data and the loss.";

    void IHtml.WriteHtml(HtmlWriter html)
    {
        html.Chart("log10(learning rate)", [.. _rates.Select(Math.Log10)], ("loss", _losses), ("smoothed", _smoothed));
        html.Paragraph(Suggestion);
    }

    private bool Falls(int lowest)
    {
        if (lowest == 0) return false;
        var squares = 0.0;
        for (var i = 1; i <= lowest; i++) squares += Math.Pow(_losses[i] - _losses[i - 1], 2);

        // The difference of two losses has twice the variance of one.
        var noise = Math.Sqrt(squares / (2 * lowest));
        return _losses.Take(Math.Clamp(lowest / 2, 1, FirstSteps)).Average() - _smoothed[lowest] > noise;
    }

    /// <summary>Notes a step.</summary>
    /// <returns>Whether to continue: false once the smoothed loss is four times its lowest.</returns>
    internal bool Add(double rate, double loss)
    {
        _average = (Memory * _average) + ((1 - Memory) * loss);
        _rates.Add(rate);
        _losses.Add(loss);
        _smoothed.Add(_average / (1 - Math.Pow(Memory, _rates.Count)));
        var lowest = _smoothed.Min();
        return _rates.Count < 10 || lowest <= 0 || _smoothed[^1] <= 4 * lowest;
    }
}
