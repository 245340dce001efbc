using OnnxFunctional.Export;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>
/// Every layer in a training step, after a layer with weights so that the gradient of its inputs
/// counts: three steps in the engine and in ONNX Runtime, in the newest and the oldest opset.
/// </summary>
[TestClass]
public sealed class LayerStepTests
{
    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Newest_opset(LayerCase row) => Run(row, 21);

    /// <summary>Random numbers need bitwise operators, which opset 18 introduced.</summary>
    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Oldest_opset(LayerCase row)
    {
        try
        {
            Run(row, 17);
        }
        catch (ExportException refused) when (refused.Message.Contains("draws random numbers", StringComparison.Ordinal))
        {
            Assert.Contains("Use opset 18 or later", refused.Message);
        }
    }

    private static void Run(LayerCase row, int opset)
    {
        var step = new LayerStep(row);
        var trainer = step.Model.Compile(new Sgd(0.05, momentum: 0.9), Loss.MeanSquaredError, threads: 1);
        StepComparison.Run(trainer, step.BatchAt, steps: 3, opset);
    }
}
