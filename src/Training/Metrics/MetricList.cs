using System.Collections;
using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training;

/// <summary>The metrics of a model: the same for every output, or for each output by name.</summary>
[CollectionBuilder(typeof(MetricList), nameof(Create))]
public sealed class MetricList : IEnumerable<Metric>
{
    private readonly Metric[] _all;
    private readonly IReadOnlyDictionary<string, Metric[]>? _byOutput;

    private MetricList(Metric[] all, IReadOnlyDictionary<string, Metric[]>? byOutput) => (_all, _byOutput) = (all, byOutput);

    /// <summary>Makes the list; called by collection literals.</summary>
    public static MetricList Create(ReadOnlySpan<Metric> metrics) => new(metrics.ToArray(), null);

    /// <summary>Metrics for each output by name.</summary>
    public static implicit operator MetricList(Dictionary<string, Metric[]> byOutput) => new([], byOutput);

    /// <summary>Enumerates the metrics that apply to every output.</summary>
    public IEnumerator<Metric> GetEnumerator() => ((IEnumerable<Metric>)_all).GetEnumerator();

    /// <summary>Metrics by output, if they were given that way.</summary>
    internal IReadOnlyDictionary<string, Metric[]>? ByOutput => _byOutput;

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal IReadOnlyList<Metric> For(string output) => _byOutput is null ? _all : _byOutput.GetValueOrDefault(output, []);

    internal void Check(IReadOnlyList<string> outputs)
    {
        foreach (var name in _byOutput?.Keys ?? [])
        {
            if (outputs.Contains(name)) continue;
            throw new ModelException(
                $"Metrics are given for '{name}', but the model's outputs are {string.Join(", ", outputs)}."
                + (Naming.Nearest(name, outputs) is { } nearest ? $" Did you mean '{nearest}'?" : ""));
        }
    }
}
