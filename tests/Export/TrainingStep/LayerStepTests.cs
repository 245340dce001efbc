using OnnxFunctional.Export;
using OnnxFunctional.Layers;
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
    private const int Batch = 3;
    private const int Steps = 3;

    // For lengths that are known only at run time.
    private const int OpenLength = 4;

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
        var size = row.BatchSize ?? Batch;
        SymbolicTensor[] inputs = [.. row.Inputs.Select((shape, i) => Model.Input(shape, row.InputType, "input_" + i, row.BatchSize))];
        var before = row.InputType == DType.Float32
            ? [.. inputs.Select(input => input.Apply(new Dense(input.Shape[^1] ?? throw new InvalidOperationException(row.Name))))]
            : inputs;
        var outputs = row.Create().CallAll(before, row.Options);
        var model = new Model(inputs, outputs, "case");
        var trainer = model.Compile(new Sgd(0.05f, momentum: 0.9f), Loss.MeanSquaredError, threads: 1);
        StepComparison.Run(
            trainer,
            step => new StepBatch(
                [.. row.Inputs.Select((shape, i) => Data(row, Known(shape.Insert(0, size)), (step * 10) + i))],
                [.. outputs.Select((output, i) => StepData.Shares((step * 10) + 5 + i, [.. Known(output.Shape.With(0, size)).Dims]))]),
            Steps,
            opset);
    }

    private static Shape Known(Shape shape) => Shape.Of([.. shape.Select(dim => dim ?? OpenLength)]);

    private static NDArray Data(LayerCase row, Shape shape, int seed) => row.InputType == DType.Float32
        ? row.PositiveInputs ? StepData.Shares(seed, [.. shape.Dims]) : StepData.Signed(seed, [.. shape.Dims])
        : StepData.Numbers(seed, row.Classes, [.. shape.Dims]).To(row.InputType, row.Name);
}
