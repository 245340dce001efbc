using System.Reflection;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using OnnxFunctional.Pruning;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Tests.Builder;

/// <summary>
/// Verifies the facts that operators declare, and what tables derive from them, against the kernels: which elements of an input change which
/// elements of an output.
/// </summary>
[TestClass]
[TestCategory("Ops")]
public sealed class OperatorFactTests
{
    private const int ElementsPerInput = 24;

    private static readonly WorkerPool s_pool = new(1);

    /// <summary>Rows that apply their operator directly to their inputs, without those that are large for the sake of threads.</summary>
    public static IEnumerable<object[]> Rows =>
        OpCases.All.Where(row => row.Build is null && row.Inputs.All(input => input.Count < 5000)).Select(row => new object[] { row.Name });

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Facts_hold_for_the_kernel(string name)
    {
        var row = OpCases.Named(name);
        var values = Values(row);
        var inputs = OpRun.Placeholders(row.Inputs, unknownBatch: false);
        var outputs = row.Apply(inputs);
        var node = outputs[0].Value.Producer;
        var run = OpRun.Of(inputs, outputs, row.Inputs, row.Training);
        var before = run.Run(s_pool, values);
        var batch = BatchAxis.Of(node);
        var mixed = row.Inputs.Length == 1 ? row.Op.MixedAxes(row.Inputs[0].Dims.Length) : null;
        if (row.Op.IsElementwise) Assert.HasCount(1, outputs, "an elementwise operator has one output");
        CheckMoves(row, values, before[0]);

        for (var i = 0; i < values.Length; i++)
        {
            var dims = row.Inputs[i].Dims;
            foreach (var (element, changed) in Perturbed(row, values, i))
            {
                var place = Place(element, dims);
                var after = run.Run(s_pool, changed);
                for (var o = 0; o < after.Length; o++)
                {
                    var shape = run.Shapes[o].Dims.ToArray();
                    for (var j = 0; j < after[o].Length; j++)
                    {
                        if (after[o][j].Equals(before[o][j])) continue;
                        var at = Place(j, shape);
                        var what = $"element ({string.Join(", ", place)}) of input {i} changes element ({string.Join(", ", at)}) of output {o}";
                        Assert.IsFalse(row.Op.ReadsOnlyShapeOf(i), $"ReadsOnlyShapeOf({i}), but {what}");
                        if (row.Op.IsElementwise) Assert.IsTrue(Meets(place, dims, at), $"IsElementwise, but {what}");
                        if (mixed is not null) Assert.IsTrue(KeepsUnmixed(place, at, mixed), $"MixedAxes are {string.Join(", ", mixed)}, but {what}");
                        if (batch?.Outputs[o] != BatchRole.Rows) continue;
                        if (batch.Inputs[i] == BatchRole.Rows) Assert.AreEqual(place[0], at[0], $"the samples are independent by BatchAxis, but {what}");
                        if (batch.Inputs[i] == BatchRole.Columns) Assert.AreEqual(place[1], at[0], $"the columns are independent by BatchAxis, but {what}");
                    }
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Channels_that_may_be_pruned_change_nothing_once_they_are_unread(string name)
    {
        var row = OpCases.Named(name);
        if (row.Training || row.Op is IRandomOp || !row.Inputs.Any(IsImage)) return;

        // A product reads its channels as a Dense layer does; statistics of a batch are those of the channels that are left.
        if (row.Op is MatMul or BatchNormalizationTraining) return;
        var values = Values(row);
        var given = new List<SymbolicTensor>();
        var data = new List<NDArray>();
        var operands = new SymbolicTensor[row.Inputs.Length];
        for (var i = 0; i < operands.Length; i++)
        {
            var dims = row.Inputs[i].Dims;
            if (IsImage(row.Inputs[i]))
            {
                given.Add(Model.Input(Shape.Of([.. dims.Skip(1)]), batchSize: dims[0]));
                data.Add(NDArray.Create([.. values[i].Select(value => (float)value)], Shape.Of(dims)));
                operands[i] = given[^1].Apply(new Dense(dims[^1], name: "maker_" + i));
            }
            else
            {
                operands[i] = row.Inputs[i].Type == DType.Float32
                    ? Ops.Constant(Shape.Of(dims), [.. values[i].Select(value => (float)value)])
                    : Ops.Cast(Ops.Constant(Shape.Of(dims), [.. values[i].Select(value => (long)value)]), row.Inputs[i].Type);
            }
        }

        var output = row.Apply(operands)[0];
        if (output.DType != DType.Float32 || output.Shape.Rank < 2) return;
        var model = new Model(given.ToArray(), output.Apply(new Dense(2, name: "reader")));
        foreach (var maker in model.Layers.OfType<Dense>().Where(layer => layer.Name != "reader")) Identity(maker);
        var flow = new ChannelFlow(model);
        var makers = ChannelMaker.AllOf(model, flow).Where(maker => maker.Name != "reader").ToArray();
        var reader = model.Weights.Single(weight => weight.Owner is { Name: "reader" } && weight.Name == "kernel");
        var read = flow.OfWeight(reader)[0];
        var channels = makers.SelectMany(maker => maker.Channels!).Select(flow.Classes.Find).Distinct();
        foreach (var channel in channels.Where(channel => flow.Classes.FenceOf(channel) is null))
        {
            float[] kernel = [.. reader.Storage];
            for (var i = 0; i < kernel.Length; i++) kernel[i] = read is not null && flow.Classes.Find(read[i / 2]) == channel ? 0 : 1 + (i * 0.1f);
            kernel.CopyTo(reader.Storage, 0);
            var before = model.PredictAll(NDArrays.Create([.. data]))[0];
            foreach (var maker in makers)
            {
                var bias = model.Weights.Single(weight => weight.Owner == maker.Layer && weight.Name == "bias");
                for (var i = 0; i < bias.Length; i++) bias.Storage[i] = flow.Classes.Find(maker.Channels![i]) == channel ? 0.05f : 0;
            }

            var after = model.PredictAll(NDArrays.Create([.. data]))[0];
            CollectionAssert.AreEqual(before.ToArray(), after.ToArray(), $"channel {channel} may be pruned, but others depend on it");
            foreach (var maker in makers) model.Weights.Single(weight => weight.Owner == maker.Layer && weight.Name == "bias").Storage.AsSpan().Clear();
        }

        static bool IsImage(OpInput input) => input is { Type: DType.Float32, Batched: true, Dims.Length: >= 2 } && input.Count > 0;
    }

    [TestMethod]
    public void What_holds_a_stream_of_random_numbers_is_a_random_operator()
    {
        const BindingFlags All = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        var wrong = typeof(Op).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Op)) && !type.IsAbstract)
            .Where(type => type.GetProperties(All).Any(property => property.PropertyType == typeof(RandomStream)))
            .Where(type => !type.IsAssignableTo(typeof(IRandomOp)));
        Assert.AreEqual("", string.Join(", ", wrong.Select(type => type.Name)), "operators with a RandomStream that do not implement IRandomOp");
        foreach (var row in OpCases.All.Where(row => row.Random)) Assert.IsInstanceOfType<IRandomOp>(row.Op, row.Name);
    }

    private static double[][] Values(OpCase row)
    {
        var random = new Random(row.Name.Length);
        return [.. row.Inputs.Select(input => input.Fill(random))];
    }

    /// <summary>The first output consists of elements of the inputs that are moved, or of the value that padding or a triangle adds.</summary>
    private static void CheckMoves(OpCase row, double[][] values, double[] output)
    {
        int[] moved = [.. Enumerable.Range(0, values.Length).Where(row.Op.Moves)];
        if (moved.Length == 0) return;
        var known = moved.SelectMany(i => values[i]).Append(row.Op switch { Pad pad => pad.Value, Trilu => 0, _ => double.NaN }).ToHashSet();
        foreach (var value in output) Assert.Contains(value, known, $"Moves({string.Join(", ", moved)}), but {value} is in none of these inputs");
    }

    /// <summary>The values with one element of an input changed, for a few elements, up and down.</summary>
    private static IEnumerable<(int Element, double[][] Values)> Perturbed(OpCase row, double[][] values, int input)
    {
        var stride = Math.Max(1, values[input].Length / ElementsPerInput);
        for (var e = 0; e < values[input].Length; e += stride)
        {
            var value = values[input][e];
            double[] others = row.Inputs[input].Type switch
            {
                DType.Float32 => [value + 0.61, value - 1.3],
                DType.Bool => [1 - value],
                _ => [value > 0 ? value - 1 : value + 1],
            };
            foreach (var other in others)
            {
                var changed = (double[][])values.Clone();
                changed[input] = [.. values[input]];
                changed[input][e] = other;
                yield return (e, changed);
            }
        }
    }

    private static int[] Place(int element, int[] dims)
    {
        var place = new int[dims.Length];
        for (var axis = dims.Length - 1; axis >= 0; element /= dims[axis--]) place[axis] = element % dims[axis];
        return place;
    }

    /// <summary>Whether broadcasting brings an input's element to that place of the output.</summary>
    private static bool Meets(int[] place, int[] dims, int[] at)
    {
        for (var axis = 1; axis <= dims.Length; axis++)
        {
            if (dims[^axis] != 1 && place[^axis] != at[^axis]) return false;
        }

        return true;
    }

    private static bool KeepsUnmixed(int[] place, int[] at, int[] mixed)
    {
        int[] kept = [.. Enumerable.Range(0, place.Length).Where(axis => !mixed.Contains(axis))];
        var to = at.Length == place.Length ? kept : [.. Enumerable.Range(0, at.Length)];
        return kept.Select(axis => place[axis]).SequenceEqual(to.Select(axis => at[axis]));
    }

    /// <summary>Makes a Dense layer return its input.</summary>
    private static void Identity(Dense layer)
    {
        foreach (var weight in layer.Weights)
        {
            weight.Storage.AsSpan().Clear();
            if (weight.Name == "kernel") for (var i = 0; i < layer.Units; i++) weight.Storage[(i * layer.Units) + i] = 1;
        }
    }
}
