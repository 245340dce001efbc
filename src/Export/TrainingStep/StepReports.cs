using OnnxFunctional.Training;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Losses and metrics of steps, summed over batches and reported by their names in logs.</summary>
internal sealed class StepReports
{
    private readonly TrainingManifest _manifest;
    private readonly string _source;
    private readonly Metric[] _metrics;
    private readonly double[] _losses;
    private readonly double[][][] _sums;
    private double _samples;

    /// <param name="folder">The training.</param>
    /// <param name="session">A graph that reports, for the lengths of its sums.</param>
    /// <exception cref="OnnxFileException">A metric is unknown, or needs other sums than the graph computes.</exception>
    public StepReports(TrainingFolder folder, StepSession session)
    {
        (_manifest, _source) = (folder.Manifest, folder.Source);
        _losses = new double[1 + _manifest.Losses.Length];
        _metrics = new Metric[_manifest.Metrics.Length];
        _sums = new double[_metrics.Length][][];
        var report = _losses.Length;
        for (var i = 0; i < _metrics.Length; i++)
        {
            var described = _manifest.Metrics[i];
            _sums[i] = [.. described.Sums.Select(_ => new double[session.Floats(report++).Length])];
            try
            {
                if (described.IsMean && _sums[i].Any(sum => sum.Length != 1)) throw new ModelException("a mean is the quotient of two numbers.");
                _metrics[i] = described.Keras is { } config ? CompileConfig.ReadMetric(config) : Metric.From((_, values) => values, described.Name);
                _metrics[i].Report([], described.Name, _sums[i]);
            }
            // A metric with the wrong sums reads past their end.
            catch (Exception refused) when (refused is ModelException or IndexOutOfRangeException or ArgumentException)
            {
                throw new OnnxFileException(
                    $"The metric '{described.Name}' of {folder.Source} is damaged: {refused.Message} Export the training again.",
                    refused);
            }
        }
    }

    /// <summary>Resets all sums.</summary>
    public void Reset()
    {
        _samples = 0;
        Array.Clear(_losses);
        foreach (var metric in _sums)
        {
            foreach (var sum in metric) Array.Clear(sum);
        }
    }

    /// <summary>Adds the reports of one batch.</summary>
    public void Add(StepSession session, int samples)
    {
        _samples += samples;
        for (var i = 0; i < _losses.Length; i++) _losses[i] += Values(session, i, 1)[0] * (double)samples;
        var report = _losses.Length;
        foreach (var metric in _sums)
        {
            foreach (var sum in metric)
            {
                var values = Values(session, report++, sum.Length);
                for (var j = 0; j < sum.Length; j++) sum[j] += values[j];
            }
        }
    }

    /// <summary>Values by their names in logs.</summary>
    public Dictionary<string, double> Logs()
    {
        var logs = new Dictionary<string, double>(_losses.Length + _metrics.Length) { ["loss"] = _losses[0] / _samples };
        for (var i = 0; i < _manifest.Losses.Length; i++) logs[_manifest.Losses[i].Name] = _losses[i + 1] / _samples;
        for (var i = 0; i < _metrics.Length; i++) _metrics[i].Report(logs, _manifest.Metrics[i].Name, _sums[i]);
        return logs;
    }

    private ReadOnlySpan<float> Values(StepSession session, int report, int length)
    {
        var values = session.Floats(report);
        return values.Length == length
            ? values
            : throw new OnnxFileException(
                $"A loss or metric of {_source} has {values.Length} elements, expected {length}. The files are from different exports; export again.");
    }
}
