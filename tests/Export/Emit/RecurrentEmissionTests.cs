using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using static OnnxFunctional.Tests.Export.Emit.EmittedLayers;

namespace OnnxFunctional.Tests.Export.Emit;

[TestClass]
public sealed class RecurrentEmissionTests
{
    /// <summary>ONNX Runtime merges the two calls; what one of them leaves out must not become an input that another node leaves out.</summary>
    [TestMethod]
    public void Calls_that_differ_in_what_is_read_of_them_are_merged_safely()
    {
        foreach (var layer in (RecurrentLayer[])[
            new Layers.Lstm(3, returnSequences: true), new Layers.Gru(3, returnSequences: true), new SimpleRnn(3, returnSequences: true)])
        {
            var x = Model.Input([5, 2]);
            var (sequence, state) = (layer.Call(x * 2f), layer.CallWithState(x * 2f)[1]);

            // It starts from states, so that the lengths before them are left out.
            var further = new Layers.Lstm(3).Call(x, [state, state]);
            var model = new Model(x, [sequence, state * 3f, further]);
            var sample = EmittedRun.Random(2, 5, 2);
            var found = model.Emit().Run(sample);
            foreach (var (expected, i) in model.PredictAll(NDArrays.Create([sample])).Select((array, i) => (array, i)))
                Near.Equal(EmittedRun.Data(expected), found[i], 1e-5f, $"{layer.GetType().Name}, output {i}");
        }
    }

    [TestMethod]
    public void Stacked_layers_are_one_node_each_and_stay_time_major()
    {
        var input = Model.Input([6, 3]);
        var model = new Model(
            input, input.Apply(Lstm("first", 4, sequences: true), new Layers.Dropout(0.2), Lstm("second", 5, sequences: false), new Dense(2, name: "dense")));
        var emitted = model.Emit();
        CollectionAssert.AreEqual(new[] { "Transpose", "LSTM", "Squeeze", "LSTM", "Squeeze", "Gemm" }, emitted.Operators());

        var x = EmittedRun.Random(3, 6, 3);
        var weights = model.WeightPaths().ToDictionary(named => named.Path, named => named.Weight);
        var (sequence, _) = NaiveLayers.Lstm(
            EmittedRun.Data(x),
            3,
            6,
            weights["first/kernel"],
            weights["first/recurrent_kernel"],
            weights["first/bias"],
            false);
        var (_, state) = NaiveLayers.Lstm(sequence, 3, 6, weights["second/kernel"], weights["second/recurrent_kernel"], weights["second/bias"], false);
        Near.Equal(NaiveLayers.Dense(state, 3, weights["dense/kernel"], weights["dense/bias"]), emitted.Run(x)[0], 1e-5f, "dense");
    }

    [TestMethod]
    public void Backwards_outputs_stay_at_their_time()
    {
        var input = Model.Input([null, 3]);
        var model = new Model(input, input.Apply(Lstm("lstm", 4, sequences: true, reverse: true)));
        var x = EmittedRun.Random(2, 5, 3);
        var weights = model.WeightPaths().ToDictionary(named => named.Path, named => named.Weight);
        var (sequence, _) = NaiveLayers.Lstm(EmittedRun.Data(x), 2, 5, weights["lstm/kernel"], weights["lstm/recurrent_kernel"], weights["lstm/bias"], true);
        Near.Equal(sequence, model.Emit().Run(x)[0], 1e-5f, "sequence");
    }

    [TestMethod]
    public void Both_directions_of_one_layer_are_one_node()
    {
        var input = Model.Input([6, 3]);
        var model = new Model(input, input.Apply(new BothWays(4)));
        var emitted = model.Emit();
        Assert.AreEqual(1, emitted.Count("LSTM"));
        var x = EmittedRun.Random(2, 6, 3);
        var weights = model.WeightPaths().ToDictionary(named => named.Path, named => named.Weight);
        var (forward, _) = NaiveLayers.Lstm(
            EmittedRun.Data(x),
            2,
            6,
            weights["both_ways/forward/kernel"],
            weights["both_ways/forward/recurrent_kernel"],
            weights["both_ways/forward/bias"],
            false);
        var (backward, _) = NaiveLayers.Lstm(
            EmittedRun.Data(x),
            2,
            6,
            weights["both_ways/backward/kernel"],
            weights["both_ways/backward/recurrent_kernel"],
            weights["both_ways/backward/bias"],
            true);
        var expected = new float[2 * 6 * 8];
        for (var row = 0; row < 12; row++)
        {
            Array.Copy(forward, row * 4, expected, row * 8, 4);
            Array.Copy(backward, row * 4, expected, (row * 8) + 4, 4);
        }

        Near.Equal(expected, emitted.Run(x)[0], 1e-5f, "both ways");
    }

