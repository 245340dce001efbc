using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Execution;

/// <summary>A process that may use no more memory gets a sentence, and everything can be used on.</summary>
[TestClass]
[DoNotParallelize]
public sealed class MemoryShortageTests
{
    private const long Megabyte = 1_000_000;
    private Func<long> _available = null!;

    [TestInitialize]
    public void Begin()
    {
        _available = EngineMemory.Plans.Available;
        EngineMemory.ReleasePlans();
    }

    [TestCleanup]
    public void End() => EngineMemory.Plans.Available = _available;

    [TestMethod]
    public void A_prediction_that_does_not_fit_names_the_largest_requests()
    {
        var model = Network();
        var small = new float[1, 8];
        var expected = model.Predict(small).ToArray();
        Allow(20 * Megabyte);
        var error = Assert.Throws<ModelMemoryException>(() => model.Predict(new float[1000, 8], batchSize: 1000));
        StringAssert.StartsWith(error.Message, "There is not enough memory for the values of this batch: ");
        StringAssert.Contains(error.Message, "(1000, 8192) in layer 'wide' with 32.8 MB");
        StringAssert.Contains(error.Message, "Use a smaller batch");
        CollectionAssert.AreEqual(expected, model.Predict(small).ToArray());
    }

    [TestMethod]
    public void A_step_that_does_not_fit_changes_no_weight()
    {
        var model = Network();
        var trainer = model.Compile(new Adam(), Loss.MeanSquaredError, threads: 1);
        trainer.TrainOnBatch(new float[1, 8], new float[1, 2]);
        var before = model.Weights.SelectMany(weight => weight.Value.ToArray()).ToArray();
        Allow(20 * Megabyte);
        var error = Assert.Throws<ModelMemoryException>(() => trainer.Fit(
            new float[1000, 8], new float[1000, 2], batchSize: 1000, verbose: Verbosity.Silent));
        StringAssert.Contains(error.Message, "in layer 'wide'");
        CollectionAssert.AreEqual(before, model.Weights.SelectMany(weight => weight.Value.ToArray()).ToArray());
        Assert.AreEqual(1, trainer.Iterations);
        trainer.Fit(new float[1, 8], new float[1, 2], verbose: Verbosity.Silent);
    }

    [TestMethod]
    public void Plans_of_other_shapes_make_room_before_memory_is_refused()
    {
        var (model, other) = (Network(), Network());
        other.Predict(new float[400, 8], batchSize: 400);
        Allow(20 * Megabyte);
        model.Predict(new float[400, 8], batchSize: 400);
    }

    [TestMethod]
    public void A_failed_run_leaves_no_memory_behind()
    {
        var model = Network();
        Allow(20 * Megabyte);
        var before = EngineMemory.Plans.Native.Bytes;
        for (var i = 0; i < 3; i++) Assert.Throws<ModelMemoryException>(() => model.Predict(new float[1000, 8], batchSize: 1000));
        EngineMemory.ReleasePlans();
        Assert.AreEqual(before, EngineMemory.Plans.Native.Bytes);
    }

    /// <summary>Lets the process use so much more than it does now.</summary>
    private static void Allow(long bytes)
    {
        var limit = GC.GetTotalMemory(forceFullCollection: true) + EngineMemory.Plans.Native.Bytes + bytes;
        EngineMemory.Plans.Available = () => limit;
    }

    private static Model Network()
    {
        var input = Model.Input([8]);
        return new Model(input, input.Apply(new Dense(8192, Activation.Relu, name: "wide"), new Dense(2)));
    }
}
