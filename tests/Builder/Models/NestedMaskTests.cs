using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Models;

/// <summary>A mask that a model makes inside travels with its output, although the output's numbers do not depend on it.</summary>
[TestClass]
public sealed class NestedMaskTests
{
    [TestMethod]
    [DataRow("sequential")]
    [DataRow("functional")]
    [DataRow("two levels")]
    [DataRow("second output")]
    [DataRow("called twice")]
    public void A_mask_made_in_a_nested_model_is_that_of_its_output(string form)
    {
        var tokens = Model.Input([5], DType.Int64, name: "tokens");
        var embedding = new Embedding(7, 4, maskZero: true);
        var dense = new Dense(4);
        var lstm = new Lstm(3);
        var flat = new Model(tokens, lstm.Call(dense.Call(embedding.Call(tokens))));

        var inside = Model.Input([5], dtype: DType.Int64, name: "inside");
        var encoded = dense.Call(embedding.Call(inside));
        var functional = new Model(inside, encoded, name: "encoder");
        var called = form switch
        {
            "sequential" => new Sequential([5], embedding, dense).Call(tokens),
            "functional" => functional.Call(tokens),
            "two levels" => new Sequential([5], new Sequential([5], embedding), dense).Call(tokens),
            "second output" => new Model([inside], [new Flatten().Call(encoded), encoded], name: "encoder").Call([tokens])[1],
            _ => Second(functional, tokens),
        };
        Assert.IsNotNull(called.Mask);
        var nested = new Model(tokens, lstm.Call(called));

        NDArray x = Tensor.Create([3L, 2, 6, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4], [4, 5]);
        var expected = flat.Predict(x).ToArray();
        CollectionAssert.AreEqual(expected, nested.Predict(x).ToArray());
        using var folder = new TemporaryFolder();
        KerasFile.Save(nested, folder.File("nested.keras"));
        CollectionAssert.AreEqual(expected, Model.Load(folder.File("nested.keras")).Predict(x).ToArray());
        Assert.IsTrue(nested.ExportOnnx(folder.File("nested.onnx")).IsVerified);
    }

    private static SymbolicTensor Second(Model model, SymbolicTensor input)
    {
        model.Call(input);
        return model.Call(input);
    }
}
