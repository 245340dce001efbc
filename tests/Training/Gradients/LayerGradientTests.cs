using System.Numerics.Tensors;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Gradients;

/// <summary>Every layer runs, and its gradients with respect to weights and inputs agree with finite differences.</summary>
[TestClass]
public sealed class LayerGradientTests
{
    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Gradients_agree_with_finite_differences(LayerCase row)
    {
        var random = new Random(1);
        var model = row.Build();
        var samples = row.BatchSize ?? 2;
        var x = NDArrays.Create([.. row.Inputs.Select(shape => Data(row, shape, samples, random))]);
        var outputs = model.PredictAll(x);
        foreach (var output in outputs)
        {
            foreach (var number in output.ToArray()) Assert.IsTrue(float.IsFinite(number));
        }

        if (!row.Differentiable) return;
        NDArray y = NDArray.Create([.. outputs[0].ToArray().Select(_ => random.NextSingle())], outputs[0].Shape);
        foreach (var weight in model.Weights.Where(weight => weight.Trainable))
        {
            for (var i = 0; i < weight.Length; i++) weight.Storage[i] += (random.NextSingle() - 0.5f) * 0.2f;
        }

        if (model.Weights.Any(weight => weight.Trainable))
            Passes(GradientCheck.Run(new Model(model.Inputs, model.Outputs[0]), Loss.MeanSquaredError, x, y));
        if (row.InputType != DType.Float32 || row.Inputs.Any(shape => !shape.IsKnown)) return;

        // Input times a weight of ones: the gradient of that weight is the gradient that came through the layer.
        SymbolicTensor[] inputs = [.. row.Inputs.Select(shape => Model.Input(shape, batchSize: row.BatchSize))];
        SymbolicTensor[] scaled = [.. inputs.Select((input, i) => new Scale(row.Inputs[i]).Call(input))];
        var outer = new Model(inputs, row.Create().CallAll(scaled, row.Options)[0]);
        Passes(GradientCheck.Run(outer, Loss.MeanSquaredError, x, y));

        static void Passes(GradientReport report) => Assert.IsTrue(report.Passed, report.ToString());
    }

    private static NDArray Data(LayerCase row, Shape shape, int samples, Random random)
    {
        nint[] lengths = [samples, .. shape.Select(dim => (nint)(dim ?? 3))];
        var count = (int)lengths.Aggregate((product, length) => product * length);
        return Tensor.Create(
            [.. Enumerable.Range(0, count).Select(_ => row.InputType == DType.Int64 ? random.Next(row.Classes) : (random.NextSingle() * 2) - 1)],
            lengths);
    }

    private sealed class Scale(Shape shape) : Layer
    {
        protected override SymbolicTensor Forward(SymbolicTensor x) => x * Weight("scale", shape, Initializer.Ones);
    }
}
