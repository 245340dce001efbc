using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Export.Verify;

/// <summary>Steps after one whose direction rounding decides lead elsewhere in every program, so each is verified from one state.</summary>
[TestClass]
public sealed class OneStateTests
{
    private const int Count = 16;
    private const float Rate = 0.01f;

    [TestMethod]
    public void A_step_that_rounding_decides_does_not_fail_the_next_one()
    {
        using var folder = new TemporaryFolder();
        var options = new TrainingExportOptions
        {
            Samples = NDArray.Create([.. Enumerable.Range(0, Count).Select(i => (0.37f * i) - 2.9f)], Shape.Of(1, Count)),
            Targets = NDArray.Create([0f], Shape.Of(1, 1)),
            VerifiedSteps = 2,
        };
        Trained(new float[Count]).ExportTraining(folder.Path, options with { Verify = false });
        float[] moved;
        using (var file = OnnxTrainer.Load(folder.Path))
        {
            file.TrainOnBatch(options.Samples, options.Targets);
            moved = file.GetState("switch/weights").ToArray();
        }

        // ONNX Runtime's direction opens the switch in its second step. Among 65,536 it is none that the engine or a copy takes.
        var report = Trained([.. moved.Select(value => value / Rate)]).ExportTraining(folder.Path, options);
        Assert.IsTrue(report.IsVerified);
        Assert.Contains(value => value != 0, moved);
    }

    private static Trainer Trained(float[] direction)
    {
        var x = Model.Input([Count]);
        return new Model(x, new Switch(direction).Call(x)).Compile(new Lion(Rate), new Sum());
    }

    private sealed class Sum : Loss
    {
        protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred) => Ops.Mean(yPred - yTrue, -1);
    }

    /// <summary>Weights whose gradients are rounding, and another that has one where they moved in a direction.</summary>
    private sealed class Switch(float[] direction) : Layer("switch")
    {
        protected override SymbolicTensor Forward(SymbolicTensor x)
        {
            var weights = Weight("weights", Shape.Of(Count), Initializer.Zeros);
            var factor = Weight("factor", Shape.Of(1), Initializer.Ones);
            var rounding = Ops.Sigmoid(x) - (1 / (1 + Ops.Exp(-x)));
            var agreement = Ops.Sum(weights * Ops.Constant([Count], direction) / Rate, -1, keepdims: true);
            return Ops.Sum(rounding * weights, -1, keepdims: true) + (factor * Ops.Relu(agreement - Ops.Sum(Ops.Abs(Ops.Constant([Count], direction))) + 0.5f));
        }
    }
}
