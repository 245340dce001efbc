using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Halving;

/// <summary>Models of 16 bits: what is rounded, what stays float32, and why.</summary>
[TestClass]
public sealed class HalfModelTests
{
    public static IEnumerable<object[]> Networks => [["image"], ["tokens"], ["recurrent"], ["several inputs"], ["shared"], ["nested"]];

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void The_file_is_half_as_large_and_close_to_float32(string name)
    {
        using var folder = new TemporaryFolder();
        var model = Create(name);
        var x = Data(model, 17);
        model.ExportOnnx(folder.File("float.onnx"));
        var expected = model.PredictAll(x);
        foreach (var kind in Enum.GetValues<HalfKind>())
        {
            var half = model.ToHalf(x, new() { Kind = kind, BatchSize = 5 });
            Assert.IsTrue(half.Layers.All(layer => layer.IsHalf || layer.Weights == 0), half.ToString());
            Assert.IsTrue(half.ExportOnnx(folder.File("half.onnx")).Passed);
            var weights = 2 * half.Layers.Sum(layer => layer.Weights);
            Assert.IsLessThan(new FileInfo(folder.File("float.onnx")).Length - weights + 4000, new FileInfo(folder.File("half.onnx")).Length);

            // The engine rounds each result; both are near the numbers of float32.
            using var onnx = OnnxModel.Load(folder.File("half.onnx"));
            var results = onnx.Run([.. Enumerable.Range(0, x.Count).Select(i => (OnnxValue)x[i])]);
            var rounded = half.PredictAll(x, batchSize: 3);
            var near = kind == HalfKind.WeightOnlyBFloat16 ? 0.1f : 0.02f;
            for (var i = 0; i < expected.Count; i++)
            {
                NDArray theirs = results[i].As<float>();
                var largest = expected[i].ToArray().Max(MathF.Abs);
                Assert.IsLessThan(near * largest, Difference(expected[i], rounded[i]), $"{kind}: the engine");
                Assert.IsLessThan(near * largest, Difference(expected[i], theirs), $"{kind}: ONNX Runtime");
                Assert.IsGreaterThan(0, Difference(expected[i], theirs));
            }
        }
    }

    [TestMethod]
    public void Two_exports_have_the_same_bytes_and_the_model_stays_as_it_is()
    {
        using var folder = new TemporaryFolder();
        var model = Create("image");
        var x = Data(model, 9);
        var before = model.PredictAll(x)[0].ToArray();
        var first = model.ToHalf(x);
        model.ToHalf(x).ExportOnnx(folder.File("b.onnx"));
        CollectionAssert.AreEqual(before, model.PredictAll(x)[0].ToArray());

        // Later weights change nothing of what was made before.
        foreach (var weight in model.Weights) weight.Value = Tensor.Create(new float[weight.Value.FlattenedLength], weight.Value.Lengths);
        first.ExportOnnx(folder.File("a.onnx"));
        CollectionAssert.AreEqual(File.ReadAllBytes(folder.File("b.onnx")), File.ReadAllBytes(folder.File("a.onnx")));
    }

    [TestMethod]
    public void A_layer_that_leaves_the_range_of_float16_stays_float32()
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([4]);
        var large = new Dense(5, name: "large", kernelInitializer: new Constant(300));
        var small = new Dense(3, name: "small", kernelInitializer: new Constant(0.003));
        var halved = large.Call(input) * 1e-3f;
        var model = new Model(input, new ActivationLayer(Activation.Tanh, name: "tanh").Call(small.Call(halved)));
        var x = Data(model, 20);
        var loud = NDArray.Create(x[0].ToArray().Select(value => 200 * value).ToArray(), [20, 4]);

        // 4 x 300 x up to 200 is beyond 65,504.
        var kept = model.ToHalf(loud);
        CollectionAssert.AreEqual((bool[])[false, false, true, true], kept.Layers.Select(layer => layer.IsHalf).ToArray(), kept.ToString());
        Assert.IsTrue(kept.Layers.Take(2).All(layer => layer is { Reason: "overflow", Largest: > 65504 }), kept.ToString());
        StringAssert.Contains(kept.ToString(), "2 of 4 layers have float16");
        Assert.IsLessThan(1e-5, kept.Error!.Value);
        Assert.IsTrue(kept.ExportOnnx(folder.File("kept.onnx")).Passed);
        Assert.AreEqual(DataType.Float, TypeOf(folder.File("kept.onnx"), "large/kernel"));
        Assert.AreEqual(DataType.Float16, TypeOf(folder.File("kept.onnx"), "small/kernel"));
        Assert.IsLessThan(0.01f, Difference(kept.PredictAll(loud)[0], model.Predict(loud)));

