using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>Losses that Forward adds, in layers and in models as classes, with and without a loss and targets of their own.</summary>
[TestClass]
public sealed class AddedLossTests
{
    private static readonly float[,] s_x = { { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 }, { 1, 0, 1 } };
    private static readonly float[,] s_y = { { 1, 0 }, { 0, 1 }, { 2, 2 }, { 1, 3 } };

    [TestMethod]
    public void A_model_as_a_class_adds_a_loss_in_Forward()
    {
        var model = new Penalized();
        var trainer = model.Compile(new Sgd(0.01), Loss.MeanSquaredError);
        var history = trainer.Fit(s_x, s_y, epochs: 2, verbose: 0);
        Assert.IsLessThan(history["loss"][0], history["loss"][1]);
        AddsPenalty(model, s_x);
    }

    [TestMethod]
    public void It_adds_it_inside_another_model_too()
    {
        var built = new Penalized();
        built.Build([3]);
        foreach (var inner in new[] { new Penalized(), built })
        {
            var x = Model.Input([3]);
            AddsPenalty(new Model(x, inner.Call(x)), s_x);
        }
    }

    [TestMethod]
    public void It_adds_it_when_it_is_called_on_a_masked_input()
    {
        var x = Model.Input([1, 3]);
        var model = new Model(x, new Reshape([2]).Call(new Penalized().Call(new Masking(-1).Call(x))));
        AddsPenalty(model, new float[,,] { { { 1, 2, 3 } }, { { 4, 5, 6 } }, { { 7, 8, 9 } }, { { 1, 0, 1 } } });
    }

    [TestMethod]
    public void A_pruned_model_keeps_it()
    {
        var model = new Penalized();
        model.Build([3]);
        AddsPenalty(model.Prune(0.5f).Model, s_x);
    }

    [TestMethod]
    public void A_loss_of_layers_beside_the_way_to_the_output_is_refused()
    {
        var error = Assert.Throws<ModelException>(() => new Detached().Build([3]));
        StringAssert.Contains(error.Message, "depends on layer 'beside', on which its output does not depend");
        Assert.IsFalse(Assert.Throws<ModelException>(() => new Bare().Build([3])).Message.Contains("Forward; call it in Forward", StringComparison.Ordinal));
    }

    [TestMethod]
    public void A_model_whose_layers_add_losses_needs_no_other_loss_and_no_targets()
    {
        var x = Model.Input([3]);
        var model = new Model(x, new ActivityRegularization(l2: 0.1).Call(new Dense(2).Call(x)));
        var trainer = model.Compile(new Sgd(0.001));
        var history = trainer.Fit(s_x, epochs: 3, verbose: 0);
        Assert.IsLessThan(history["loss"][0], history["loss"][2]);
        Assert.AreEqual(trainer.Evaluate(s_x, verbose: 0)["loss"], trainer.Evaluate(s_x, s_y, verbose: 0)["loss"]);
        Assert.AreEqual(trainer.Evaluate(s_x, verbose: 0)["loss"], trainer.TestOnBatch(s_x)["loss"], 1e-5);
        var bare = new Model(x, new Dense(2).Call(x)).Compile(new Sgd());
        StringAssert.Contains(Assert.Throws<ModelException>(() => bare.Fit(s_x, verbose: 0)).Message, "nothing to minimize");
    }

    [TestMethod]
    public void Targets_that_nothing_reads_may_be_left_out_and_no_others()
    {
        var x = Model.Input([3]);
        var model = new Model(x, [new Dense(1, name: "a").Call(x), new Dense(2, name: "b").Call(x)]);
        var trainer = model.Compile(new Sgd(0.001), new() { ["b"] = Loss.MeanSquaredError });
        var expected = trainer.Evaluate(s_x, [new float[4], s_y], verbose: 0)["loss"];
        Assert.AreEqual(expected, trainer.Evaluate(s_x, new() { ["b"] = s_y }, verbose: 0)["loss"]);
        Assert.AreEqual(expected, trainer.Evaluate(s_x, s_y, verbose: 0)["loss"]);
        StringAssert.Contains(Assert.Throws<ModelException>(() => trainer.Evaluate(s_x, verbose: 0)).Message, "Output 'b' has a loss or a metric");
        StringAssert.Contains(
            Assert.Throws<ModelException>(() => trainer.Evaluate(s_x, new() { ["a"] = new float[4] }, verbose: 0)).Message, "'a', 'b'");
        var measured = model.Compile(new Sgd(), new() { ["b"] = Loss.MeanSquaredError }, metrics: new() { ["a"] = Metric.MeanAbsoluteError });
        Assert.Throws<ModelException>(() => measured.Evaluate(s_x, s_y, verbose: 0));
    }

    /// <summary>The loss of an evaluation is the mean squared error and twice the mean of the squared outputs.</summary>
    private static void AddsPenalty(Model model, NDArrays x)
    {
        var predicted = model.Predict(x).ToArray();
        var error = predicted.Zip(s_y.Cast<float>(), (p, y) => (p - y) * (p - y)).Average();
        var expected = error + (2 * predicted.Select(p => p * p).Average());
        Assert.AreEqual(expected, model.Compile(new Sgd(), Loss.MeanSquaredError).Evaluate(x, s_y, verbose: 0)["loss"], 1e-4 * expected);
    }

    private sealed class Penalized : Model
    {
        private readonly Dense _hidden = new(4, Activation.Tanh), _output = new(2);

        protected override SymbolicTensor Forward(SymbolicTensor x)
        {
            var y = _output.Call(_hidden.Call(x));
            AddLoss(2 * Ops.Mean(Ops.Square(y)));
            return y;
        }
    }

    private sealed class Detached : Model
    {
        private readonly Dense _output = new(2), _beside = new(2, name: "beside");

        protected override SymbolicTensor Forward(SymbolicTensor x)
        {
            AddLoss(Ops.Mean(_beside.Call(x)));
            return _output.Call(x);
        }
    }

    private sealed class Bare : Model
    {
        protected override SymbolicTensor Forward(SymbolicTensor x)
        {
            AddLoss(Ops.Mean(x));
            return x * 2;
        }
    }
}
