using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>The metrics of a model: the same for every output, or for each output by name.</summary>
/// <example>
/// <c>metrics: [Metric.Accuracy]</c>, <c>metrics: new() { ["class"] = [Metric.Accuracy, Metric.Auc], ["value"] = Metric.MeanAbsoluteError }</c>
/// </example>
[CollectionBuilder(typeof(MetricList), nameof(Create))]
public sealed class MetricList : IEnumerable<Metric>
{
    private readonly Metric[] _all;
    private readonly NamedItems<MetricList> _byOutput;

    /// <summary>An empty list, to which metrics are given by the names of outputs: <c>new() { ["class"] = [Metric.Accuracy] }</c>.</summary>
    public MetricList() => (_all, _byOutput) = ([], new([], "metrics"));

    private MetricList(Metric[] all, NamedItems<MetricList>? byOutput = null) => (_all, _byOutput) = (all, byOutput ?? new([], "metrics"));

    /// <summary>The metrics of an output, by its name: one, or a list.</summary>
    /// <param name="output">The name of an output.</param>
    /// <exception cref="ModelException">The list holds metrics for every output, or none of that name.</exception>
    public MetricList this[string output]
    {
        get => _byOutput.Get(output);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (_all.Length > 0)
                throw new ModelException($"Metrics were given for every output, so '{output}' cannot be added. Give all of them by the names of outputs.");
            if (value._byOutput.Names is not null) throw new ModelException($"The metrics of '{output}' are themselves given by names; expected a list.");
            _byOutput.Set(output, value);
        }
    }

    /// <summary>Makes the list; called by collection literals.</summary>
    /// <param name="metrics">The metrics.</param>
    public static MetricList Create(ReadOnlySpan<Metric> metrics) => new(metrics.ToArray());

    /// <summary>A list of one metric; null for null.</summary>
    [return: NotNullIfNotNull(nameof(metric))]
    public static implicit operator MetricList?(Metric? metric) => metric is null ? null : new([metric]);

    /// <summary>The same metrics for every output.</summary>
    public static implicit operator MetricList(Metric[] metrics) => Create(metrics);

    /// <summary>Metrics for each output by name.</summary>
    public static implicit operator MetricList(Dictionary<string, Metric[]> byOutput)
    {
        ArgumentNullException.ThrowIfNull(byOutput);
        return new([], NamedItems<MetricList>.Of(byOutput.Select(entry => KeyValuePair.Create(entry.Key, Create(entry.Value))), "metrics"));
    }

    /// <summary>Enumerates the metrics that apply to every output.</summary>
    public IEnumerator<Metric> GetEnumerator() => ((IEnumerable<Metric>)_all).GetEnumerator();

    /// <summary>Metrics by output, if they were given that way.</summary>
    internal IEnumerable<KeyValuePair<string, MetricList>>? ByOutput =>
        _byOutput.Names?.Zip(_byOutput.Items, (name, metrics) => KeyValuePair.Create(name, metrics));

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal IReadOnlyList<Metric> For(string output) => _byOutput.Names is null ? _all : _byOutput.Find(output, -1, out var own) ? own._all : [];

    internal void Check(IReadOnlyList<string> outputs)
    {
        if (_byOutput.Names is not null) _byOutput.Check(outputs, "metrics");
    }
}
