using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Layers;

/// <summary>
/// Recurrent layers under masks with initial states, against the same layer without a mask on the unmasked steps alone: a masked step keeps the state and
/// repeats the output before it, which is zero at first.
/// </summary>
[TestClass]
public sealed class RecurrentMaskTests
{
    private const int Steps = 4;
    private const int Features = 2;
    private const int Units = 3;

    // The first, a middle, the last, all and no steps masked.
    private static readonly bool[][] s_masks =
    [
        [false, false, true, true], [true, false, false, true], [true, true, true, false], [false, false, false, false], [true, true, true, true],
        [false, true, false, false],
    ];

    public static IEnumerable<object[]> Options =>
        from kind in new[] { "lstm", "gru", "simple", "softmax", "cell", "own cell", "stacked", "both ways" }
        from sequences in new[] { false, true }
        from backwards in new[] { false, true }
        from zeros in new[] { false, true }
        select new object[] { kind, sequences, backwards, zeros };

    [TestMethod]
    [DynamicData(nameof(Options))]
    public void Masked_steps_keep_the_state_and_repeat_the_output_before_them(string kind, bool sequences, bool backwards, bool zeros)
    {
        if (kind == "both ways" && zeros != sequences) return;
        var layer = Make(kind, sequences, backwards, zeros);
        var states = Enumerable.Range(0, StateSizes(kind).Length).Select(i => Model.Input([StateSizes(kind)[i]], name: "state_" + i)).ToArray();
        var (x, mask) = (Model.Input([Steps, Features], name: "x"), Model.Input([Steps], DType.Bool, "mask"));
        var masked = new Model([x, mask, .. states], Call(layer, x, states, mask));
        var random = new Random(7);
        var (data, initial) = (Values(random, s_masks.Length * Steps * Features), states.Select(state => Values(random, s_masks.Length * state.Shape.Dim(1))));
        float[][] start = [.. initial];
        var results = masked.PredictAll(Inputs(s_masks.Length, data, Steps, start, s_masks));
        for (var sample = 0; sample < s_masks.Length; sample++)
        {
            var expected = Expected(layer, kind, sequences, backwards, zeros, sample, data, start);
            for (var i = 0; i < expected.Length; i++)
            {
                var actual = results[i].ToArray();
                Near.Equal(expected[i], actual[(sample * expected[i].Length)..((sample + 1) * expected[i].Length)], 1e-5f, $"sample {sample}, output {i}");
            }
        }
    }

    [TestMethod]
    public void Initial_states_switch_off_the_mask_that_travels_with_the_input_which_is_passed_on()
    {
        foreach (var kind in new[] { "lstm", "own cell", "both ways" })
        {
            var layer = Make(kind, sequences: true, backwards: false, zeros: false);
            var x = Model.Input([Steps, Features]);
            SymbolicTensor[] states = [.. StateSizes(kind).Select(size => Model.Input([size]))];
            var output = Call(layer, new Masking().Call(x), states, null)[0];
            Assert.IsNotNull(output.Mask, kind);
            var model = new Model([x, .. states], output);
            var plain = new Model([x, .. states], Call(layer, x, states, null)[0]);
            var random = new Random(3);
            var data = Values(random, 2 * Steps * Features);
            data.AsSpan(0, 2 * Features).Clear();
            var inputs = Inputs(2, data, Steps, [.. states.Select(state => Values(random, 2 * state.Shape.Dim(1)))], null);
            Assert.AreEqual(plain.PredictAll(inputs)[0][0, 3, 0], model.PredictAll(inputs)[0][0, 3, 0], kind);
            Assert.AreNotEqual(0, model.PredictAll(inputs)[0][0, 0, 0], kind);
        }
    }

    [TestMethod]
    public void A_stateful_layer_starts_masked_steps_of_a_batch_from_zero_output_and_keeps_its_state()
    {
        var x = Model.Input([Steps, Features], batchSize: 1);
        var layer = new Lstm(Units, returnSequences: true, stateful: true);
        var model = new Model(x, x.Apply(new Masking(), layer));
        foreach (var state in layer.Weights.Where(weight => !weight.Trainable)) state.Storage.AsSpan().Fill(0.5f);
        var y = model.Predict(NDArray.Create([0, 0, 0, 0, 1, 2, 0, 0], Shape.Of(1, Steps, Features)));
        for (var step = 0; step < 2; step++) Assert.AreEqual(0, y[0, step, 0]);
        Assert.AreNotEqual(0, y[0, 2, 0]);
        Assert.AreEqual(y[0, 2, 0], y[0, 3, 0]);
    }

