using OnnxFunctional.Export;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Export;

[TestClass]
public sealed class PruningReportTests
{
    [TestMethod]
    public void The_report_counts_what_both_models_cost()
    {
        var image = Model.Input([8, 8, 1]);
        var model = new Model(
            image,
            image.Apply(new Conv2D(4, 3, activation: Activation.Relu), new BatchNormalization(), new Flatten(), new Dense(6), new Dense(2)));
        var report = PruningReport.Measure(model, model.Prune(0.5).Model, runs: 5);
        Assert.AreEqual((4 * 9) + 4 + 16 + (144 * 6) + 6 + 12 + 2, report.Before.Parameters);
        Assert.AreEqual((36 * 4 * 9) + (144 * 6) + 12, report.Before.MultiplyAdds);
        Assert.AreEqual((36 * 2 * 9) + (72 * 3) + 6, report.After.MultiplyAdds);
        Assert.IsLessThan(report.Before.FileBytes, report.After.FileBytes);
        Assert.IsGreaterThan(0, report.Speedup);
        foreach (var row in new[] { "parameters", "multiply-adds", "ONNX file, bytes", "ONNX Runtime, ms" }) StringAssert.Contains(report.ToString(), row);
    }

    [TestMethod]
    public void Open_dimensions_several_inputs_and_fixed_batches_are_measured()
    {
        var (words, numbers) = (Model.Input([null], DType.Int64), Model.Input([3]));
        var model = new Model(
            [words, numbers],
            new Concatenate().Call(words.Apply(new Embedding(20, 4), new GlobalAveragePooling1D()), numbers.Apply(new Dense(6))).Apply(new Dense(1)));
        Assert.IsGreaterThan(0, PruningReport.Measure(model, model.Prune(0.5).Model, batchSize: 3, runs: 2).After.Milliseconds);
        var x = Model.Input([4], batchSize: 5);
        var fixedBatch = new Model(x, x.Apply(new Dense(4), new Dense(1)));
        Assert.AreEqual(5 * 20, PruningReport.Measure(fixedBatch, fixedBatch.Prune(0.5).Model, runs: 2).Before.MultiplyAdds);
        StringAssert.Contains(
            Assert.ThrowsExactly<ModelException>(() => PruningReport.Measure(model, model, batchSize: 0)).Message, "batchSize is 0; expected at least 1.");
        StringAssert.Contains(
            Assert.ThrowsExactly<ModelException>(() => PruningReport.Measure(model, model, runs: 0)).Message, "runs is 0; expected at least 1.");
    }
}
