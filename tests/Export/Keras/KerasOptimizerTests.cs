using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>The state of optimizers that Keras saved: variable i holds i, i + 0.01, i + 0.02 ..., so each slot shows which one it was read from.</summary>
[TestClass]
public sealed class KerasOptimizerTests
{
    public static IEnumerable<object[]> Files =>
    [
        Case("adam.keras", new Adam(), "a/kernel/momentum=2 a/kernel/velocity=3 a/bias/momentum=4 b/bias/velocity=9"),
        Case("adam_amsgrad.keras", new Adam(amsgrad: true), "a/kernel/momentum=2 b/bias/velocity=9 a/kernel/velocity_hat=10 b/bias/velocity_hat=13"),
        Case("adam_ema.keras", new Adam(useEma: true), "a/kernel/average=2 b/bias/average=5 a/kernel/momentum=6 b/bias/velocity=13"),
        Case("sgd.keras", new Sgd(momentum: 0.9), "a/kernel/momentum=2 a/bias/momentum=3 b/bias/momentum=5"),
        Case(
            "rmsprop.keras",
            new RmsProp(momentum: 0.5, centered: true),
            "a/kernel/velocity=2 b/bias/velocity=5 a/kernel/momentum=6 b/bias/momentum=9 a/kernel/average_gradient=10 b/bias/average_gradient=13"),
        Case(
            "adafactor.keras",
            new Adafactor(0.02),
            "a/kernel/row=2 a/kernel/column=3 a/bias/velocity=7 b/kernel/row=8 b/kernel/column=9 b/bias/velocity=13"),
        Case(
            "muon.keras",
            new Muon(0.02),
            "a/kernel/momentum=2 a/bias/momentum=3 a/bias/velocity=4 b/kernel/momentum=5 b/bias/momentum=6 b/bias/velocity=7"),
        Case(
            "muon_excluded.keras",
            new Muon(0.02, excludeLayers: ["b/"]),
            "a/kernel/momentum=2 a/bias/velocity=4 b/kernel/momentum=5 b/kernel/velocity=6 b/bias/momentum=7 b/bias/velocity=8"),
        Case("nadam.keras", new Nadam(), "a/kernel/momentum=2 b/bias/velocity=9 a/kernel/u_product=10 b/bias/u_product=10"),
    ];

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void Each_variable_finds_its_slot(string file, Optimizer optimizer, string expected)
    {
        var path = PathOf(file);
        var trainer = Model.Load(path).Compile(optimizer, Loss.MeanSquaredError);
        trainer.LoadOptimizer(path);
        Assert.AreEqual(7, trainer.Iterations);
        Assert.AreEqual(0.02f, trainer.LearningRate);
        foreach (var pair in expected.Split(' ').Select(entry => entry.Split('=')))
        {
            var slot = trainer.Compiled.State.Find(pair[0]);
            Assert.IsNotNull(slot, pair[0]);
            for (var i = 0; i < slot.Length; i++)
                Assert.AreEqual(float.Parse(pair[1], System.Globalization.CultureInfo.InvariantCulture) + (i / 100f), slot.Storage[i], 1e-5f, pair[0]);
        }

        // The next step resumes from there. Made-up moments of a centered RMSprop have a negative variance, whose step is not a number.
        if (optimizer is RmsProp { Centered: true }) return;
        trainer.Fit(new float[2, 4], new float[2, 2], epochs: 1, batchSize: 2);
        Assert.AreEqual(8, trainer.Iterations);
    }

    /// <summary>Compiled as the file says, a trainer has the same state and makes the same step as one that is compiled by hand.</summary>
    [TestMethod]
    [DynamicData(nameof(Files))]
    public void A_trainer_is_loaded_with_what_the_file_says(string file, Optimizer optimizer, string expected)
    {
        Assert.IsNotEmpty(expected);
        var path = PathOf(file);
        var byHand = Model.Load(path).Compile(optimizer, Loss.MeanSquaredError);
        byHand.LoadOptimizer(path);
        var loaded = Trainer.Load(path);
        Assert.AreEqual(optimizer.GetType(), loaded.Optimizer.GetType());
        Assert.AreEqual(7, loaded.Iterations);
        if (optimizer is RmsProp { Centered: true }) return;
        var (x, y) = (new float[,] { { 1, 2, 3, 4 }, { 5, 6, 7, 9 } }, new float[,] { { 1, 0 }, { 0, 1 } });
        foreach (var trainer in (Trainer[])[byHand, loaded]) trainer.Fit(x, y, epochs: 1, batchSize: 2, verbose: Verbosity.Silent);
        foreach (var (one, other) in byHand.Model.Weights.Zip(loaded.Model.Weights)) CollectionAssert.AreEqual(one.Storage, other.Storage);
    }

    [TestMethod]
    public void The_state_of_another_optimizer_is_refused()
    {
        var trainer = Model.Load(PathOf("adam.keras")).Compile(new Sgd(momentum: 0.5), Loss.MeanSquaredError);
        StringAssert.Contains(
            Assert.ThrowsExactly<ModelException>(() => trainer.LoadOptimizer(PathOf("adam.keras"))).Message, "holds 10 variables, expected 6 for sgd");
        Assert.AreEqual(0, trainer.Iterations);
        using var folder = new TemporaryFolder();
        trainer.Model.Save(folder.File("untrained.keras"));
        StringAssert.Contains(
            Assert.ThrowsExactly<ModelException>(() => trainer.LoadOptimizer(folder.File("untrained.keras"))).Message, "holds no optimizer state");
    }

    public static string PathOf(string file) => Repository.PathOf("tests", "Reference", "keras-optimizers", file);

    private static object[] Case(string file, Optimizer optimizer, string slots) => [file, optimizer, slots];
}