    /// <summary>The outputs and states of a sample, from the unmasked layer on the steps that count.</summary>
    private static float[][] Expected(Layer layer, string kind, bool sequences, bool backwards, bool zeros, int sample, float[] data, float[][] start)
    {
        if (kind == "both ways")
        {
            var both = (Bidirectional)layer;
            var half = start.Length / 2;
            var forward = Expected(both.Layer, "lstm", sequences, false, zeros, sample, data, start[..half]);
            var backward = Expected(both.BackwardLayer, "lstm", sequences, true, zeros, sample, data, start[half..]);
            var rows = sequences ? Steps : 1;
            if (sequences) backward[0] = [.. Enumerable.Range(0, Steps).Reverse().SelectMany(step => Row(backward[0], step))];
            float[] merged = [.. Enumerable.Range(0, rows).SelectMany(row => (float[])[.. Row(forward[0], row), .. Row(backward[0], row)])];
            return [merged, .. forward[1..], .. backward[1..]];
        }

        int[] counted = [.. Enumerable.Range(0, Steps).Where(step => s_masks[sample][step])];
        float[][] first = [.. start.Select(state => state[(sample * state.Length / s_masks.Length)..((sample + 1) * state.Length / s_masks.Length)])];
        var (computed, last) = (Array.Empty<float>(), first);
        if (counted.Length > 0)
        {
            var x = Model.Input([counted.Length, Features]);
            SymbolicTensor[] states = [.. first.Select(state => Model.Input([state.Length]))];
            var every = ((RecurrentLayer)layer).Weights;
            var alone = (RecurrentLayer)Make(kind, sequences: true, backwards, zeros: false);
            var model = new Model([x, .. states], Call(alone, x, states, null));
            foreach (var (to, from) in alone.Weights.Zip(every)) to.Value = from.Value;
            float[] rows = [.. counted.SelectMany(step => data[(((sample * Steps) + step) * Features)..(((sample * Steps) + step + 1) * Features)])];
            var results = model.PredictAll(Inputs(1, rows, counted.Length, first, null));
            computed = Flat(results[0]);
            last = [.. results.Skip(1).Select(result => result.ToArray())];
        }

        // In the order of reading.
        var (shown, seen, all) = (new float[Width(kind)], 0, new List<float>());
        for (var i = 0; i < Steps; i++)
        {
            var counts = s_masks[sample][backwards ? Steps - 1 - i : i];
            if (counts) shown = Row(computed, seen++);
            else if (zeros) shown = new float[Width(kind)];
            all.AddRange(shown);
        }

        return [sequences ? [.. all] : shown, .. last];

        float[] Row(float[] values, int row) => values[(row * Width(kind))..((row + 1) * Width(kind))];
    }

    private static float[] Row(float[] values, int row) => values[(row * Units)..((row + 1) * Units)];

    private static Layer Make(string kind, bool sequences, bool backwards, bool zeros)
    {
        if (kind == "both ways") return new Bidirectional(new Lstm(Units, returnSequences: sequences, returnState: true, goBackwards: false));
        return kind switch
        {
            "lstm" => new Lstm(Units, returnSequences: sequences, goBackwards: backwards, zeroOutputForMask: zeros),
            "gru" => new Gru(Units, returnSequences: sequences, goBackwards: backwards, zeroOutputForMask: zeros),
            "simple" => new SimpleRnn(Units, returnSequences: sequences, goBackwards: backwards, zeroOutputForMask: zeros),
            "softmax" => new SimpleRnn(Units, Activation.Softmax, returnSequences: sequences, goBackwards: backwards, zeroOutputForMask: zeros),
            "cell" => new Rnn(new GruCell(Units), returnSequences: sequences, goBackwards: backwards, zeroOutputForMask: zeros),
            "stacked" => new Rnn(
                [new LstmCell(2), new GruCell(Units)],
                returnSequences: sequences,
                goBackwards: backwards,
                zeroOutputForMask: zeros),
            _ => new Rnn(new OwnCell(), returnSequences: sequences, goBackwards: backwards, zeroOutputForMask: zeros),
        };
    }

    private static int[] StateSizes(string kind) => kind switch
    {
        "lstm" => [Units, Units],
        "both ways" => [Units, Units, Units, Units],
        "stacked" => [2, 2, Units],
        _ => [Units],
    };

    private static int Width(string kind) => kind == "own cell" ? Units + 1 : Units;

    private static SymbolicTensors Call(Layer layer, SymbolicTensor x, SymbolicTensor[] states, SymbolicTensor? mask) => layer switch
    {
        Bidirectional both => both.CallWithState(x, states, mask),
        _ => ((RecurrentLayer)layer).CallWithState(x, states, mask),
    };

    private static NDArrays Inputs(int batch, float[] data, int steps, float[][] states, bool[][]? masks)
    {
        var list = new List<NDArray> { NDArray.Create(data, Shape.Of(batch, steps, Features)) };
        if (masks is not null) list.Add(System.Numerics.Tensors.Tensor.Create((bool[])[.. masks.SelectMany(row => row)], [batch, steps]));
        list.AddRange(states.Select(state => NDArray.Create(state, Shape.Of(batch, state.Length / batch))));
        return NDArrays.Create([.. list]);
    }

    private static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];

    private static float[] Flat(System.Numerics.Tensors.Tensor<float> tensor)
    {
        var values = new float[tensor.FlattenedLength];
        tensor.FlattenTo(values);
        return values;
    }

    /// <summary>Its output is no state, and wider than one.</summary>
    private sealed class OwnCell() : RecurrentCell("own_cell")
    {
        public override IntValues StateSize => Units;

        protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
        {
            var state = Ops.Tanh(Ops.MatMul(x, Weight("kernel", [x.Shape[^1], Units])) + states[0]);
            return (Ops.MatMul(state, Weight("output", [Units, Units + 1])) + 1, state);
        }
    }
}
