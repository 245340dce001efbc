using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Networks;

/// <summary>What forms of a model are judged by: the first metric on samples.</summary>
/// <param name="outputs">The outputs of the model.</param>
/// <param name="data">The samples.</param>
/// <param name="goals">Losses and metrics of the outputs.</param>
internal sealed class Judge(IReadOnlyList<TensorInfo> outputs, LoadedData data, IReadOnlyList<Goal> goals)
{
    /// <summary>The samples.</summary>
    public LoadedData Data => data;

    /// <summary>The name of the metric among all scores.</summary>
    public string Metric => outputs.Count > 1 ? $"{outputs[0].Name}_{goals[0].Metrics[0].Name}" : goals[0].Metrics[0].Name;

    /// <summary>The metric, so that larger is better: errors count negative.</summary>
    public double Score(IReadOnlyList<NDArray> predictions) => Signed(Value(predictions));

    /// <summary>The metric.</summary>
    public double Value(IReadOnlyList<NDArray> predictions) => Scoring.Of(outputs, predictions, data, goals)[Metric];

    /// <summary>The metric of a score, or the score of a metric.</summary>
    public double Signed(double value) => value * (goals[0].Metrics[0].LargerIsBetter ?? true ? 1 : -1);
}
