using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Exported steps of training over an unknown number of time steps: loops forwards and backwards, one file for every length.</summary>
[TestClass]
public sealed class OpenLoopStepTests
{
    private static readonly int[] s_lengths = [7, 1, 2, 17];

    [TestMethod]
    [DynamicData(nameof(OpenLoopTests.Cases), typeof(OpenLoopTests))]
    public void One_exported_step_serves_every_length(string name, Func<SymbolicTensor, SymbolicTensor> network, int[] sample)
    {
        foreach (var opset in new[] { 17, 21 })
        {
            var trainer = Trainer(network, sample);
            StepComparison.Run(trainer, step => Batch(trainer.Model, step, sample), s_lengths.Length, opset, sameShape: false);
        }
    }

    [TestMethod]
    [DynamicData(nameof(OpenLoopTests.Cases), typeof(OpenLoopTests))]
    public void An_exported_step_is_verified(string name, Func<SymbolicTensor, SymbolicTensor> network, int[] sample)
    {
        using var folder = new TemporaryFolder();
        var report = Trainer(network, sample).ExportTraining(folder.Path);
        Assert.IsTrue(report.IsVerified, name);
    }

    /// <summary>A cell that reads a sequence around the loop, a loop inside a loop, states that outlast a batch, what is not trained, penalties.</summary>
    [TestMethod]
    [DynamicData(nameof(Further))]
    public void Other_loops_train_too(string name, Func<SymbolicTensor, SymbolicTensor> network, int[] sample, int? batchSize)
    {
        var x = Model.Input([null, .. sample.Select(size => (int?)size)], name: "x", batchSize: batchSize);
        var model = new Model(x, network(x));
        var trainer = model.Compile(new Adam(0.01), new MeanSquaredError());
        StepComparison.Run(trainer, step => Batch(model, step, sample), s_lengths.Length, sameShape: false);
        using var folder = new TemporaryFolder();
        Assert.IsTrue(trainer.ExportTraining(folder.Path).IsVerified, name);
    }

    public static IEnumerable<object?[]> Further()
    {
        yield return Case("attention", x =>
        {
            var memory = x.Apply(new Dense(3));
            return x.Apply(new Rnn(new AttentionCell(memory), returnSequences: true));
        });
        yield return Case("loop_in_a_loop", x => x.Apply(new Rnn(new RowCell(), returnSequences: true)), [4, 2]);
        yield return Case("stateful", x => x.Apply(new Dense(2), new Rnn(new GruCell(3), stateful: true)), [2], 3);
        yield return Case("stateful_sequence", x => x.Apply(new Rnn(new LstmCell(3), returnSequences: true, goBackwards: true, stateful: true)), [2], 3);
        yield return Case("fixed_batch", x => x.Apply(new Masking(), new Bidirectional(new Rnn(new LstmCell(3)))), [2], 3);
        yield return Case(
            "frozen", x => x.Apply(new Dense(2), new Rnn(new LstmCell(3), returnSequences: true) { Trainable = false }, new Rnn(new GruCell(2))));
        yield return Case("frozen_input", x => x.Apply(new Rnn(new LstmCell(3)), new Dense(1)));
        yield return Case("input_without_gradient", x => x.Apply(new Rnn(new PeakCell())), [4, 4, 1]);
        yield return Case("penalties", x => x.Apply(
            new Rnn(new LstmCell(3, kernelRegularizer: Regularizer.L2(0.1)), returnSequences: true, activityRegularizer: Regularizer.L2(0.1))));
        yield return Case("one_cell_twice", x =>
        {
            var shared = new Rnn(new GruCell(2), returnSequences: true);
            return x.Apply(shared, shared);
        });
        yield return Case("table", x => x.Apply(new Rnn(new TableCell())));

        static object?[] Case(string name, Func<SymbolicTensor, SymbolicTensor> network, int[]? sample = null, int? batchSize = null) =>
            [name, network, sample ?? [2], batchSize];
    }

    [TestMethod]
    public void A_loop_and_its_gradient_are_two_loops_in_the_file()
    {
        var files = TrainingFiles.Of(Trainer(x => x.Apply(new Rnn(new LstmCell(3))), [2]), new TrainingExportOptions());
        Assert.AreEqual(2, Scans(files).Count);
    }

    [TestMethod]
    public void A_gradient_that_runs_in_the_wrong_direction_is_caught()
    {
        var trainer = Trainer(x => x.Apply(new Rnn(new LstmCell(3))), [2]);
        var files = TrainingFiles.Of(trainer, new TrainingExportOptions());
        var train = ModelProto.Parser.ParseFrom(files.Graphs[TrainingFolder.TrainFile]);
        var backward = train.Graph.Node.Last(node => node.OpType == "Scan");
        var directions = backward.Attribute.Single(attribute => attribute.Name == "scan_input_directions").Ints;
        for (var i = 0; i < directions.Count; i++) directions[i] = 1 - directions[i];
        var wrong = files with
        {
            Graphs = files.Graphs.ToDictionary(file => file.Key, file => file.Key == TrainingFolder.TrainFile ? train.ToByteArray() : file.Value),
        };
        var refused = Assert.ThrowsExactly<ExportException>(() => TrainingVerifier.Run(trainer, wrong, new TrainingExportOptions()));
        Assert.Contains("differs from the engine", refused.Message);
    }