    [TestMethod]
    [DataRow(false, 6)]
    [DataRow(true, 6)]
    [DataRow(false, null)]
    [DataRow(true, null)]
    public void Any_mask_keeps_state_and_output_of_masked_steps(bool reverse, int? time)
    {
        var input = Model.Input([time, 3], name: "x");
        var mask = Model.Input([time], DType.Bool, "mask");
        var options = new RecurrentOptions(reverse, true, false, true, false);
        Shape kernelShape = [3, 16], recurrentShape = [4, 16];
        var (kernel, recurrent, bias) = (Weights("kernel", kernelShape), Weights("recurrent", recurrentShape), Weights("bias", [16]));
        var results = Ops.MakeAll(
            new Operators.Lstm(GateActivation.Tanh, GateActivation.Sigmoid, options),
            input,
            new(kernel.Variable),
            new(recurrent.Variable),
            new(bias.Variable),
            mask);
        var model = new Model([input, mask], [results[0], results[1]]);
        var emitted = model.Emit();
        Assert.AreEqual(1, emitted.Count("LSTM"));
        Assert.AreEqual(0, emitted.Count("Scan"));

        bool[] counts =
        [
            true, true, true, true, true, true,
            true, true, false, false, false, false,
            false, false, true, true, true, false,
            true, false, true, false, false, true,
            false, false, false, false, false, false,
        ];
        var x = EmittedRun.Random(5, 6, 3);
        var (sequence, state) = NaiveLayers.Lstm(EmittedRun.Data(x), 5, 6, kernel, recurrent, bias, reverse, counts);
        var results2 = emitted.Run(x, OnnxFunctional.Export.OnnxValue.From(Tensor.Create(counts, [5, 6])));
        Near.Equal(sequence, results2[0], 1e-5f, "sequence");
        Near.Equal(state, results2[1], 1e-5f, "state");
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Gru_resets_after_the_product(bool reverse)
    {
        var input = Model.Input([5, 3], name: "x");
        var (kernel, recurrent, bias) = (Weights("kernel", [3, 12]), Weights("recurrent", [4, 12]), Weights("bias", [2, 12]));
        var results = Ops.MakeAll(
            new Operators.Gru(GateActivation.Tanh, GateActivation.Sigmoid, true, new RecurrentOptions(reverse, true, false, false, false)),
            input,
            new(kernel.Variable),
            new(recurrent.Variable),
            new(bias.Variable));
        var model = new Model(input, results[1]);
        var x = EmittedRun.Random(2, 5, 3);
        Near.Equal(NaiveLayers.GruState(EmittedRun.Data(x), 2, 5, kernel, recurrent, bias, reverse, null), model.Emit().Run(x)[0], 1e-5f, "state");
    }

    [TestMethod]
    [DataRow((int)GateActivation.Linear)]
    [DataRow((int)GateActivation.HardSigmoid)]
    [DataRow((int)GateActivation.Relu)]
    [DataRow((int)GateActivation.Elu)]
    [DataRow((int)GateActivation.Selu)]
    [DataRow((int)GateActivation.Softplus)]
    [DataRow((int)GateActivation.Softsign)]
    public void Other_activations_run(int number)
    {
        var activation = (GateActivation)number;
        var input = Model.Input([5, 3], name: "x");
        var (kernel, recurrent, bias) = (Weights("kernel", [3, 4]), Weights("recurrent", [4, 4]), Weights("bias", [4]));
        SymbolicTensors Layer(GateActivation a) =>
            Ops.MakeAll(
                new Operators.Rnn(a, new RecurrentOptions(false, true, false, false, false)),
                input,
                new(kernel.Variable),
                new(recurrent.Variable),
                new(bias.Variable));
        var direct = new Model(input, [Layer(activation)[0], Layer(activation)[1]]).Emit();

        // The expected result: the cell unrolled in the graph.
        SymbolicTensor h = Ops.ZerosLike(Ops.MatMul(Ops.Squeeze(Ops.Slice(input, 1, 0, 1), 1), new SymbolicTensor(kernel.Variable)));
        for (var t = 0; t < 5; t++)
        {
            var z = Ops.MatMul(Ops.Squeeze(Ops.Slice(input, 1, t, t + 1), 1), new SymbolicTensor(kernel.Variable)) + new SymbolicTensor(bias.Variable)
                + Ops.MatMul(h, new SymbolicTensor(recurrent.Variable));
            h = activation switch
            {
                GateActivation.Linear => z,
                GateActivation.HardSigmoid => Activation.HardSigmoid.Apply(z),
                GateActivation.Relu => Ops.Relu(z),
                GateActivation.Elu => Activation.Elu.Apply(z),
                GateActivation.Selu => Activation.Selu.Apply(z),
                GateActivation.Softplus => Ops.Softplus(z),
                _ => Ops.Softsign(z),
            };
        }

        var x = EmittedRun.Random(2, 5, 3);
        Near.Equal(new Model(input, h).Emit().Run(x)[0], direct.Run(x)[1], 1e-5f, "state");
    }

    private static Weight Weights(string name, Shape shape)
    {
        var weight = new Weight(name, shape, Initializer.GlorotUniform, true, null);
        var numbers = new RandomNumbers(3, name);
        for (var i = 0; i < weight.Storage.Length; i++) weight.Storage[i] = numbers.Uniform() - 0.5f;
        return weight;
    }

    private sealed class BothWays(int units) : Layer("both_ways")
    {
        private readonly OpLayer _forward = Lstm("forward", units, sequences: true);
        private readonly OpLayer _backward = Lstm("backward", units, sequences: true, reverse: true);

        protected override SymbolicTensor Forward(SymbolicTensor x) => Ops.Concatenate([_forward.Call(x), _backward.Call(x)]);
    }
}
