using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

/// <summary>Cells over an unknown number of steps: one file for every length, the numbers of the loop that is written out.</summary>
[TestClass]
public sealed class OpenLoopTests
{
    private static readonly int[] s_lengths = [1, 2, 7, 17];

    public static IEnumerable<object[]> Cases()
    {
        yield return Case("last", x => x.Apply(new Rnn(new GruCell(3))));
        yield return Case("sequence", x => x.Apply(new Rnn(new LstmCell(3), returnSequences: true), new Dense(2)));
        yield return Case("backwards", x => x.Apply(new Rnn(new SimpleRnnCell(3), returnSequences: true, goBackwards: true)));
        yield return Case("stacked", x => x.Apply(new Rnn([new LstmCell(3), new GruCell(4)], returnSequences: true)));
        yield return Case("custom", x => x.Apply(new Rnn(new RunningMean(4))));
        yield return Case("bidirectional", x => x.Apply(new Bidirectional(new Rnn(new GruCell(3), returnSequences: true))));
        yield return Case("bidirectional_last", x => x.Apply(new Bidirectional(new Rnn(new LstmCell(3)), BidirectionalMerge.Sum)));
        yield return Case("masked", x => x.Apply(new Masking(), new Rnn(new LstmCell(3), returnSequences: true)));
        yield return Case("masked_last", x => x.Apply(new Masking(), new Rnn(new GruCell(3), goBackwards: true)));
        yield return Case("masked_zeros", x => x.Apply(new Masking(), new Rnn(new GruCell(3), returnSequences: true, zeroOutputForMask: true)));
        yield return Case("masked_bidirectional", x => x.Apply(new Masking(), new Bidirectional(new Rnn(new GruCell(3), returnSequences: true))));
        yield return Case("activation", x => x.Apply(new Lstm(3, Activation.Mish, returnSequences: true)));
        yield return Case("activation_bidirectional", x => x.Apply(new Masking(), new Bidirectional(new Gru(3, Activation.Mish))));
        yield return Case("state", x =>
        {
            var (y, hidden, cell) = new Rnn(new LstmCell(3)).CallWithState(x);
            return Ops.Concatenate([y, new Rnn(new LstmCell(3)).Call(x, [hidden, cell]), cell]);
        });
        yield return Case("one_state_twice", x =>
        {
            var state = x.Apply(new GlobalAveragePooling1D(), new Dense(3));
            return new Rnn(new LstmCell(3)).Call(x, [state, state]);
        });
        yield return Case("conv_lstm", x => x.Apply(new ConvLstm1D(3, 2), new Flatten()), 4, 2);
        yield return Case(
            "conv_lstm_sequence",
            x => new ConvLstm1D(3, 3, strides: 2, dataFormat: DataFormat.ChannelsFirst, returnSequences: true, goBackwards: true)
                .Call(x, [], Ops.NotEqual(Ops.Sum(Ops.Abs(x), [2, 3]), 0)),
            2,
            5);
        yield return Case(
            "conv_lstm_bidirectional", x => x.Apply(new Bidirectional(new ConvLstm2D(2, 2, padding: Padding.Same, useBias: false))), 3, 2, 2);
        yield return Case("images", x => x.Apply(new Rnn(new MeanImageCell(), returnSequences: true), new GlobalAveragePooling2D()), 4, 2);

        static object[] Case(string name, Func<SymbolicTensor, SymbolicTensor> network, params int[] sample) =>
            [name, network, sample.Length == 0 ? new[] { 2 } : sample];
    }

