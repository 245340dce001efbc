using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Losses against Keras: values for every reduction, with and without weights, and the gradient of their sum.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class ParityLossTests
{
    public static IEnumerable<object[]> Losses => ParityFolder.Cases("losses.json");

    [TestMethod]
    [DynamicData(nameof(Losses))]
    public void Values_and_gradients_are_those_of_Keras(string file, int number, string _)
    {
        var item = ParityFolder.Case(file, number);
        var config = item["config"]!.DeepClone().AsObject();
        config["reduction"] = (string?)item["reduction"];
        var loss = KerasObjects.Make<Loss>((string)item["loss"]!, config);
        var (yTrue, yPred) = (ParityArray.Read(item["y_true"]!), ParityArray.Read(item["y_pred"]!));
        NDArray[] data = item["sample_weight"] is { } weight ? [yTrue, yPred, ParityArray.Read(weight)] : [yTrue, yPred];
        var inputs = data.Select((array, i) => new InputLayer(array.Shape.With(0, Shape.Unknown), array.DType, "input_" + i).Tensor).ToArray();
        var value = loss.Reduce(inputs[0], inputs[1], inputs.ElementAtOrDefault(2));
        var gradient = Gradient.Of(value, inputs[1]);
        var plan = Planner.Plan(
            new PlanRequest(PlanOptions.WithoutModel(), [.. inputs.Select(input => input.Value)], [value.Value, gradient.Value], []),
            [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
        for (var i = 0; i < data.Length; i++) data[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
        using var pool = new WorkerPool(1);
        plan.Run(pool);
        ParityArray.AreClose(ParityArray.Floats(item["value"]!), plan.Outputs[0].Floats, 1e-5, "value");
        ParityArray.AreClose(ParityArray.Floats(item["grad_of_sum"]!), plan.Outputs[1].Floats, 1e-5, "gradient");
    }
}