    /// <summary>Random data has 9 time steps first, where a file that reads no more is right.</summary>
    [TestMethod]
    public void A_step_that_is_right_for_one_length_only_is_caught()
    {
        var trainer = Trainer(x => x.Apply(new Rnn(new LstmCell(3))), [2]);
        var files = TrainingFiles.Of(trainer, new TrainingExportOptions());
        var train = ModelProto.Parser.ParseFrom(files.Graphs[TrainingFolder.TrainFile]);
        foreach (var node in train.Graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
                if (node.Input[i] == "x") node.Input[i] = "first";
        }

        foreach (var (name, number) in new[] { ("none", 0L), ("nine", 9L), ("time", 1L) })
        {
            var data = ByteString.CopyFrom(BitConverter.GetBytes(number));
            train.Graph.Initializer.Add(new TensorProto { Name = name, DataType = (int)TensorProto.Types.DataType.Int64, Dims = { 1 }, RawData = data });
        }

        train.Graph.Node.Insert(0, new NodeProto { Name = "cut", OpType = "Slice", Input = { "x", "none", "nine", "time" }, Output = { "first" } });
        var wrong = files with { Graphs = new Dictionary<string, byte[]>(files.Graphs) { [TrainingFolder.TrainFile] = train.ToByteArray() } };
        var options = new TrainingExportOptions();
        var refused = Assert.ThrowsExactly<ExportException>(() => TrainingVerifier.Run(trainer, wrong, options));
        Assert.Contains("differs from the engine", refused.Message);
        Assert.IsNotEmpty(TrainingVerifier.Run(trainer, wrong with { HasOpenLoops = false }, options));
    }

    private static List<NodeProto> Scans(TrainingFiles files) =>
        [.. ModelProto.Parser.ParseFrom(files.Graphs[TrainingFolder.TrainFile]).Graph.Node.Where(node => node.OpType == "Scan")];

    private static Trainer Trainer(Func<SymbolicTensor, SymbolicTensor> network, int[] sample) =>
        OpenLoopTests.Compose(x => network(x.Apply(new Dense(sample[^1]))), sample, null).Compile(new Adam(0.01), new MeanSquaredError());

    private static StepBatch Batch(Model model, int step, int[] sample)
    {
        var length = s_lengths[step % s_lengths.Length];
        int[] dims = [.. model.Output.Shape.Select((size, axis) => size ?? (axis == 0 ? 3 : length))];
        return new([OpenLoopTests.Data(3, length, sample)], [StepData.Signed(step, dims)]);
    }

    /// <summary>Reads all of a sequence at each step.</summary>
    private sealed class AttentionCell(SymbolicTensor memory) : RecurrentCell
    {
        public override IntValues StateSize => 3;

        protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
        {
            var scores = Ops.Softmax(Ops.Sum(memory * Ops.ExpandDims(states[0], 1), -1));
            var state = Ops.Tanh(Ops.Sum(memory * Ops.ExpandDims(scores, -1), 1) + Ops.MatMul(x, Weight("kernel", [x.Shape[^1], 3])));
            return (state, state);
        }
    }

    /// <summary>A step is a sequence itself.</summary>
    private sealed class RowCell : RecurrentCell
    {
        private readonly Rnn _inner = new(new GruCell(3));

        public override IntValues StateSize => 3;

        protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
        {
            var state = Ops.Tanh(_inner.Call(x, [states[0]]) + states[0]);
            return (state, state);
        }
    }

    /// <summary>Looks rows of a table up by a state of whole numbers.</summary>
    private sealed class TableCell : RecurrentCell
    {
        public override IntValues StateSize => 1;

        protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
        {
            var row = Ops.Take(Weight("table", [3, 2]), Ops.Cast(Ops.Squeeze(states[0], -1), DType.Int32), 0);
            return (row * x, [Ops.Where(Ops.GreaterEqual(states[0], 2), 0, states[0] + 1)]);
        }
    }

    /// <summary>Reads where the peaks of a picture are: MaxPool's gradient, which has none itself. What is trained stands behind it.</summary>
    private sealed class PeakCell : RecurrentCell
    {
        public override IntValues StateSize => 1;

        protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
        {
            var peaks = Gradient.Of(Ops.Sum(Ops.Square(new MaxPooling2D(2).Call(x))), x);
            var total = Ops.Tanh((Ops.MatMul(new Flatten().Call(peaks), Weight("kernel", [16, 1])) * 0.1f) + states[0]);
            return (total, total);
        }
    }
}
