using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Layers;

/// <summary>
/// Convolutional LSTMs with initial states under masks, against the same layer without a mask on the unmasked steps alone, as Keras computes them: a masked
/// step keeps the states and repeats the output before it, which is zero at first.
/// </summary>
[TestClass]
public sealed class ConvLstmMaskTests
{
    private const int Steps = 4;
    private const int Filters = 2;

    // The first, a middle, the last, all and no steps masked.
    private static readonly bool[][] s_masks =
    [
        [false, false, true, true], [true, false, false, true], [true, true, true, false], [false, false, false, false], [true, true, true, true],
    ];

    public static IEnumerable<object[]> Options =>
        from rank in new[] { 1, 2 }
        from sequences in new[] { false, true }
        from backwards in new[] { false, true }
        from zeros in new[] { false, true }
        select new object[] { rank, sequences, backwards, zeros };

    [TestMethod]
    [DynamicData(nameof(Options))]
    public void Masked_steps_keep_the_states_and_repeat_the_output_before_them(int rank, bool sequences, bool backwards, bool zeros)
    {
        int[] image = rank == 1 ? [5, 3] : [3, 2, 3], state = [.. image[..^1], Filters];
        var (size, width) = (Product(image), Product(state));
        var layer = Make(rank, sequences, backwards, zeros);
        SymbolicTensor x = Model.Input([Steps, .. image]), mask = Model.Input([Steps], DType.Bool);
        SymbolicTensor hidden = Model.Input([.. state]), cell = Model.Input([.. state]);
        var masked = new Model([x, mask, hidden, cell], layer.CallWithState(x, [hidden, cell], mask));
        var random = new Random(5);
        float[] data = Values(random, s_masks.Length * Steps * size), h = Values(random, s_masks.Length * width), c = Values(random, s_masks.Length * width);
        var results = masked.PredictAll(NDArrays.Create(
        [
            NDArray.Create(data, Shape.Of([s_masks.Length, Steps, .. image])),
            System.Numerics.Tensors.Tensor.Create((bool[])[.. s_masks.SelectMany(row => row)], [s_masks.Length, Steps]),
            NDArray.Create(h, Shape.Of([s_masks.Length, .. state])),
            NDArray.Create(c, Shape.Of([s_masks.Length, .. state])),
        ]));
        for (var sample = 0; sample < s_masks.Length; sample++)
        {
            int[] counted = [.. Enumerable.Range(0, Steps).Where(step => s_masks[sample][step])];
            float[] first = h[(sample * width)..((sample + 1) * width)], second = c[(sample * width)..((sample + 1) * width)], computed = [];
            if (counted.Length > 0)
            {
                var alone = Make(rank, sequences: true, backwards, zeros: false);
                SymbolicTensor frames = Model.Input([counted.Length, .. image]), one = Model.Input([.. state]), other = Model.Input([.. state]);
                var model = new Model([frames, one, other], alone.CallWithState(frames, [one, other]));
                foreach (var (to, from) in alone.Weights.Zip(layer.Weights)) to.Value = from.Value;
                float[] rows = [.. counted.SelectMany(step => data[(((sample * Steps) + step) * size)..(((sample * Steps) + step + 1) * size)])];
                var known = model.PredictAll(NDArrays.Create(
                [
                    NDArray.Create(rows, Shape.Of([1, counted.Length, .. image])),
                    NDArray.Create(first, Shape.Of([1, .. state])),
                    NDArray.Create(second, Shape.Of([1, .. state])),
                ]));
                (computed, first, second) = (Flat(known[0]), Flat(known[1]), Flat(known[2]));
            }

            // In the order of reading.
            var (shown, seen, all) = (new float[width], 0, new List<float>());
            for (var i = 0; i < Steps; i++)
            {
                if (s_masks[sample][backwards ? Steps - 1 - i : i]) shown = computed[(seen * width)..(++seen * width)];
                else if (zeros) shown = new float[width];
                all.AddRange(shown);
            }

            float[][] expected = [sequences ? [.. all] : shown, first, second];
            for (var i = 0; i < expected.Length; i++)
            {
                var actual = Flat(results[i])[(sample * expected[i].Length)..((sample + 1) * expected[i].Length)];
                Export.Emit.Near.Equal(expected[i], actual, 1e-5f, $"sample {sample}, output {i}");
            }
        }
    }

    private static RecurrentLayer Make(int rank, bool sequences, bool backwards, bool zeros) => rank == 1
        ? new ConvLstm1D(Filters, 3, padding: Padding.Same, returnSequences: sequences, goBackwards: backwards, zeroOutputForMask: zeros)
        : new ConvLstm2D(Filters, 2, padding: Padding.Same, returnSequences: sequences, goBackwards: backwards, zeroOutputForMask: zeros);

    private static int Product(int[] dims) => dims.Aggregate(1, (product, dim) => product * dim);

    private static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];

    private static float[] Flat(System.Numerics.Tensors.Tensor<float> tensor)
    {
        var values = new float[tensor.FlattenedLength];
        tensor.FlattenTo(values);
        return values;
    }
}