    [TestMethod]
    public void A_sequence_without_steps_is_refused_with_the_layers_name()
    {
        foreach (var cropped in new[] { false, true })
        {
            var x = Model.Input([null, 2]);
            var model = new Model(x, new Rnn(new GruCell(3), name: "loop").Call(cropped ? new Cropping1D(1).Call(x) : x));
            var refusal = Assert.ThrowsExactly<ModelException>(() => model.Predict(Tensor.CreateFromShape<float>([3, cropped ? 2 : 0, 2])));
            Assert.Contains("Layer 'loop' (RNN): there are no time steps in (3, 0, 2)", refusal.Message);
        }

        var images = Model.Input([null, 4, 2]);
        foreach (var layer in new Layer[] { new ConvLstm1D(3, 2, name: "loop"), new Rnn(new MeanImageCell(), name: "loop") })
        {
            var model = new Model(images, images.Apply(layer));
            var refusal = Assert.ThrowsExactly<ModelException>(() => model.Predict(Tensor.CreateFromShape<float>([3, 0, 4, 2])));
            Assert.Contains("there are no time steps in (3, 0,", refusal.Message);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void One_file_serves_every_length(string name, Func<SymbolicTensor, SymbolicTensor> network, int[] sample)
    {
        using var folder = new TemporaryFolder();
        var open = Compose(network, sample, null);
        var report = open.ExportOnnx(folder.File(name + ".onnx"));
        Assert.IsTrue(report.IsVerified);
        using var file = OnnxModel.Load(folder.File(name + ".onnx"));
        foreach (var length in s_lengths)
        {
            var closed = Compose(network, sample, length);
            Copy(open, closed);
            foreach (var batch in new[] { 1, 3 })
            {
                var x = Data(batch, length, sample);
                var expected = closed.Predict(x);
                Same(expected, open.Predict(x), name.StartsWith("conv", StringComparison.Ordinal) ? 1e-6f : 0, $"engine, {batch} of {length} steps");
                Same(expected, file.Predict(x), 2e-6f, $"ONNX Runtime, {batch} of {length} steps");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void A_step_of_training_is_that_of_the_written_loop(string name, Func<SymbolicTensor, SymbolicTensor> network, int[] sample)
    {
        var (open, closed) = (Compose(network, sample, null), Compose(network, sample, 7));
        Copy(open, closed);
        var x = Data(3, 7, sample);
        foreach (var model in new[] { open, closed })
        {
            var y = model.Predict(x);
            model.Compile(new Sgd(0.1), new MeanSquaredError()).TrainOnBatch(x, NDArray.Zeros(y.Shape, DType.Float32));
        }

        foreach (var (first, second) in open.Weights.Zip(closed.Weights))
            Same(second.Value, first.Value, 1e-6f, name + ", " + first.Name);
    }

    [TestMethod]
    public void Frozen_cells_stay_and_others_learn_in_every_precision()
    {
        foreach (var precision in new[] { MixedPrecision.Float32, MixedPrecision.BFloat16, MixedPrecision.Float16 })
        {
            var (frozen, free) = (new Rnn(new LstmCell(3), returnSequences: true) { Trainable = false }, new Rnn(new GruCell(3)));
            var model = Compose(x => x.Apply(new Masking(), frozen, free), [2], null);
            var before = model.Weights.Select(weight => weight.Storage.ToArray()).ToArray();
            var logs = model.Compile(new Adam(), new MeanSquaredError(), precision: precision)
                .TrainOnBatch(Data(3, 7, [2]), Tensor.Create(new float[9], [(nint)3, 3]));
            Assert.IsTrue(double.IsFinite(logs["loss"]), precision.ToString());
            foreach (var (weight, values) in model.Weights.Zip(before))
                Assert.AreEqual(frozen.Weights.Contains(weight), weight.Storage.SequenceEqual(values), $"{precision}, {weight.Name}");
        }
    }

    [TestMethod]
    public void An_open_model_returns_from_a_Keras_file()
    {
        using var folder = new TemporaryFolder();
        var model = Compose(x => x.Apply(new Masking(), new Bidirectional(new Rnn([new LstmCell(3), new GruCell(2)], returnSequences: true))), [2], null);
        model.Save(folder.File("open.keras"));
        var again = Model.Load(folder.File("open.keras"));
        var x = Data(3, 7, [2]);
        Same(model.Predict(x), again.Predict(x), 0, "read again");
    }

    [TestMethod]
    public void Other_losses_and_random_numbers_need_a_known_number_of_steps()
    {
        var refused = Assert.ThrowsExactly<ModelException>(() => Compose(x => x.Apply(new Rnn(new PenalizedCell(), name: "penalized")), [2], null));
        Assert.Contains("'penalized'", refused.Message);
        Assert.Contains("adds losses", refused.Message);
        Assert.Contains("known number of time steps", refused.Message);
    }

    internal static Model Compose(Func<SymbolicTensor, SymbolicTensor> network, int[] sample, int? steps)
    {
        var x = Model.Input([steps, .. sample.Select(size => (int?)size)], name: "x");
        return new Model(x, network(x));
    }

    private static void Copy(Model from, Model to)
    {
        foreach (var (source, target) in from.Weights.Zip(to.Weights)) target.Value = source.Value;
    }

    /// <summary>Random numbers, some steps of which are all zeros: masked.</summary>
    internal static Tensor<float> Data(int batch, int steps, int[] sample)
    {
        var random = new Random(batch + steps);
        var size = sample.Aggregate(1, (product, each) => product * each);
        var values = new float[batch * steps * size];
        for (var i = 0; i < batch * steps; i++)
        {
            if (i % 3 == 0 && steps > 1) continue;
            for (var j = 0; j < size; j++) values[(i * size) + j] = random.NextSingle() - 0.5f;
        }

        return Tensor.Create(values, [batch, steps, .. sample.Select(each => (nint)each)]);
    }

    private static void Same(Tensor<float> expected, Tensor<float> actual, float tolerance, string what)
    {
        var (a, b) = (new float[expected.FlattenedLength], new float[actual.FlattenedLength]);
        expected.FlattenTo(a);
        actual.FlattenTo(b);
        Assert.AreEqual(a.Length, b.Length, what);
        for (var i = 0; i < a.Length; i++) Assert.AreEqual(a[i], b[i], tolerance, $"{what}, element {i}");
    }

    private sealed class RunningMean(int units) : RecurrentCell
    {
        public override IntValues StateSize => [units, units];

        protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
        {
            var kernel = Ops.Softmax(Weight("kernel", [x.Shape[^1], units]));
            var sum = (states[0] * 0.5f) + Ops.MatMul(x, kernel);
            return (Ops.Tanh(sum - states[1]), [sum, states[0]]);
        }
    }

    private sealed class PenalizedCell : RecurrentCell
    {
        public override IntValues StateSize => 2;

        protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
        {
            var state = x + states[0];
            AddLoss(Ops.Sum(Ops.Square(state)));
            return (state, state);
        }
    }

    private sealed class MeanImageCell : RecurrentCell
    {
        public override IntValues StateSize => 2;

        protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
        {
            var state = (states[0] + Ops.Mean(x, 1)) / 2;
            return (x * Ops.ExpandDims(state, 1), state);
        }
    }
}
