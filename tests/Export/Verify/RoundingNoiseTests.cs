using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Export.Verify;

[TestClass]
public sealed class RoundingNoiseTests
{
    /// <summary>The gradient of a tanh that is 1 is 0 for all inputs nearby; only the rounding of the tanh itself moves it.</summary>
    [TestMethod]
    [DataRow(9f, 1f, 2f, true)]
    [DataRow(11f, 1f, 2f, false)]
    [DataRow(1e30f, 3e38f, float.PositiveInfinity, true)]
    [DataRow(float.NaN, 3e38f, float.NaN, true)]
    [DataRow(float.NaN, 3e38f, 3e38f, false)]
    [DataRow(float.NaN, float.NaN, float.NaN, false)]
    public void A_number_that_noise_makes_overflow_is_undetermined_and_one_that_is_none_is_wrong(float distance, float expected, float copy, bool explains) =>
        Assert.AreEqual(explains, RoundingNoise.Explains(distance, expected, copy));

    [TestMethod]
    public void The_gradient_of_a_saturated_function_is_as_uncertain_as_its_result()
    {
        var x = Model.Input([3]);
        var y = Ops.Tanh(x);
        var found = Run(x, 1 - (y * y), [20, -20, 0], 1);
        Assert.AreNotEqual(0, found[0]);
        Assert.IsTrue(Math.Abs(found[0]) < 1e-5 && Math.Abs(found[1]) < 1e-5);
        Assert.AreEqual(1, found[2], 1e-5);
    }

    [TestMethod]
    public void Differences_of_nearly_equal_numbers_show_their_cancellation()
    {
        var x = Model.Input([3]);
        var found = Run(x, ((x * 3) - (x * 2)) - x, [1, 10, 100], 1);
        for (var i = 0; i < 3; i++) Assert.IsTrue(Math.Abs(found[i]) > 1e-8 && Math.Abs(found[i]) < 1e-5 * MathF.Pow(10, i), $"{found[i]}");
    }

    /// <summary>Otherwise no element would be the largest, and no gradient of a maximum could be compared.</summary>
    [TestMethod]
    public void What_picks_or_compares_numbers_stays_exact()
    {
        var x = Model.Input([3]);
        var y = Ops.Exp(x);
        var isLargest = Ops.Cast(Ops.Equal(y, Ops.Max(y, -1, keepdims: true)), DType.Float32);
        CollectionAssert.AreEqual(new float[] { 0, 1, 0 }, Run(x, isLargest, [1, 3, 2], 1));
        CollectionAssert.AreEqual(new float[] { 1, 3, 2 }, Run(x, Ops.Round(Ops.Relu(x) * 1.01f), [1, 3, 2], 1));
    }

    /// <summary>The sum of the terms may be 0 in one order and 1e-7, or -1e-7, in another.</summary>
    [TestMethod]
    public void Sums_of_terms_that_cancel_are_as_uncertain_as_the_terms()
    {
        var x = Model.Input([3]);
        var ones = Ops.Constant([3, 1], [1, 1, 1]);
        foreach (var y in new[] { Ops.Sum(x, -1), Ops.Mean(x, -1), Ops.MatMul(x, ones), Ops.CumSum(x) })
        {
            float[] found = [.. Enumerable.Range(1, 24).Select(seed => Run(x, y, [1, -3, 2], seed)[^1])];
            Assert.IsTrue(found.Any(value => value > 0) && found.Any(value => value < 0) && found.Contains(0), string.Join(' ', found));
            Assert.IsTrue(found.All(value => Math.Abs(value) < 1e-5), string.Join(' ', found));
        }
    }

