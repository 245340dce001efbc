using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>What compiles and is hardly meant is a warning that names the output and the remedy.</summary>
[TestClass]
[DoNotParallelize]
public sealed class CompileWarningTests
{
    private static readonly float[,] s_x = { { 1, 2 }, { 3, 4 } };

    [TestMethod]
    public void A_softmax_over_one_unit_is_said_once()
    {
        var model = Network(new Dense(1, Activation.Softmax, name: "only"));
        var warning = Warned(() =>
        {
            model.Compile(new Adam(), Loss.BinaryCrossentropy);
            model.Compile(new Adam(), Loss.BinaryCrossentropy);
        }).Single();
        Assert.AreEqual(WarningKind.ConstantSoftmax, warning.Kind);
        StringAssert.StartsWith(warning.Message, "Layer 'only' takes a softmax over one value, axis -1 of (None, 1), which is always 1");
        StringAssert.Contains(warning.Message, "Activation.Sigmoid");
        Assert.HasCount(1, Warned(() => Network(new Dense(1), new Softmax()).Compile(new Adam(), Loss.MeanSquaredError)));
        Assert.IsEmpty(Warned(() => Network(new Dense(2, Activation.Softmax)).Compile(new Adam(), Loss.CategoricalCrossentropy)));
    }

    [TestMethod]
    public void A_loss_of_probabilities_on_a_linear_layer_is_said()
    {
        Loss[] losses =
        [
            Loss.BinaryCrossentropy, Loss.CategoricalCrossentropy, Loss.SparseCategoricalCrossentropy, new BinaryFocalCrossentropy(),
            new CategoricalFocalCrossentropy(),
        ];
        foreach (var loss in losses)
        {
            var warning = Warned(() => Network(new Dense(3, name: "scores")).Compile(new Adam(), loss)).Single();
            Assert.AreEqual(WarningKind.LossOnLogits, warning.Kind);
            StringAssert.StartsWith(warning.Message, $"Output 'scores': {loss.Name} takes probabilities, but layer 'scores' is linear");
            StringAssert.Contains(warning.Message, "fromLogits: true");
        }

        // The same sum without a bias, over positions, from a convolution, behind a layer that only moves.
        var image = Model.Input([4, 4, 1]);
        foreach (var output in new[]
        {
            image.Apply(new Dense(3)), image.Apply(new Conv2D(1, 3)), image.Apply(new Flatten(), new Dense(4), new Reshape([2, 2])),
        })
            Assert.HasCount(1, Warned(() => new Model(image, output).Compile(new Adam(), Loss.BinaryCrossentropy)));
    }

    [TestMethod]
    public void A_loss_of_logits_on_probabilities_is_said()
    {
        foreach (var (activation, loss) in new (Activation, Loss)[]
        {
            (Activation.Sigmoid, new BinaryCrossentropy(fromLogits: true)), (Activation.Softmax, new SparseCategoricalCrossentropy(fromLogits: true)),
        })
        {
            var warning = Warned(() => Network(new Dense(3, activation, name: "scores")).Compile(new Adam(), loss)).Single();
            Assert.AreEqual(WarningKind.LossOnProbabilities, warning.Kind);
            StringAssert.StartsWith(warning.Message, $"Output 'scores': {loss.Name} has fromLogits: true, but layer 'scores'");
        }
    }

    [TestMethod]
    public void An_output_without_loss_and_metric_is_said()
    {
        var input = Model.Input([2]);
        var model = new Model(input, [input.Apply(new Dense(1, name: "price")), input.Apply(new Dense(1, name: "forgotten"))]);
        var losses = new Dictionary<string, Loss> { ["price"] = Loss.MeanSquaredError };
        var warning = Warned(() => model.Compile(new Adam(), losses)).Single();
        Assert.AreEqual(WarningKind.OutputWithoutLoss, warning.Kind);
        StringAssert.StartsWith(warning.Message, "Output 'forgotten' has neither a loss nor a metric");
    }

    [TestMethod]
    public void A_Fit_without_an_epoch_is_said()
    {
        foreach (var (initial, epochs) in new[] { (0, 0), (3, 3), (5, 2) })
        {
            var trainer = Network(new Dense(1)).Compile(new Adam(), Loss.MeanSquaredError);
            var warning = Warned(() => trainer.Fit(s_x, new float[] { 1, 2 }, epochs: epochs, initialEpoch: initial, verbose: 0)).Single();
            Assert.AreEqual(WarningKind.NoEpoch, warning.Kind);
            StringAssert.StartsWith(warning.Message, $"Fit has epochs: {epochs} and initialEpoch: {initial}, so nothing is trained.");
            Assert.AreEqual(0, trainer.Iterations);
        }
    }

    [TestMethod]
    public void What_is_meant_is_no_warning()
    {
        var input = Model.Input([2]);
        var probability = input.Apply(new Dense(1, Activation.Sigmoid));
        Assert.IsEmpty(Warned(() =>
        {
            Network(new Dense(1)).Compile(new Adam(), Loss.MeanSquaredError).Fit(s_x, new float[] { 1, 2 }, epochs: 2, initialEpoch: 1, verbose: 0);
            Network(new Dense(1)).Compile(new Adam(), new BinaryCrossentropy(fromLogits: true));
            Network(new Dense(1, Activation.Sigmoid)).Compile(new Adam(), Loss.BinaryCrossentropy);
            Network(new Dense(4), new Softmax()).Compile(new Adam(), Loss.SparseCategoricalCrossentropy);
            Network(new Dense(4), new LayerNormalization()).Compile(new Adam(), Loss.BinaryCrossentropy);

            // A mean of probabilities is one.
            new Model(input, (probability + input.Apply(new Dense(1, Activation.Sigmoid))) * 0.5f).Compile(new Adam(), Loss.BinaryCrossentropy);
        }));
    }

    private static Model Network(params Layer[] layers)
    {
        var input = Model.Input([2]);
        return new Model(input, input.Apply(layers));
    }

    private static List<ModelWarning> Warned(Action action)
    {
        var warnings = new List<ModelWarning>();
        Warnings.Raised += warnings.Add;
        try
        {
            action();
        }
        finally
        {
            Warnings.Raised -= warnings.Add;
        }

        return warnings;
    }
}
