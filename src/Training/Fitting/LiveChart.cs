using System.Globalization;

namespace OnnxFunctional.Training;

/// <summary>A chart of the epochs so far above the bar of the running one; it is drawn over after each epoch.</summary>
internal sealed class LiveChart : Callback
{
    private const int Height = 7;
    private const int WidestChart = 76;
    private const int NarrowestPair = 50;
    private const string Space = "  ";

    private readonly ProgressBar _bar;
    private readonly OrderedDictionary<string, List<double>> _values = new(StringComparer.Ordinal);
    private int _epochs;
    private int _first;
    private int _drawn;

    /// <summary>Creates the display.</summary>
    /// <param name="bar">Draws the running epoch, on the terminal that the chart is for.</param>
    internal LiveChart(ProgressBar bar) => _bar = bar;

    public override void OnEpochBegin(int epoch)
    {
        if (_epochs == 0) _first = epoch + 1;
        _bar.OnEpochBegin(epoch);
    }

    public override void OnEpochEnd(int epoch, IDictionary<string, double> logs)
    {
        foreach (var (name, value) in logs)
        {
            if (!_values.TryGetValue(name, out var values)) _values.Add(name, values = [.. Enumerable.Repeat(double.NaN, _epochs)]);
            values.Add(value);
        }

        _epochs++;
        foreach (var (_, values) in _values)
        {
            if (values.Count < _epochs) values.Add(double.NaN);
        }

        // The running epoch has a row with its number, and the bar's, where the cursor is.
        var rows = Charts(_bar.Available());
        var finished = _bar.Finished(logs);
        _bar.Write(string.Create(CultureInfo.InvariantCulture, $"\r\u001b[{_drawn + 1}A\u001b[J"));
        foreach (var row in rows.Append(EpochRow(epoch)).Concat(finished)) _bar.Write(row + Environment.NewLine);
        _drawn = rows.Count + 1 + finished.Count;
    }

    public override void OnTrainEnd() => _bar.OnTrainEnd();

    internal override void Attach(Trainer trainer)
    {
        base.Attach(trainer);
        _bar.Attach(trainer);
    }

    internal override void OnBatchEnd(int batch, StepRunner runner) => _bar.OnBatchEnd(batch, runner);

    private static string EpochRow(int epoch) => string.Create(CultureInfo.InvariantCulture, $"Epoch {epoch + 1}");

    /// <summary>Two charts side by side, the losses and the first metric, if there is one and room for it.</summary>
    private List<string> Charts(int available)
    {
        var names = _values.Keys.Where(name => !name.StartsWith("val_", StringComparison.Ordinal) && name != "learning_rate").ToList();
        if (names.Count == 0) return [];
        var isPair = names.Count > 1 && available >= NarrowestPair;
        var width = isPair ? Math.Min(WidestChart / 2, (available - Space.Length) / 2) : Math.Min(WidestChart, available);
        var left = BrailleChart.Draw(Lines(names[0]), width, Height, _first);
        if (!isPair) return [.. left];
        var right = BrailleChart.Draw(Lines(names[1]), width, Height, _first);
        return [.. left.Zip(right, (a, b) => a.PadRight(width) + Space + b)];
    }

    private List<ChartLine> Lines(string name)
    {
        var lines = new List<ChartLine> { new(name, _values[name], IsDotted: false) };
        if (_values.TryGetValue("val_" + name, out var validation)) lines.Add(new ChartLine("val_" + name, validation, IsDotted: true));
        return lines;
    }
}
