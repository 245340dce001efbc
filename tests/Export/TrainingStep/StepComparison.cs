using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Makes the same steps in the engine and in stock ONNX Runtime, on the test's own batches, without the export's own verification.</summary>
internal static class StepComparison
{
    public const double LossTolerance = 1e-4;

    // The requirement is 1e-3; measured is at most 4e-6.
    public const double StateTolerance = 1e-4;

    // Absolute differences up to this are rounding, such as the remainder of mathematically zero gradients.
    private const float Smallest = 1e-8f;

    /// <summary>Makes the steps and compares the loss of each; after the last one also the state, predictions and an evaluation.</summary>
    /// <param name="trainer">The engine's trainer.</param>
    /// <param name="batch">The data of a step, and of the predictions and the evaluation after the last one.</param>
    /// <param name="steps">The number of steps.</param>
    /// <param name="opset">The operator set.</param>
    /// <param name="sameShape">Whether the targets of all batches have one shape.</param>
    public static void Run(Trainer trainer, Func<int, StepBatch> batch, int steps, int opset = 21, bool sameShape = true)
    {
        var first = batch(0);
        var files = TrainingFiles.Of(trainer, new TrainingExportOptions
        {
            Opset = opset,
            SampleWeights = first.Weights is not null,
            Targets = sameShape ? NDArrays.Create(first.Y) : null,
        });
        using var other = OnnxTrainer.Open(TrainingFolder.Of(files), options: new OnnxModelOptions { IntraOpThreads = 1 });
        for (var step = 0; step < steps; step++)
        {
            var data = batch(step);
            var expected = trainer.TrainOnBatch(NDArrays.Create(data.X), NDArrays.Create(data.Y), data.Weights);
            var found = other.TrainOnBatch(NDArrays.Create(data.X), NDArrays.Create(data.Y), data.Weights);
            CollectionAssert.AreEquivalent(expected.Keys.ToArray(), found.Keys.ToArray());
            foreach (var (log, value) in expected) Near(value, found[log], $"{log} of step {step + 1}");
        }

        State(files, other);
        var last = batch(steps);
        var (x, y) = (NDArrays.Create(last.X), NDArrays.Create(last.Y));
        var states = trainer.Model.Weights.Where(weight => weight.IsState).Select(weight => (Weight: weight, Values: weight.Storage.ToArray())).ToList();
        var evaluated = other.Evaluate(x, y, last.X[0].Count, last.Weights);
        var scores = trainer.Evaluate(x, y, last.X[0].Count, verbose: 0, last.Weights);
        foreach (var (log, value) in scores) Near(value, evaluated[log], log + " of the evaluation", 10);

        // The engine's evaluation moved the states of stateful layers; that of a file does not.
        foreach (var (weight, values) in states) values.CopyTo(weight.Overwritten());
        foreach (var (expected, found) in trainer.Model.PredictAll(x).Zip(other.PredictAll(x))) Near(Flat(expected), Flat(found), "predictions");
    }

    /// <summary>Compares every tensor of the state, relative to its largest element.</summary>
    public static void State(TrainingFiles files, OnnxTrainer other)
    {
        var values = other.ReadState();
        var problems = new List<string>();
        for (var i = 0; i < values.Length; i++)
        {
            var (name, weight) = (files.State[i].Name, files.State[i].Weight);
            if (Worst(weight.Storage, values[i]) is var (share, at) && !(share <= StateTolerance))
            {
                problems.Add(
                    $"'{name}' {weight.Shape}, element {at}: the engine has {weight.Storage[at]:R}, ONNX Runtime {values[i][at]:R} ({share:0.0e+00} of the "
                    + "largest)");
            }
        }

        Assert.IsEmpty(problems, string.Join("; ", problems));
    }

    private static void Near(double expected, double found, string what, double slack = 1) =>
        Assert.IsLessThanOrEqualTo(
            (slack * LossTolerance * Math.Abs(expected)) + Smallest,
            Math.Abs(expected - found),
            $"{what}: the engine has {expected:R}, ONNX Runtime {found:R}");

    private static void Near(float[] expected, float[] found, string what)
    {
        if (Worst(expected, found) is var (share, at) && !(share <= StateTolerance))
            Assert.Fail($"{what}, element {at}: the engine has {expected[at]:R}, ONNX Runtime {found[at]:R}");
    }

    private static (double Share, int At) Worst(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        Assert.AreEqual(expected.Length, found.Length);
        var (largest, worst, at) = (0f, 0f, 0);
        for (var i = 0; i < expected.Length; i++)
        {
            largest = MathF.Max(largest, MathF.Abs(expected[i]));
            var distance = MathF.Abs(expected[i] - found[i]);
            if (!(distance > worst) && !float.IsNaN(distance)) continue;
            (worst, at) = (float.IsNaN(distance) ? float.PositiveInfinity : distance, i);
        }

        return (MathF.Max(worst - Smallest, 0) / MathF.Max(largest, Smallest), at);
    }

    private static float[] Flat(Tensor<float> tensor)
    {
        var values = new float[tensor.FlattenedLength];
        tensor.FlattenTo(values);
        return values;
    }
}
