using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Metrics against Keras: the result after several batches.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class ParityMetricTests
{
    public static IEnumerable<object[]> Metrics => ParityFolder.Cases("metrics.json");

    [TestMethod]
    [DynamicData(nameof(Metrics))]
    public void Results_over_batches_are_those_of_Keras(string file, int number, string _)
    {
        var item = ParityFolder.Case(file, number);
        var metric = KerasObjects.Make<Metric>((string)item["metric"]!, item["config"]!.AsObject());
        List<double[]>? totals = null;
        using var pool = new WorkerPool(1);
        foreach (var update in item["updates"]!.AsArray())
        {
            NDArray[] data = [ParityArray.Read(update!["y_true"]!), ParityArray.Read(update["y_pred"]!)];
            if (update["sample_weight"] is { } weight) data = [.. data, ParityArray.Read(weight)];
            var inputs = data.Select((array, i) => new InputLayer(array.Shape.With(0, Shape.Unknown), array.DType, "input_" + i).Tensor).ToArray();
            var sums = metric.For(inputs[0].Shape, inputs[1].Shape).Sums(inputs[0], inputs[1], inputs.ElementAtOrDefault(2));
            var plan = Planner.Plan(
                new PlanRequest(PlanOptions.WithoutModel(), [.. inputs.Select(input => input.Value)], [.. sums.Select(sum => sum.Value)], []),
                [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
            for (var i = 0; i < data.Length; i++) data[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
            plan.Run(pool);
            totals ??= [.. plan.Outputs.Select(output => new double[output.Length])];
            for (var i = 0; i < totals.Count; i++)
            {
                for (var j = 0; j < totals[i].Length; j++) totals[i][j] += plan.Outputs[i].Floats[j];
            }
        }

        ParityArray.AreClose(ParityArray.Floats(item["result"]!), [.. metric.Results(totals!).Select(result => (float)result)], 1e-5, "result");
    }
}