    /// <summary>Where an output pixel is exactly at an input pixel, ONNX Runtime mixes a ten-millionth of the one beside it with that.</summary>
    [TestMethod]
    public void A_pixel_is_as_uncertain_as_the_largest_beside_it()
    {
        var image = Model.Input([1, 3, 1]);
        var y = Ops.Reshape(new Resizing(1, 5).Call(image), -1);
        float[] found = [.. Enumerable.Range(1, RoundingNoise.Most).Select(seed => Run(image, y, [1, 0, 0], seed)[2])];
        Assert.IsTrue(found.Any(value => value > 0) && found.Any(value => value < 0), string.Join(' ', found));
        Assert.IsTrue(found.All(value => Math.Abs(value) < 2e-6), string.Join(' ', found));
    }

    /// <summary>ONNX Runtime's RNN makes 1.19e-6 of a tanh of 1.1e-6; as a direction, that is another one.</summary>
    [TestMethod]
    public void A_small_tanh_of_a_simple_cell_is_as_coarse_as_one()
    {
        var x = Model.Input([1, 2]);
        var y = new SimpleRnn(2, kernelInitializer: new Initializers.Constant(1e-6)).Call(x);
        float[] found = [.. Enumerable.Range(1, RoundingNoise.Most).Select(seed => Run(x, y, [1, 2], seed)[0])];
        Assert.IsTrue(found.Any(value => value < 2.99e-6f) && found.Any(value => value > 3.01e-6f), string.Join(' ', found));
        Assert.IsTrue(found.All(value => Math.Abs(value - 3e-6f) < 2e-7f), string.Join(' ', found));
    }

    /// <summary>Two results of one formula cancel in one program and leave their rounding in another.</summary>
    [TestMethod]
    public void Differences_of_nearly_equal_numbers_are_exactly_zero_in_some_copies()
    {
        var x = Model.Input([3]);
        foreach (var y in new[] { (x * 3) - (x * 3 * 1.0000001f), (x * 3) + (x * -3 * 1.0000001f) })
        {
            float[] found = [.. Enumerable.Range(1, RoundingNoise.Most).Select(seed => Run(x, y, [1, -3, 2], seed)[0])];
            Assert.IsTrue(found.Any(value => value > 0) && found.Any(value => value < 0) && found.Contains(0), string.Join(' ', found));
        }
    }

    /// <summary>Above the smallest length that a direction divides by, its gradient is 0: much noise says that nothing reaches the weights before it.</summary>
    [TestMethod]
    public void Some_copies_have_so_little_noise_that_functions_that_are_flat_further_on_move()
    {
        var x = Model.Input([17]);
        var y = Ops.Clip(Ops.Max(Ops.Abs((x * 3) - (x * 2) - x), -1, keepdims: true), 0, 3e-7f);
        float[] data = [.. Enumerable.Repeat(1f, 17)];
        float[] found = [.. Enumerable.Range(1, RoundingNoise.Most).Select(seed => Run(x, y, data, seed)[0])];
        Assert.IsTrue(found.Contains(3e-7f) && found.Any(value => value is > 1e-8f and < 2.9e-7f), string.Join(' ', found));
    }

    /// <summary>A layer that asks for the sign of such a product is another one in a quarter of all programs, so a few copies must show it.</summary>
    [TestMethod]
    public void Products_of_differences_that_cancel_have_either_sign_in_several_copies()
    {
        var x = Model.Input([3]);
        var y = Ops.Prod(x - Ops.Tanh(x), -1);
        float[] found = [.. Enumerable.Range(1, RoundingNoise.Most).Select(seed => Run(x, y, [1e-4f, 2e-4f, 3e-4f], seed)[0])];
        Assert.IsTrue(found.Count(value => value < 0) > 3 && found.Count(value => value > 0) > 3, string.Join(' ', found));
    }

