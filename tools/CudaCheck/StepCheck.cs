using System.Globalization;
using OnnxFunctional.Export;
using OnnxFunctional.Tests.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.CudaCheck;

/// <summary>Trains six networks by ONNX Runtime on the device and by the engine, and compares losses and weights.</summary>
internal sealed class StepCheck(ExecutionProvider device, Checks checks)
{
    private const double LossTolerance = 1e-4;
    private const double WeightTolerance = 1e-3;

    public void Run(int steps)
    {
        if (steps == 0) return;
        checks.Write("");
        checks.Write($"{steps} training steps against the engine; accepted are differences of 1e-4 of a loss and 1e-3 of a tensor's largest weight:");
        checks.Write("");
        checks.Write("| network | largest difference of a loss | of a weight after the last step |");
        checks.Write("|---|---|---|");
        foreach (var network in StepNetworks.All)
        {
            try
            {
                Run(network, steps);
            }
            catch (Exception refused) when (refused is ExportException or ModelException)
            {
                checks.Write($"| {network.Name} | failed | |");
                checks.Fail($"{network.Name}: {refused.Message}");
            }
        }
    }

    private void Run(StepNetwork network, int steps)
    {
        var (engine, other) = (network.Compile(Backend.Engine), network.Compile(Backend.OnnxRuntime(device)));
        var losses = 0.0;
        for (var step = 0; step < steps; step++)
        {
            var batch = network.Batch(step);
            var (x, y) = (NDArrays.Create(batch.X), NDArrays.Create(batch.Y));
            var (expected, found) = (engine.TrainOnBatch(x, y)["loss"], other.TrainOnBatch(x, y)["loss"]);
            losses = Math.Max(losses, Checks.Difference([(float)expected], [(float)found]));
        }

        var (weights, worst) = (0.0, "");
        foreach (var ((path, expected), found) in engine.Model.WeightPaths().Zip(other.Model.Weights))
        {
            var difference = Checks.Difference(expected.Storage, found.Storage);
            if (difference > weights) (weights, worst) = (difference, path);
        }

        checks.Write(string.Create(CultureInfo.InvariantCulture, $"| {network.Name} | {losses:0.0e+00} | {weights:0.0e+00} {worst} |"));
        if (!(losses <= LossTolerance)) checks.Fail(string.Create(CultureInfo.InvariantCulture, $"{network.Name}: a loss differs by {losses:0.0e+00}"));
        if (!(weights <= WeightTolerance)) checks.Fail(string.Create(CultureInfo.InvariantCulture, $"{network.Name}: '{worst}' differs by {weights:0.0e+00}"));
    }
}
