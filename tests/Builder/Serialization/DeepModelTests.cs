using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Serialization;

/// <summary>What can be saved can be opened: models inside models, and the limits that reading has.</summary>
[TestClass]
public sealed class DeepModelTests
{
    [TestMethod]
    [DataRow(60)]
    [DataRow(200)]
    public void Models_nested_this_deep_are_saved_and_opened(int depth)
    {
        using var folder = new TemporaryFolder();
        var model = Nested(depth);
        var x = new float[2, 3] { { 1, 2, 3 }, { -1, 0, 1 } };
        var expected = model.Predict(x).ToArray();
        model.Save(folder.File("deep.keras"));
        CollectionAssert.AreEqual(expected, Model.Load(folder.File("deep.keras")).Predict(x).ToArray());
        model.Compile(new Adam(), Loss.MeanSquaredError).Save(folder.File("deep.onnx"));
        CollectionAssert.AreEqual(expected, Model.Load(folder.File("deep.onnx")).Predict(x).ToArray());
    }

    [TestMethod]
    public void Writing_names_the_limit_of_reading()
    {
        var model = Nested(330);
        var message = Assert.ThrowsExactly<ModelException>(() => model.ToJson()).Message;
        StringAssert.Contains(message, "levels of JSON");
        StringAssert.Contains(message, "nest fewer");
    }

    [TestMethod]
    public void Writing_names_a_tensor_too_large_for_reading()
    {
        var input = Model.Input([4, 1]);
        var model = new Model(input, new GlobalAveragePooling1D().Call(new ZeroPadding1D(1 << 28).Call(input)));
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => model.ToJson()).Message, "layer 'zero_padding1d'");
    }

    private static Model Nested(int depth)
    {
        var input = Model.Input([3]);
        var model = new Model(input, new Dense(3).Call(input));
        for (var i = 1; i < depth; i++)
        {
            var outer = Model.Input([3]);
            model = new Model(outer, model.Call(outer));
        }

        return model;
    }
}
