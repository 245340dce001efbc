using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Quantizing;

/// <summary>What the verification of files with integers takes for equal.</summary>
[TestClass]
public sealed class QuantizedVerificationTests
{
    [TestMethod]
    [DataRow(QuantizationKind.StaticInt8)]
    [DataRow(QuantizationKind.DynamicInt8)]
    public void A_mean_over_no_steps_is_not_defined_behind_a_rounding_either(QuantizationKind kind)
    {
        using var folder = new TemporaryFolder();
        var ids = Model.Input([3], DType.Int64);
        var mask = Ops.ExpandDims(Ops.Cast(Ops.NotEqual(ids, 0), DType.Float32), -1);
        var mean = Ops.Sum(new Embedding(4, 5).Call(ids) * mask, axis: 1) / Ops.Sum(mask, axis: 1);
        var model = new Model(ids, new Dense(2).Call(mean), seed: 1);
        long[,] x = { { 1, 2, 3 }, { 3, 0, 0 }, { 2, 2, 1 } };
        var options = new ExportOptions { Samples = [NDArray.Create([1L, 2, 0, 0, 0, 0], [2, 3])] };
        Assert.IsTrue(model.Quantize(x, new() { Kind = kind }).ExportOnnx(folder.File("q.onnx"), options).Passed);
    }
}
