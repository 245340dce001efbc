using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Models;

/// <summary>Layers taken off a stack again.</summary>
[TestClass]
public sealed class SequentialPopTests
{
    private static readonly float[,] s_x = { { 1, 2, 3 } };

    [TestMethod]
    public void The_last_layer_is_removed_and_another_takes_its_place()
    {
        foreach (var built in new[] { false, true })
        {
            var model = new Sequential();
            if (built) model.Add(Model.Input([3]));
            model.Add(new Dense(2, Activation.Tanh));
            var last = new Dense(4);
            model.Add(last);
            Assert.AreSame(last, model.Pop());
            model.Add(new Dense(5));
            var whole = new Sequential([3], new Dense(2, Activation.Tanh), new Dense(5));
            Assert.AreEqual([1, 5], model.Predict(s_x).Shape);
            Assert.AreEqual(whole.CountParams(), model.CountParams());
            Assert.AreEqual(model.IsBuilt ? 3 : 2, model.Layers.Count);
        }
    }

    [TestMethod]
    public void A_model_that_data_built_keeps_its_input_and_its_values()
    {
        var model = new Sequential([new Dense(2), new Dense(4)]);
        model.Predict(s_x);
        var kernel = model.Weights[0].Value.ToArray();
        model.Pop();
        Assert.AreEqual([1, 2], model.Predict(s_x).Shape);
        CollectionAssert.AreEqual(kernel, model.Weights[0].Value.ToArray());
        model.Pop();
        Assert.IsFalse(model.IsBuilt);
        model.Add(new Dense(6));
        Assert.AreEqual([1, 6], model.Predict(s_x).Shape);
    }

    [TestMethod]
    public void A_stack_without_layers_or_inside_another_model_is_refused()
    {
        StringAssert.Contains(Assert.Throws<ModelException>(() => new Sequential().Pop()).Message, "no layer to remove");
        var inner = new Sequential([new Dense(2)]);
        inner.Call(Model.Input([3]));
        StringAssert.Contains(Assert.Throws<ModelException>(() => inner.Pop()).Message, "was called as a layer");
    }
}
