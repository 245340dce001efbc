using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>What the export's own verification accepts, what it detects, and what is refused before it.</summary>
[TestClass]
public sealed class StepVerificationTests
{
    /// <summary>
    /// Adam divides by a gradient's magnitude, so a mathematically zero gradient becomes
    /// steps of rounding errors, which differ between programs and have no effect.
    /// </summary>
    [TestMethod]
    public void Weights_without_effect_may_differ()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([8, 8, 2], name: "x");
        var y = x.Apply(
            new Conv2D(6, 3),
            new BatchNormalization(),
            new Relu(),
            new Conv2D(6, 3),
            new BatchNormalization(),
            new Relu(),
            new GlobalAveragePooling2D(),
            new Dense(3, Activation.Softmax));
        var report = new Model(x, y).Compile(new Adam(), Loss.SparseCategoricalCrossentropy).ExportTraining(folder.Path);
        var rounding = report.Differences.Where(difference => difference.IsRounding).Select(difference => difference.Name).ToArray();
        Assert.Contains("conv2d/bias", rounding);
        Assert.IsTrue(
            rounding.All(name => name.Contains("conv2d", StringComparison.Ordinal) && name.Contains("bias", StringComparison.Ordinal)),
            string.Join(", ", rounding));
        Assert.IsTrue(report.Differences.All(difference => difference.IsRounding || difference.Difference <= 1e-3f));
        Assert.Contains("only rounding errors", report.ToString());
    }

    /// <summary>
    /// Ftrl's slot is a difference of powers of nearly equal sums of squares, which two programs round differently; the engine departs from itself as far once
    /// its slots differ in their last bits.
    /// </summary>
    [TestMethod]
    public void Slots_that_are_differences_of_nearly_equal_numbers_may_differ()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([7, 3]);
        var model = new Model(x, x.Apply(new SimpleRnn(5), new Dense(3, Activation.Softmax)));
        foreach (var power in new[] { -0.5f, -0.6f })
            Assert.IsTrue(model.Compile(new Ftrl(0.001, power), Loss.MeanSquaredError).ExportTraining(folder.Path).IsVerified);
    }

    /// <summary>Two calls on one input are one run of the engine. Two gradients read what it notes for them, which has no numbers to add noise to.</summary>
    [TestMethod]
    public void Rounding_in_two_equal_calls_of_a_recurrent_layer_is_found()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([7, 3]);
        var lstm = new Lstm(17);
        var model = new Model(x, Ops.Concatenate([lstm.Call(x), Ops.Tanh(lstm.Call(x))]));
        var strict = new TrainingExportOptions { StateTolerance = 1e-9f };
        Assert.IsTrue(model.Compile(new Adam(), Loss.MeanSquaredError).ExportTraining(folder.Path, strict).IsVerified);
    }

    /// <summary>Every constant of a step matters, so one that is two percent off is detected, and the message names the tensor.</summary>
    [TestMethod]
    public void A_wrong_constant_is_caught()
    {
        var trainer = Mlp();
        var options = new TrainingExportOptions();
        var files = TrainingFiles.Of(trainer, options);
        Assert.IsNotEmpty(TrainingVerifier.Run(trainer, files, options));
        var before = files.State.Select(entry => entry.Weight.Storage.ToArray()).ToArray();
        var train = ModelProto.Parser.ParseFrom(files.Graphs[TrainingFolder.TrainFile]);
        var tampered = 0;
        for (var i = 0; i < train.Graph.Initializer.Count; i++)
        {
            var copy = train.Clone();
            var constant = copy.Graph.Initializer[i];
            if (constant.DataType != (int)TensorProto.Types.DataType.Float || !Tamper(constant)) continue;
            tampered++;
            var wrong = files with { Graphs = new Dictionary<string, byte[]>(files.Graphs) { [TrainingFolder.TrainFile] = copy.ToByteArray() } };
            var error = Assert.ThrowsExactly<ExportException>(() => TrainingVerifier.Run(trainer, wrong, options), constant.Name);
            Assert.Contains("first in '", error.Message);
            Assert.Contains("after step", error.Message);
        }

        Assert.IsGreaterThan(4, tampered);

        // The trainer's state is restored in any case.
        foreach (var (values, tensor) in before.Zip(files.State)) CollectionAssert.AreEqual(values, tensor.Weight.Storage, tensor.Name);
    }

    [TestMethod]
    public void The_first_tensor_that_differs_is_named()
    {
        var trainer = Mlp();
        var options = new TrainingExportOptions();
        var files = TrainingFiles.Of(trainer, options);
        var train = ModelProto.Parser.ParseFrom(files.Graphs[TrainingFolder.TrainFile]);

        // The second layer's bias gets the first moment's next value.
        var wrong = train.Graph.Node.Single(node => node.Output.Contains("dense_1/bias/next"));
        wrong.Output[wrong.Output.IndexOf("dense_1/bias/next")] = "lost";
        train.Graph.Node.Add(
            new NodeProto { Name = "wrong", OpType = "Identity", Input = { "optimizer/dense_1/bias/momentum/next" }, Output = { "dense_1/bias/next" } });
        var changed = files with { Graphs = new Dictionary<string, byte[]>(files.Graphs) { [TrainingFolder.TrainFile] = train.ToByteArray() } };
        Assert.Contains(
            "first in 'dense_1/bias' after step 1", Assert.ThrowsExactly<ExportException>(() => TrainingVerifier.Run(trainer, changed, options)).Message);
    }

    [TestMethod]
    public void Nothing_is_written_where_the_comparison_fails()
    {
        using var folder = new TemporaryFolder();
        var trainer = Mlp();
        var strict = new TrainingExportOptions { StateTolerance = 0, LossTolerance = 0 };
        var refusal = Assert.ThrowsExactly<ExportException>(() => trainer.ExportTraining(folder.File("step"), strict));
        Assert.Contains("Nothing was written", refusal.Message);
        Assert.IsFalse(Directory.Exists(folder.File("step")));
    }

    /// <summary>All problems, in one message.</summary>
    [TestMethod]
    public void What_cannot_be_written_is_refused_with_the_whole_list()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([null, 3], name: "x");
        var y = x.Apply(
            new Conv1D(4, 3, strides: 2, padding: Padding.Same),
            new Dropout(0.3),
            new Conv1D(4, 3, strides: 2, name: "second"),
            new GlobalAveragePooling1D(),
            new Dense(1));
        var trainer = new Model(x, y).Compile(new Sgd(), Loss.MeanSquaredError, metrics: [new Largest()]);
        var old = new TrainingExportOptions { Opset = 17 };
        var message = Assert.ThrowsExactly<ExportException>(() => trainer.ExportTraining(folder.File("step"), old)).Message;
        Assert.Contains("'conv1d/kernel'", message);
        Assert.Contains("'second/kernel'", message);
        Assert.Contains("opset 18", message);
        Assert.Contains("metric 'largest'", message);
        Assert.IsFalse(Directory.Exists(folder.File("step")));
    }

    /// <summary>The logarithm of random inputs is NaN; with data from its domain the model is verified.</summary>
    [TestMethod]
    public void Given_samples_are_verified_with()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([3], name: "x");
        var trainer = new Model(x, Ops.Log(x).Apply(new Dense(1))).Compile(new Sgd(0.01), Loss.MeanSquaredLogarithmicError);
        Assert.Contains("cannot be compared", Assert.ThrowsExactly<ExportException>(() => trainer.ExportTraining(folder.Path)).Message);
        var options = new TrainingExportOptions { Samples = StepData.Shares(1, 40, 3), Targets = StepData.Shares(2, 40, 1) };
        Assert.IsTrue(trainer.ExportTraining(folder.Path, options).IsVerified);
        Assert.ThrowsExactly<ModelException>(() => trainer.ExportTraining(folder.Path, options with { Samples = StepData.Shares(1, 40, 4) }));
    }

    /// <summary>Sequences of any length, whose targets have one number per step.</summary>
    [TestMethod]
    public void Unknown_lengths_are_verified()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([null, 2], name: "x");
        var trainer = new Model(x, x.Apply(new Lstm(3, returnSequences: true), new Dense(1))).Compile(new Adam(), Loss.MeanSquaredError);
        Assert.IsTrue(trainer.ExportTraining(folder.Path).IsVerified);
        var options = new TrainingExportOptions { Samples = StepData.Signed(1, 6, 5, 2), Targets = StepData.Signed(2, 6, 5, 1) };
        Assert.IsTrue(trainer.ExportTraining(folder.Path, options).IsVerified);
        using var other = OnnxTrainer.Load(folder.Path);
        Assert.AreEqual(
            trainer.TrainOnBatch(StepData.Signed(1, 6, 5, 2), StepData.Signed(2, 6, 5, 1))["loss"],
            other.TrainOnBatch(StepData.Signed(1, 6, 5, 2), StepData.Signed(2, 6, 5, 1))["loss"],
            1e-5);
    }

    [TestMethod]
    public void A_batch_size_that_the_model_does_not_have_is_refused()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([3], name: "x", batchSize: 4);
        var trainer = new Model(x, x.Apply(new Dense(1))).Compile(new Sgd(), Loss.MeanSquaredError);
        Assert.Contains(
            "declared for batches of 4",
            Assert.ThrowsExactly<ExportException>(() => trainer.ExportTraining(folder.Path, new TrainingExportOptions { BatchSize = 5 })).Message);
        var report = trainer.ExportTraining(folder.Path);
        Assert.AreEqual(4, report.BatchSize);
        Assert.Contains("for 4 samples per batch", report.ToString());
    }

    private static bool Tamper(TensorProto constant)
    {
        var values = new float[constant.RawData.Length / sizeof(float)];
        Buffer.BlockCopy(constant.RawData.ToByteArray(), 0, values, 0, constant.RawData.Length);

        // A constant that only avoids a division by zero has no visible effect.
        if (values.All(value => MathF.Abs(value) < 1e-6f)) return false;
        for (var i = 0; i < values.Length; i++) values[i] *= 1.02f;
        var bytes = new byte[constant.RawData.Length];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        constant.RawData = ByteString.CopyFrom(bytes);
        return true;
    }

    private static Trainer Mlp()
    {
        var x = Model.Input([7], name: "x");
        return new Model(x, x.Apply(new Dense(9, Activation.Tanh), new Dense(4, Activation.Softmax))).Compile(new Adam(0.01), Loss.CategoricalCrossentropy);
    }

    /// <summary>A metric whose result is computed by its class.</summary>
    private sealed class Largest : Metric
    {
        protected internal override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights) => [Ops.Sum(yPred)];

        protected internal override double Result(IReadOnlyList<double[]> totals) => Math.Max(totals[0][0], 0);
    }
}
