using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Models;

/// <summary>Layers of a user's own that have several outputs.</summary>
[TestClass]
public sealed class MultiOutputLayerTests
{
    private static readonly float[,] s_x = { { 1, 2, 3 }, { 0, -1, 2 } };

    [TestMethod]
    public void Outputs_are_computed_from_weights_of_the_layer_and_of_layers_in_it()
    {
        var x = Model.Input([3]);
        var (sum, difference) = new SumAndDifference(4).Call(x);
        var model = new Model(x, [sum, difference, new Add().Call(sum, difference)]);
        CollectionAssert.AreEqual(
            new[] { "sum_and_difference/scale", "sum_and_difference/dense/kernel", "sum_and_difference/dense/bias" },
            model.WeightPaths().Select(weight => weight.Path).ToArray());
        var outputs = model.PredictAll(s_x);
        var dense = outputs[2].ToArray();
        CollectionAssert.AreEqual(outputs[0].ToArray().Zip(outputs[1].ToArray(), (a, b) => a + b).ToArray(), dense);
    }

    [TestMethod]
    public void It_is_trained_exported_written_and_read()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([3]);
        var (sum, difference) = new SumAndDifference(2).Call(x);
        var model = new Model(x, new Concatenate().Call(sum, difference));
        Assert.IsTrue(GradientCheck.Run(model, Loss.MeanSquaredError, s_x, new float[2, 4]).Passed);
        model.Compile(new Sgd(0.01), Loss.MeanSquaredError).Fit(s_x, new float[2, 4], verbose: 0);
        model.ExportOnnx(folder.File("model.onnx"));
        model.Save(folder.File("model.keras"));
        var copy = Model.Load(folder.File("model.keras"), new CustomObjects().Add<SumAndDifference>());
        CollectionAssert.AreEqual(model.Predict(s_x).ToArray(), copy.Predict(s_x).ToArray());
    }

    private sealed class SumAndDifference(int units, string? name = null) : MultiOutputLayer(name)
    {
        private readonly Dense _dense = new(units);

        public int Units => units;

        protected override SymbolicTensors Forward(SymbolicTensors tensors)
        {
            var y = _dense.Call(tensors[0]);
            var scale = Weight("scale", [units], Initializer.Ones);
            return [y + scale, y - scale];
        }
    }
}
