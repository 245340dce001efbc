using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>TimeDistributed under a mask that travels and under one that is given.</summary>
[TestClass]
public sealed class TimeDistributedMaskTests
{
    [TestMethod]
    [DataRow("dense", false)]
    [DataRow("conv", false)]
    [DataRow("dense", true)]
    [DataRow("conv", true)]
    public void It_predicts_exports_and_is_saved(string kind, bool given)
    {
        var input = Model.Input([4, 6, 2]);
        var mask = given ? Model.Input([4], DType.Bool) : null;
        var x = given ? input : new Masking().Call(new Reshape([4, 12]).Call(input));
        if (!given && kind == "conv") x = new TimeDistributed(new Reshape([6, 2])).Call(x);
        var layer = new TimeDistributed(kind == "dense" ? new Dense(3) : new Conv1D(3, 2));
        var y = layer.CallAll(x, new CallOptions { Mask = mask })[0];
        var model = given ? new Model([input, mask!], new Flatten().Call(y)) : new Model(input, new Flatten().Call(y));
        NDArray data = NDArray.Create([.. Enumerable.Range(0, 2 * 48).Select(i => i is >= 12 and < 24 ? 0 : MathF.Sin(i))], Shape.Of(2, 4, 6, 2));
        NDArray flags = System.Numerics.Tensors.Tensor.Create([true, false, true, true, true, true, false, false], [2, 4]);
        var inputs = NDArrays.Create(given ? [data, flags] : [data]);
        var expected = model.PredictAll(inputs)[0].ToArray();
        using var folder = new TemporaryFolder();
        model.Save(folder.File("a.keras"));
        CollectionAssert.AreEqual(expected, Model.Load(folder.File("a.keras")).PredictAll(inputs)[0].ToArray());
        model.ExportOnnx(folder.File("a.onnx"));
    }
}