        // On data that does not show it, all is rounded, and that data then overflows.
        var blind = model.ToHalf(x);
        Assert.IsTrue(blind.Layers.All(layer => layer.IsHalf), blind.ToString());
        var (exact, wrong) = (model.Predict(loud).ToArray(), blind.PredictAll(loud)[0].ToArray());
        Assert.IsTrue(exact.Zip(wrong, (a, b) => !(MathF.Abs(a - b) < 0.1f)).Any(isFar => isFar));
    }

    [TestMethod]
    public void Weights_beyond_the_range_stay_float32_without_calibration_and_fit_in_bfloat16()
    {
        var input = Model.Input([3]);
        var model = new Model(input, input.Apply(new Dense(4, name: "huge", kernelInitializer: new Constant(1e5)), new Dense(2, name: "usual")));
        var half = model.ToHalf();
        CollectionAssert.AreEqual((string?[])["overflow", null], half.Layers.Select(layer => layer.Reason).ToArray());
        Assert.IsNull(half.Error);
        Assert.IsTrue(half.Layers.All(layer => layer.Error is null));
        Assert.IsFalse(model.ToHalf(options: new() { Kind = HalfKind.WeightOnlyFloat16 }).Layers[0].IsHalf);
        Assert.IsTrue(model.ToHalf(options: new() { Kind = HalfKind.WeightOnlyBFloat16 }).Layers[0].IsHalf);
    }

    [TestMethod]
    public void Small_weights_are_rounded_to_what_float16_has_below_its_normal_numbers()
    {
        using var folder = new TemporaryFolder();
        float[] weights = [0, -0f, 1, 6.1e-5f, 6e-5f, 3e-6f, 6e-8f, 2e-8f, 1e-30f, -4.5e-7f, 2049];
        var input = Model.Input([weights.Length]);
        var dense = new Dense(1, useBias: false);
        var model = new Model(input, dense.Call(input));
        dense.SetWeights([Tensor.Create(weights, [weights.Length, 1])]);
        var one = new float[weights.Length, weights.Length];
        for (var i = 0; i < weights.Length; i++) one[i, i] = 1;
        foreach (var kind in (HalfKind[])[HalfKind.Float16, HalfKind.WeightOnlyFloat16])
        {
            var half = model.ToHalf(options: new() { Kind = kind });
            var expected = Array.ConvertAll(weights, weight => (float)(Half)weight);
            CollectionAssert.AreEqual(expected, half.PredictAll(one)[0].ToArray());
            half.ExportOnnx(folder.File("half.onnx"));
            using var onnx = OnnxModel.Load(folder.File("half.onnx"));
            CollectionAssert.AreEqual(expected, onnx.Predict(one).ToArray());
        }
    }

    [TestMethod]
    public void Layers_stay_float32_whose_rounding_later_ones_enlarge()
    {
        var input = Model.Input([2]);

        // A small difference of large numbers.
        var far = new Dense(2, name: "far", kernelInitializer: new IdentityInitializer(), biasInitializer: new Constant(2000));
        var near = new Lambda(tensor => tensor - 2000, name: "near");
        var model = new Model(input, input.Apply(far, new Flatten(name: "same"), near, new Dense(2, name: "last")));
        var x = Data(model, 30);
        var half = model.ToHalf(x);
        CollectionAssert.AreEqual((string?[])["error", null, "error", null], half.Layers.Select(layer => layer.Reason).ToArray(), half.ToString());
        CollectionAssert.AreEqual((bool[])[false, false, false, true], half.Layers.Select(layer => layer.IsHalf).ToArray(), half.ToString());
        Assert.IsLessThan(1e-3, half.Error!.Value);

        // By itself, what is added to hides the loss.
        Assert.IsLessThan(1e-6, half.Layers[0].Error!.Value);
        Assert.IsGreaterThan(1e-2, half.Layers[2].Error!.Value);
        Assert.IsGreaterThan(1e-2, model.ToHalf(x, new() { MostError = 1 }).Error!.Value);
    }

    [TestMethod]
    public void Layers_are_kept_as_asked_and_a_gate_keeps_more()
    {
        var model = Create("nested");
        var x = Data(model, 30);
        var expected = model.PredictAll(x)[0].ToArray();
        var all = model.ToHalf(x);
        var kept = model.ToHalf(x, new() { KeepFloat = ["*/in", "dense"] });
        CollectionAssert.AreEqual((string?[])["asked for", null, "asked for"], kept.Layers.Select(layer => layer.Reason).ToArray(), kept.ToString());
        Assert.IsLessThan(all.Error!.Value, kept.Error!.Value);

        var gate = new QuantizationGate(x, outputs => -outputs[0].ToArray().Zip(expected, (a, b) => Math.Abs(a - b)).Average(), MaxDrop: 1);
        Assert.AreEqual(0, model.ToHalf(x, gate: gate).Layers.Count(layer => !layer.IsHalf));
        var half = model.ToHalf(gate: gate with { MaxDrop = -0.7 * model.ToHalf(x, gate: gate).Score!.Value });
        Assert.IsTrue(half.Layers.Any(layer => layer.Reason == "score"), half.ToString());
        Assert.IsTrue(half.Layers.Any(layer => layer.IsHalf), half.ToString());
        var message = Assert.ThrowsExactly<ExportException>(() => model.ToHalf(x, gate: gate with { MaxDrop = 0 })).Message;
        StringAssert.Contains(message, "With one layer in 16 bits alone, the score falls from");
        StringAssert.Contains(message, "Error alone");
    }

    [TestMethod]
    public void Inputs_and_outputs_have_16_bits_if_asked_for()
    {
        using var folder = new TemporaryFolder();
        var model = Create("several inputs");
        var x = Data(model, 8);
        var half = model.ToHalf(x, new() { HalfInputsAndOutputs = true });
        Assert.IsTrue(half.ExportOnnx(folder.File("half.onnx")).Passed);
        using var onnx = OnnxModel.Load(folder.File("half.onnx"));
        Assert.IsTrue(onnx.Inputs.Concat(onnx.Outputs).All(info => info.ElementType == typeof(Half)));
        var halves = Enumerable.Range(0, x.Count).Select(i =>
            OnnxValue.From(Tensor.Create(x[i].ToArray().Select(value => (Half)value).ToArray(), [8, x[i].ToArray().Length / 8]))).ToArray();
        var results = onnx.Run(halves);
        for (var i = 0; i < results.Count; i++)
            Assert.IsLessThan(0.01f, half.PredictAll(x)[i].ToArray().Zip(results[i].As<Half>(), (ours, theirs) => MathF.Abs(ours - (float)theirs)).Max());

        // A model with one output is predicted with, and gives, float32.
        var one = Create("image");
        one.ToHalf(Data(one, 3), new() { HalfInputsAndOutputs = true }).ExportOnnx(folder.File("one.onnx"));
        using var single = OnnxModel.Load(folder.File("one.onnx"));
        Assert.IsLessThan(0.02f, Difference(single.Predict(Data(one, 3)), one.PredictAll(Data(one, 3))[0]));
    }

    [TestMethod]
    public void A_weight_is_stored_once_under_its_name()
    {
        using var folder = new TemporaryFolder();
        var model = Create("shared");
        foreach (var kind in Enum.GetValues<HalfKind>())
        {
            model.ToHalf(options: new() { Kind = kind }).ExportOnnx(folder.File("half.onnx"));
            var stored = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("half.onnx"))).Graph.Initializer;
            CollectionAssert.AreEquivalent((string[])["dense/kernel", "dense/bias"], stored.Select(tensor => tensor.Name).ToArray());
            Assert.IsTrue(stored.All(tensor => (DataType)tensor.DataType is DataType.Float16 or DataType.Bfloat16));
        }
    }

    [TestMethod]
    public void Adapters_are_added_to_the_weights()
    {
        using var folder = new TemporaryFolder();
        var model = Create("nested");
        model.Layers[^1].EnableLora(2);
        foreach (var weight in model.Weights.Where(weight => weight.Name.StartsWith("lora", StringComparison.Ordinal)))
            weight.Value = Tensor.Create(Enumerable.Repeat(0.5f, (int)weight.Value.FlattenedLength).ToArray(), weight.Value.Lengths);
        var x = Data(model, 4);
        foreach (var kind in Enum.GetValues<HalfKind>())
        {
            var half = model.ToHalf(x, new() { Kind = kind });
            Assert.IsLessThan(1e-3, half.Error!.Value);
            Assert.IsTrue(half.ExportOnnx(folder.File("half.onnx")).Passed);
            Assert.Contains("AdaptersApart", Assert.ThrowsExactly<ExportException>(
                () => half.ExportOnnx(folder.File("half.onnx"), new() { AdaptersApart = true })).Message);
        }
    }

    [TestMethod]
    public void What_cannot_be_made_is_refused_with_a_remedy()
    {
        var model = Create("nested");
        var x = Data(model, 5);
        Refused("'wide', 'high*'", () => model.ToHalf(x, new() { KeepFloat = ["wide", "high*"] }));
        Refused("All layers stay float32", () => model.ToHalf(x, new() { KeepFloat = ["*"] }));
        Refused("MostError is NaN", () => model.ToHalf(x, new() { MostError = double.NaN }));
        Refused("BatchSize is 0", () => model.ToHalf(x, new() { BatchSize = 0 }));
        Refused("Kind is 7", () => model.ToHalf(x, new() { Kind = (HalfKind)7 }));
        Refused("HalfInputsAndOutputs is for Kind = Float16", () => model.ToHalf(x, new() { Kind = HalfKind.WeightOnlyFloat16, HalfInputsAndOutputs = true }));
        Refused("MaxDrop is -1", () => model.ToHalf(x, gate: new(x, _ => 0, -1)));
        Refused("are not finite", () => model.ToHalf(new float[,] { { float.NaN, 0, 0, 0, 0, 0 } }));
        var numbers = Model.Input([3], DType.Int64);
        Refused("no layer that computes", () => new Model(numbers, new Flatten().Call(numbers)).ToHalf());
        Assert.ThrowsExactly<ModelException>(() => model.ToHalf(new float[0, 6]));
        Assert.ThrowsExactly<ModelException>(() => model.ToHalf(new float[2, 5]));

        static void Refused(string words, Action act) => Assert.Contains(words, Assert.ThrowsExactly<ExportException>(act).Message);
    }

    private static DataType TypeOf(string path, string name) =>
        (DataType)ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph.Initializer.Single(tensor => tensor.Name == name).DataType;

    private static float Difference(NDArray a, NDArray b) => a.ToArray().Zip(b.ToArray(), (x, y) => MathF.Abs(x - y)).Max();

    internal static NDArrays Data(Model model, int samples)
    {
        var random = new Random(7);
        return model.Inputs.Select(input =>
        {
            int?[] dims = [samples, .. input.Shape.Skip(1)];
            var count = dims.Aggregate(1, (product, dim) => product * dim!.Value);
            return input.DType.IsInteger()
                ? NDArray.Create(Enumerable.Range(0, count).Select(_ => (long)random.Next(11)).ToArray(), Shape.Create(dims))
                : NDArray.Create(Enumerable.Range(0, count).Select(_ => (2 * random.NextSingle()) - 0.7f).ToArray(), Shape.Create(dims));
        }).ToArray();
    }

    internal static Model Create(string name)
    {
        switch (name)
        {
            case "image":
                var image = Model.Input([9, 7, 3], name: "image");
                var first = image.Apply(
                    new Conv2D(17, 3, padding: Padding.Same, name: "conv_a"),
                    new BatchNormalization(
                        gammaInitializer: new RandomUniform(0.5, 1.5, seed: 1), movingMeanInitializer: new RandomNormal(0, 0.2, seed: 3),
                        movingVarianceInitializer: new RandomUniform(0.3, 2, seed: 4)),
                    new ActivationLayer(Activation.Relu));
                var second = first.Apply(new DepthwiseConv2D(3, padding: Padding.Same), new Conv2D(17, 1, activation: Activation.Silu, name: "conv_b"));
                return new Model(image, new Add().Call(first, second).Apply(
                    new AveragePooling2D(2, padding: Padding.Same), new MaxPooling2D(), new Flatten(), new Dense(33, Activation.Relu, name: "dense"),
                    new Dense(5, Activation.Softmax, name: "scores")));
            case "tokens":
                var ids = Model.Input([7], DType.Int64, "ids");
                var embedded = new Embedding(11, 16, maskZero: true).Call(ids);
                var attended = new MultiHeadAttention(2, 7).Call(embedded, embedded);
                return new Model(ids, new Add().Call(embedded, attended).Apply(
                    new LayerNormalization(), new Dense(31, Activation.Gelu), new GlobalAveragePooling1D(), new Dense(3, Activation.Softmax)));
            case "recurrent":
                var steps = Model.Input([5, 3], name: "steps");
                return new Model(steps, steps.Apply(
                    new Masking(), new Bidirectional(new Lstm(7, returnSequences: true)), new Gru(9, returnSequences: true), new SimpleRnn(5), new Dense(2)));
            case "several inputs":
                var (a, b) = (Model.Input([4], name: "a"), Model.Input([3], name: "b"));
                var (u, v) = (new Dense(5).Call(a), new Dense(5, Activation.Relu).Call(b));
                return new Model([a, b], [new Add().Call(u, v), new Dense(2, Activation.Sigmoid).Call(u)]);
            case "shared":
                var vector = Model.Input([6]);
                var dense = new Dense(6, Activation.Relu, name: "dense");
                return new Model(vector, dense.Call(dense.Call(vector)));
            default:
                var outer = Model.Input([6]);
                var inner = new Sequential([6], new Dense(50, Activation.Tanh, name: "in"), new Dense(40, name: "out"));
                return new Model(outer, new Dense(2, name: "dense").Call(inner.Call(outer)));
        }
    }
}
