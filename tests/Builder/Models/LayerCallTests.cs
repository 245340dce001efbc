using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Cases;

namespace OnnxFunctional.Tests.Builder.Models;

/// <summary>Every layer is called in one way, whatever its class: what <see cref="Model.GetLayer"/> returns can be used without a cast.</summary>
[TestClass]
public sealed class LayerCallTests
{
    [TestMethod]
    public void What_GetLayer_returns_is_callable()
    {
        var (a, b) = (Model.Input([4]), Model.Input([4]));
        var merged = new Add(name: "sum").Call(new Dense(4, name: "dense").Call(a), b);
        var inner = new Model([a, b], [merged, a], "inner");
        var (x, y) = (Model.Input([4]), Model.Input([4]));

        LayerBase dense = inner.GetLayer("dense");
        var hidden = dense.Call(x)[0];
        var sum = inner.GetLayer("sum").Call([hidden, y]);
        Assert.AreEqual(1, sum.Count);
        Assert.AreSame(inner.GetLayer("dense").Weights[0], new Model([x, y], sum).GetLayer("dense").Weights[0]);

        // A model, with all its outputs.
        LayerBase model = inner;
        Assert.AreEqual(2, model.Call([x, y]).Count);
    }

    [TestMethod]
    public void Overloads_of_layers_merges_and_models_are_told_apart()
    {
        var (a, b) = (Model.Input([4]), Model.Input([4]));
        var dense = new Dense(4);
        SymbolicTensor one = dense.Call(a);
        SymbolicTensors list = dense.Call([a]);
        SymbolicTensors converted = dense.Call((SymbolicTensors)a);
        SymbolicTensor fixedMode = dense.Call(a, training: false);
        SymbolicTensor merged = new Add().Call(a, b);
        SymbolicTensor literal = new Add().Call([a, b]);
        SymbolicTensor array = new Add().Call(new[] { a, b });
        SymbolicTensors several = new Add().Call((SymbolicTensors)new[] { a, b });
        var model = new Model(a, one);
        SymbolicTensor output = model.Call(b);
        SymbolicTensors outputs = model.Call([b]);
        SymbolicTensor attended = new MultiHeadAttention(2, 3).Call(Model.Input([5, 4]), Model.Input([5, 4]));
        foreach (var tensor in new[] { one, fixedMode, merged, literal, array, output }) Assert.AreEqual(Shape.Create([null, 4]), tensor.Shape);
        foreach (var tensors in new[] { list, converted, several, outputs }) Assert.AreEqual(1, tensors.Count);
        Assert.AreEqual(3, attended.Shape.Count);
    }

    [TestMethod]
    public void Inputs_are_not_called()
    {
        var x = Model.Input([4], name: "pixels");
        var input = new Model(x, new Dense(2).Call(x)).GetLayer("pixels");
        var error = Assert.ThrowsExactly<ModelException>(() => input.Call([x]));
        Assert.AreEqual("Input 'pixels' cannot be called; call other layers on its Output.", error.Message);
    }

    /// <summary>For every layer, a wrong number of tensors gives an error that names the layer.</summary>
    [TestMethod]
    public void A_call_on_no_tensor_or_on_too_many_is_refused_by_a_sentence()
    {
        foreach (var row in LayerCases.All)
        {
            foreach (var count in new[] { 0, 7 })
            {
                var layer = row.Create();
                try
                {
                    layer.Call(Enumerable.Range(0, count).Select(_ => Model.Input([3, 5, 7, 4])).ToArray());
                }
                catch (ModelException error)
                {
                    Assert.Contains(layer.Name, error.Message, row.Name);
                    continue;
                }

                // Merging layers take any number, so seven are fine.
                Assert.IsTrue(count == 7 && layer is MergeLayer, $"{row.Name} took {count} tensors");
            }
        }
    }
}