    /// <summary>ONNX Runtime subtracts 1 from an exponential there.</summary>
    [TestMethod]
    public void Exponential_units_are_as_coarse_as_one_below_zero()
    {
        var x = Model.Input([3]);
        foreach (var activation in new[] { Activation.Elu, Activation.Selu, Activation.Celu })
        {
            var y = activation.Apply(x);
            float[][] found = [.. Enumerable.Range(1, RoundingNoise.Most).Select(seed => Run(x, y, [-1e-7f, -1, 1e-7f], seed))];
            Assert.IsTrue(found.Any(row => row[0] == 0) && found.Any(row => row[0] < 0), string.Join(' ', found.Select(row => row[0])));
            Assert.IsTrue(found.All(row => Math.Abs(row[0]) < 1e-6 && row[1] < -0.6 && row[2] > 0.9e-7), activation.Name);
        }
    }

    /// <summary>Terms that are differences of larger numbers are as coarse as those, so programs often find a sum of exactly 0.</summary>
    [TestMethod]
    public void Sums_of_differences_cancel_exactly_in_some_copies()
    {
        var x = Model.Input([3]);
        foreach (var offset in new[] { 3f, 10, 30, 100 })
        {
            var y = Ops.Sum((x * 1.5f) - (1.5f * offset), -1);
            float[] data = [offset + 1, offset - 3, offset + 2];
            float[] found = [.. Enumerable.Range(1, RoundingNoise.Most).Select(seed => Run(x, y, data, seed)[0])];
            Assert.IsTrue(found.Any(value => value > 0) && found.Any(value => value < 0) && found.Contains(0), $"{offset}: {string.Join(' ', found)}");
        }
    }

    /// <summary>All numbers of a constant row, less their mean, are 0 in one program and the same rounding error in another.</summary>
    [TestMethod]
    public void Numbers_that_are_computed_alike_are_rounded_alike_in_some_copies()
    {
        var x = Model.Input([17]);
        var y = Ops.Tanh(x);
        var above = Ops.Sum(Ops.Cast(Ops.Greater(y - Ops.Mean(y, -1, keepdims: true), 0), DType.Float32), -1);
        float[] data = [.. Enumerable.Repeat(0.3f, 17)];
        float[] found = [.. Enumerable.Range(1, RoundingNoise.Most).Select(seed => Run(x, above, data, seed)[0])];
        Assert.IsTrue(found.Contains(0) && found.Contains(17) && found.Any(count => count is > 0 and < 17), string.Join(' ', found));
    }

    [TestMethod]
    public void Whole_numbers_are_exact()
    {
        var x = Model.Input([3]);
        var (row, column) = (Ops.Floor((x / 5) + 0.1f), Ops.Mod(Ops.Round(x), 5));
        for (var seed = 1; seed < 5; seed++)
        {
            CollectionAssert.AreEqual(new float[] { 5, 13, 24 }, Run(x, Ops.Cast(Ops.Cast((row * 5) + column, DType.Int64), DType.Float32), [5, 13, 24], seed));
            CollectionAssert.AreEqual(new float[] { 1, 3, 5 }, Run(x, Ops.Floor(Ops.Round(x) / 5), [5, 15, 25], seed));
        }
    }

