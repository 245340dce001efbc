using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Networks;

/// <summary>Losses and metrics of predictions, wherever they were computed.</summary>
internal static class Scoring
{
    private const int BatchSize = 256;

    /// <summary>The scores of predictions, by the same formulas as those of a training.</summary>
    /// <param name="outputs">The outputs.</param>
    /// <param name="predictions">One array per output.</param>
    /// <param name="data">The targets.</param>
    /// <param name="goals">Loss and metrics per output.</param>
    public static Scores Of(IReadOnlyList<TensorInfo> outputs, IReadOnlyList<NDArray> predictions, LoadedData data, IReadOnlyList<Goal> goals)
    {
        // A model that returns what it is given.
        SymbolicTensor[] inputs = [.. predictions.Select((array, i) => Model.Input(Shape.Create([.. array.Shape.Skip(1)]), name: $"prediction_of_{i}"))];
        var model = new Model(inputs, inputs.Zip(outputs, (input, output) => new Identity(name: LayerName(output.Name)).Call(input)).ToArray());
        var named = outputs.Select(output => output with { Name = LayerName(output.Name) }).ToList();
        var trainer = model.Compile(new Sgd(), Goal.Losses(named, goals), metrics: Goal.MetricsOf(named, goals));
        return trainer.Evaluate(predictions.ToArray(), data.Y, BatchSize, verbose: 0);
    }

    private static string LayerName(string output) => output.Length == 0 ? "output" : output.Replace('/', '_');
}
