using System.Globalization;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>A training with six metrics, whose progress the tests look at; in a process of its own where it needs a terminal.</summary>
internal static class ProgressWorker
{
    public const string Command = "progress-worker";

    public static readonly string[] Logged =
    [
        "loss", "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "root_mean_squared_error", "cosine_similarity", "r2_score",
    ];

    public static int Run(string verbosity)
    {
        Fit(callbacks: [new LambdaCallback(onTrainBatchEnd: (_, _) => Thread.Sleep(20))], verbose: int.Parse(verbosity, CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>Trains two epochs of twelve steps.</summary>
    public static void Fit(IReadOnlyList<Callback> callbacks, Verbosity verbose)
    {
        var input = Model.Input([1]);
        var model = new Model(input, input.Apply(new Dense(1)));
        var trainer = model.Compile(
            new Sgd(0.001),
            Loss.MeanSquaredError,
            metrics:
            [
                Metric.MeanSquaredError, Metric.MeanAbsoluteError, Metric.MeanAbsolutePercentageError, Metric.RootMeanSquaredError,
                Metric.CosineSimilarity, Metric.R2Score,
            ]);
        float[] x = [.. Enumerable.Range(1, 12).Select(i => (float)i)];
        trainer.Fit(x, x, batchSize: 1, epochs: 2, callbacks: callbacks, verbose: verbose);
    }
}
