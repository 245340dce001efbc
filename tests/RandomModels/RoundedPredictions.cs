using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>Predictions with noise in every result that is rounded: what another order of sums may lead to.</summary>
internal static class RoundedPredictions
{
    /// <summary>The values of all outputs, one array per copy.</summary>
    public static IEnumerable<float[]> Of(Model model, NDArrays x)
    {
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        var map = Specialization.Of(inputs, outputs, training: false);
        Value[] values = [.. outputs.Select(output => map[output])];
        var emitted = new EmittedModel
        {
            Model = model,
            Proto = new ModelProto(),
            Inputs = [.. inputs.Select((input, i) => ("input" + i, input))],
            Outputs = [.. values.Select((value, i) => ("output" + i, value))],
            Layers = [],
        };
        NDArray[] data = [.. x];
        foreach (var copy in RoundedRuns.Of(emitted, values, data, Run)) yield return [.. copy.SelectMany(array => array.AsFloats().ToArray())];

        NDArray[] Run(PlanRequest request)
        {
            using var plan = Planner.Plan(request, [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
            for (var i = 0; i < data.Length; i++) data[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
            plan.Run(ModelEngine.Of(model).Pool);
            return [.. plan.Outputs.Select(output => NDArray.Create(output.Floats.ToArray(), output.Shape))];
        }
    }
}
