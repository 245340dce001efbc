using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Softplus of sums above 88, where ONNX Runtime's own LSTM, GRU and RNN compute Infinity.</summary>
[TestClass]
public sealed class SoftplusGateTests
{
    [TestMethod]
    public void Softplus_does_not_overflow_in_files()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([3, 2]);
        var data = OnnxValue.From(Tensor.Create([100f, 200, 300, 400, 500, 600], [1, 3, 2]));
        foreach (var layer in new Layer[] { new Lstm(2, Activation.Softplus), new Gru(2, Activation.Softplus), new SimpleRnn(2, Activation.Softplus) })
        {
            var model = new Model(x, layer.Call(x));
            foreach (var weight in model.Weights) weight.Storage.AsSpan().Fill(0.5f);
            Assert.IsTrue(model.ExportOnnx(folder.File("model.onnx"), new ExportOptions { Samples = [data] }).IsVerified, layer.Name);
        }
    }
}