    /// <summary>The bias of keys has a gradient of 0 in theory; that only shows in the steps in which weights move.</summary>
    [TestMethod]
    public void Accumulated_gradients_move_weights_in_the_same_steps_with_noise()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([4, 3]);
        var attended = new GroupQueryAttention(17, 2, 2).Call(x, x, x);
        for (var seed = 0; seed < 2; seed++)
        {
            var trainer = new Model(x, attended, "attention", (ulong)seed).Compile(new Adamax(0.01, gradientAccumulationSteps: 2), Loss.SquaredHinge);
            Assert.IsTrue(trainer.ExportTraining(folder.Path, new TrainingExportOptions { VerifiedSteps = 2 }).IsVerified);
        }
    }

    [TestMethod]
    public void Images_that_are_turned_at_random_stay_in_range_with_noise()
    {
        var x = Model.Input([5, 5, 1]);
        var trainer = new Model(x, new RandomRotation(0.2).Call(x) * new Dense(1).Call(x), "turned", 3).Compile(new Sgd(0.1), Loss.MeanSquaredError);

        // Any difference is compared with noise.
        var options = new TrainingExportOptions { VerifiedSteps = 2, StateTolerance = 1e-12f, LossTolerance = 1e-12f };
        Assert.Contains(difference => difference.IsRounding, TrainingVerifier.Run(trainer, TrainingFiles.Of(trainer, options), options));
    }

    [TestMethod]
    public void Random_layers_draw_the_numbers_of_the_graph_without_noise()
    {
        var x = Model.Input([8]);
        var y = Ops.Dropout(Ops.Tanh(x), 0.5);
        y = Ops.Dropout(y + 1, 0.5);
        float[] data = [1, 2, 3, 4, 5, 6, 7, 8];
        var (plain, noisy) = (Run(x, y, data, null), Run(x, y, data, 3));
        for (var i = 0; i < data.Length; i++) Assert.AreEqual(plain[i], noisy[i], 1e-4f * (1 + Math.Abs(plain[i])));
        Assert.IsTrue(plain.Contains(0) && plain.Any(value => value != 0));
        CollectionAssert.AreNotEqual(noisy, Run(x, y, data, 4));
    }

    /// <summary>Orthogonal rows have products that are rounding, and the penalty's gradient is their sign.</summary>
    [TestMethod]
    public void Steps_that_signs_of_rounding_decide_are_verified()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([3, 3]);
        var cell = new Gru(4, recurrentRegularizer: new Regularizers.OrthogonalRegularizer(0.1), seed: 3);
        for (var seed = 0; seed < 5; seed++)
        {
            var trainer = new Model(x, cell.Call(x), "gru", (ulong)seed).Compile(new Sgd(0.1), Loss.MeanSquaredError);
            Assert.IsTrue(trainer.ExportTraining(folder.Path).IsVerified);
        }
    }

    /// <summary>A bias before a normalization has no gradient but rounding. Where that is exactly 0, so is the penalty in the next step.</summary>
    [TestMethod]
    public void Weights_that_stay_at_exactly_zero_in_one_program_are_verified()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([3]);
        foreach (var seed in new ulong[] { 18, 261, 281 })
        {
            var y = x.Apply(new Dense(7, biasRegularizer: Regularizer.L1(0.0075)), new BatchNormalization(), new Dense(2));
            var trainer = new Model(x, y, "m", seed).Compile(new Adam(), Loss.MeanSquaredError);
            Assert.IsTrue(trainer.ExportTraining(folder.Path, new TrainingExportOptions { VerifiedSteps = 2 }).IsVerified);
        }
    }

    /// <summary>
    /// The gradient of each element is a sum of many such signs, so there are elements whose step only one in a hundred roundings turns round.
    /// </summary>
    [TestMethod]
    public void Steps_that_few_roundings_turn_round_are_verified()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([2, 4]);
        for (var seed = 0; seed < 8; seed++)
        {
            var cell = new Lstm(17, recurrentRegularizer: new Regularizers.OrthogonalRegularizer(0.01), seed: seed);
            var trainer = new Model(x, cell.Call(x), "lstm", (ulong)seed).Compile(new Adamax(), Loss.MeanSquaredError);
            Assert.IsTrue(trainer.ExportTraining(folder.Path).IsVerified);
        }
    }

    [TestMethod]
    public void Jumps_that_no_copy_makes_are_as_few_as_those_that_one_copy_makes_alone()
    {
        float[] expected = [1, 1, 1, 1];
        var jumps = new RareJumps(4);
        jumps.Add(expected, [1, 1, 1, 1], _ => 0.1);
        Assert.IsFalse(jumps.Explain(1, 0.2f), "nothing jumps");
        jumps.Add(expected, [1, 1, 3, 1], _ => 0.1);
        Assert.IsTrue(jumps.Explain(2, 2f));
        Assert.IsFalse(jumps.Explain(3, 2f), "too many");
        Assert.IsFalse(jumps.Explain(1, 21f), "too far");
        jumps.Add(expected, [1, 1, 3, 1], _ => 0.1);
        Assert.IsFalse(jumps.Explain(1, 2f), "all jumps are seen in several copies");
    }

    /// <summary>Every product and sum that is 3 % off is detected, but where it only reaches the bias of keys, whose gradient is 0 in theory.</summary>
    [TestMethod]
    public void Wrong_gradients_beside_undetermined_ones_are_caught()
    {
        var x = Model.Input([5, 4]);
        var attended = new MultiHeadAttention(2, 3).Call(x, x);
        var trainer = new Model(x, new Dense(4, Activation.Tanh).Call(attended * 3), "attention", 3).Compile(new RmsProp(0.01), Loss.MeanSquaredError);
        var options = new TrainingExportOptions { VerifiedSteps = 2 };
        var files = TrainingFiles.Of(trainer, options);
        Assert.IsTrue(TrainingVerifier.Run(trainer, files, options).Single(difference => difference.Name == "multi_head_attention/key/bias").IsRounding);
        var train = ModelProto.Parser.ParseFrom(files.Graphs[TrainingFolder.TrainFile]);
        var determined = Determined(train.Graph);
        var (caught, missed) = (0, new List<string>());
        for (var i = 0; i < train.Graph.Node.Count; i++)
        {
            var name = train.Graph.Node[i].Output[0];
            if (train.Graph.Node[i].OpType is not ("MatMul" or "Gemm" or "ReduceSum" or "Mul") || !determined.Contains(name)) continue;
            var copy = train.Clone();
            copy.Graph.Node[i].Output[0] = "right";
            copy.Graph.Initializer.Add(new TensorProto { Name = "wrong", DataType = 1, FloatData = { 1.03f } });
            copy.Graph.Node.Insert(i + 1, new NodeProto { Name = "fault", OpType = "Mul", Input = { "right", "wrong" }, Output = { name } });
            var wrong = files with { Graphs = new Dictionary<string, byte[]>(files.Graphs) { [TrainingFolder.TrainFile] = copy.ToByteArray() } };
            try
            {
                TrainingVerifier.Run(trainer, wrong, options);
                missed.Add(name);
            }
            catch (ExportException difference) when (difference.Message.Contains("differs from the engine", StringComparison.Ordinal))
            {
                caught++;
            }
            catch (OnnxFileException)
            {
                // Integers cannot be scaled.
            }
        }

        Assert.AreEqual("", string.Join(", ", missed));
        Assert.IsGreaterThan(40, caught);
    }

    /// <summary>The values from which a result other than the bias of keys and its slots is computed.</summary>
    private static HashSet<string> Determined(GraphProto graph)
    {
        var found = graph.Output.Select(output => output.Name).Where(name => !name.Contains("key/bias", StringComparison.Ordinal)).ToHashSet();
        foreach (var node in graph.Node.Reverse())
        {
            if (node.Output.Any(found.Contains)) found.UnionWith(node.Input);
        }

        return found;
    }

    private static float[] Run(SymbolicTensor x, SymbolicTensor y, float[] data, int? noise)
    {
        var graph = Graph.Between([x.Value], [y.Value]);
        TensorSpec[] specs = [new TensorSpec(x.Shape.With(0, 1), DType.Float32)];
        var (inputs, output) = (new[] { x.Value }, y.Value);
        if (noise is { } seed)
        {
            (inputs, var map) = RoundingNoise.Of(graph, seed, [], specs);
            output = map[y.Value];
        }

        using var pool = new WorkerPool(1);
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(7), inputs, [output], []) { Original = graph }, specs);
        data.CopyTo(plan.Inputs[0].Floats);
        plan.Run(pool, 1);
        return plan.Outputs[0].Floats.ToArray();
    }
}
