using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Benchmarks.Scale;

/// <summary>What a model of many inputs and outputs costs around the steps, against their number.</summary>
internal static class ManyOutputs
{
    private const int Samples = 32;
    private const int Batches = 8;

    /// <summary>Prints the table.</summary>
    /// <param name="sizes">The numbers of inputs, and of outputs.</param>
    public static void Measure(int[] sizes)
    {
        Console.Out.WriteLine("As many inputs as outputs: Dense(4) from one to the other; data, losses and metrics by name; ms");
        var table = new Growth(
            "in, out", ["build", "compile", "first step", "on batch", "fit a batch", "evaluate", "predict", "by name", "summary"]);
        Costs(5);
        foreach (var size in sizes) table.Add(size, Costs(size));
        table.End();
    }

    private static double[] Costs(int count)
    {
        var (model, trainer, summary) = ((Model)null!, (Trainer)null!, "");
        var build = Growth.Time(() =>
        {
            SymbolicTensor[] inputs = [.. Enumerable.Range(0, count).Select(i => Model.Input([3], name: $"in{i}"))];
            model = new Model(inputs, inputs.Select((input, i) => new Dense(4, name: $"out{i}").Call(input)).ToArray());
        });
        var compile = Growth.Time(() =>
        {
            var losses = new LossList();
            var metrics = new MetricList();
            for (var i = 0; i < count; i++) (losses[$"out{i}"], metrics[$"out{i}"]) = (Loss.MeanSquaredError, [Metric.MeanAbsoluteError]);
            trainer = model.Compile(new Sgd(), losses, metrics: metrics, threads: 1);
        });
        var (x, y) = (Named("in", 3, Samples), Named("out", 4, Samples));
        var (manyX, manyY) = (Named("in", 3, Samples * Batches), Named("out", 4, Samples * Batches));
        return
        [
            build,
            compile,
            Growth.Time(() => trainer.TrainOnBatch(x, y)),
            Growth.Warm(() => trainer.TrainOnBatch(x, y)),
            Growth.Warm(() => trainer.Fit(manyX, manyY, batchSize: Samples, verbose: 0)) / Batches,
            Growth.Warm(() => trainer.Evaluate(manyX, manyY, batchSize: Samples, verbose: 0)) / Batches,
            Growth.Warm(() => model.PredictAll(x)),
            Growth.Warm(() => model.PredictNamed(x)),
            Growth.Time(() => summary = model.ToString()),
        ];

        NDArrays Named(string name, int width, int samples)
        {
            var arrays = new NDArrays();
            for (var i = 0; i < count; i++) arrays[$"{name}{i}"] = NDArray.Create(new float[samples * width], [samples, width]);
            return arrays;
        }
    }
}
