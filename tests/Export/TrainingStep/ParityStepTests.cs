using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>
/// Three training steps of every layer with weights for which Keras' results are stored: in the engine, and in ONNX Runtime from the exported step.
/// </summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class ParityStepTests
{
    private const int Steps = 3;

    public static IEnumerable<object[]> Cases =>
        ParityFolder.Files("layers", "*.json").Where(file => ParityFolder.Read(file)["weights"]!.AsArray().Count > 0).Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Three_steps_agree_with_the_engine(string file)
    {
        var item = ParityCase.Read(file);
        var random = new Random(1);
        NDArray[] x = [.. item.Inputs.Zip(item.Model.Inputs, (array, input) => array.To(input.Value.Spec.Type, file))];
        NDArray[] y = [.. item.Outputs.Select(output => Noise(random, ParityArray.Read(output).Shape))];

        // The momentum holds the gradients, so that they are compared directly and not only by their small effect on a weight.
        var trainer = item.Model.Compile(new Sgd(0.1, momentum: 0.9), Loss.MeanSquaredError, threads: 1);
        StepComparison.Run(trainer, _ => new StepBatch(x, y), Steps);
    }

    private static NDArray Noise(Random random, Shape shape) =>
        NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => random.NextSingle())], shape);
}
