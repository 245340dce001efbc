using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

/// <summary>Two small matrices trained beside a frozen kernel: in every layer that has one, in every file, and nowhere silently lost.</summary>
[TestClass]
public sealed class AdapterTests
{
    public static IEnumerable<object[]> Layers =>
    [
        ["Dense", Model.Input([7]), () => new Dense(3, Activation.Tanh), "kernel"],
        ["Dense of a sequence", Model.Input([5, 7]), () => new Dense(3), "kernel"],
        ["Dense without bias", Model.Input([1]), () => new Dense(1, useBias: false), "kernel"],
        ["EinsumDense", Model.Input([5, 7]), () => new EinsumDense("abc,cde->abde", [5, 3, 2], biasAxes: "de"), "kernel"],
        ["Embedding", Model.Input([5], DType.Int64), () => new Embedding(11, 3), "embeddings"],
        ["Conv1D", Model.Input([9, 2]), () => new Conv1D(3, 3), "kernel"],
        ["Conv2D", Model.Input([7, 5, 2]), () => new Conv2D(4, 3, strides: 2, padding: Padding.Same), "kernel"],
        ["Conv2D of groups", Model.Input([7, 5, 4]), () => new Conv2D(4, 3, groups: 2), "kernel"],
        ["Conv3D", Model.Input([3, 5, 4, 2]), () => new Conv3D(3, 2), "kernel"],
    ];

    [TestMethod]
    [DynamicData(nameof(Layers))]
    public void An_adapter_adds_a_product_of_two_matrices_to_the_kernel(string name, SymbolicTensor input, Func<Layer> make, string kernel)
    {
        var (model, layer) = Of(input, make);
        var x = Data(input);
        var before = model.Predict(x);
        layer.EnableLora(2, loraAlpha: 3);
        Assert.AreEqual(0, Largest(before, model.Predict(x)), "an adapter that was not trained changed something");
        Assert.IsFalse(Find(layer, kernel).Trainable);
        CollectionAssert.AreEqual(
            new[] { $"lora_{kernel}_a", $"lora_{kernel}_b" },
            layer.TrainableWeights.Select(weight => weight.Name).Where(weight => weight != "bias").ToArray());

        Fill(layer);
        var adapted = model.Predict(x);
        var (plain, other) = Of(input, make);
        foreach (var weight in other.Weights) weight.Value = Find(layer, weight.Name).Value;
        Assert.AreEqual(0, Largest(plain.Predict(x), before), 1e-6);
        Find(other, kernel).Value = Merged(Find(layer, kernel), Find(layer, $"lora_{kernel}_a"), Find(layer, $"lora_{kernel}_b"), 3 / 2f);
        Assert.AreEqual(0, Largest(plain.Predict(x), adapted), 1e-5, name);
        Assert.IsGreaterThan(1e-3, Largest(before, adapted), "the adapter does nothing");
    }

    [TestMethod]
    [DynamicData(nameof(Layers))]
    public void The_gradient_of_an_adapter_is_that_of_finite_differences(string name, SymbolicTensor input, Func<Layer> make, string kernel)
    {
        var (model, layer) = Of(input, make);
        layer.EnableLora(2);
        Fill(layer);
        var x = Data(input);
        var y = model.Predict(x);
        var target = NDArray.Create([.. Enumerable.Range(0, (int)y.Shape.ElementCount).Select(i => MathF.Sin(i))], y.Shape);
        var report = GradientCheck.Run(model, Loss.MeanSquaredError, x, target);
        Assert.IsTrue(report.Passed, $"{name}: {report}");
        var matrices = report.Weights.Where(weight => weight.Weight.Contains("lora", StringComparison.Ordinal));
        Assert.IsTrue(matrices.All(weight => weight.Agreeing > 0), $"{name}: {report}");
        var trainer = model.Compile(new Sgd(0.1), Loss.MeanSquaredError);
        var frozen = Find(layer, kernel).Value.ToArray();
        trainer.Fit(x, target, epochs: 2, verbose: Verbosity.Silent);
        CollectionAssert.AreEqual(frozen, Find(layer, kernel).Value.ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Layers))]
    public void An_export_merges_adapters_and_leaves_no_trace_of_them(string name, SymbolicTensor input, Func<Layer> make, string kernel)
    {
        var (model, layer) = Of(input, make);
        layer.EnableLora(1, loraAlpha: 2);
        Fill(layer);
        using var folder = new TemporaryFolder();
        model.ExportOnnx(folder.File("merged.onnx"));
        var x = Data(input);
        using (var onnx = OnnxModel.Load(folder.File("merged.onnx"))) Assert.AreEqual(0, Largest(onnx.Predict(x), model.Predict(x)), 1e-5, name);
        var loaded = Model.Load(folder.File("merged.onnx"));
        Assert.AreEqual(0, Largest(loaded.Predict(x), model.Predict(x)), 1e-5);
        Assert.IsFalse(loaded.Weights.Any(weight => weight.Name.StartsWith("lora", StringComparison.Ordinal)), kernel);

        model.Save(folder.File("merged.keras"));
        var keras = Model.Load(folder.File("merged.keras"));
        Assert.AreEqual(0, Largest(keras.Predict(x), model.Predict(x)), 1e-5);
        Assert.HasCount(loaded.Weights.Count, keras.Weights);
    }

    [TestMethod]
    [DynamicData(nameof(Layers))]
    public void An_adapter_file_runs_in_the_file_whose_adapters_are_apart(string name, SymbolicTensor input, Func<Layer> make, string kernel)
    {
        var (model, layer) = Of(input, make);
        var x = Data(input);
        var before = model.Predict(x);
        layer.EnableLora(3);
        Fill(layer);
        using var folder = new TemporaryFolder();
        var (file, adapter) = (folder.File("base.onnx"), folder.File("one.onnx_adapter"));
        model.ExportOnnx(file, new ExportOptions { AdaptersApart = true });
        model.SaveAdapter(adapter);
        using var plain = OnnxModel.Load(file);
        Assert.AreEqual(0, Largest(plain.Predict(x), before), 1e-5, "the file without its adapter is not the model before training");
        using var adapted = OnnxModel.Load(file, options: new OnnxModelOptions { Adapter = adapter });
        Assert.AreEqual(0, Largest(adapted.Predict(x), model.Predict(x)), 1e-5, $"{name}: {kernel}");

        var loaded = Model.Load(file);
        Assert.AreEqual(0, Largest(loaded.Predict(x), before), 1e-5);
        loaded.LoadAdapter(adapter);
        Assert.AreEqual(0, Largest(loaded.Predict(x), model.Predict(x)), 1e-6);
    }

    [TestMethod]
    [DynamicData(nameof(Layers))]
    public void Training_resumes_from_a_file_with_its_adapters(string name, SymbolicTensor input, Func<Layer> make, string kernel)
    {
        var (model, layer) = Of(input, make);
        layer.EnableLora(2);
        Fill(layer);
        var x = Data(input);
        var target = NDArray.Create(new float[model.Predict(x).Shape.ElementCount], model.Predict(x).Shape);
        using var folder = new TemporaryFolder();
        var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError);
        trainer.Fit(x, target, epochs: 2, verbose: Verbosity.Silent);
        trainer.Save(folder.File("run.onnx"));
        var resumed = Trainer.Load(folder.File("run.onnx"));
        trainer.Fit(x, target, epochs: 1, verbose: Verbosity.Silent);
        resumed.Fit(x, target, epochs: 1, verbose: Verbosity.Silent);
        foreach (var (mine, theirs) in model.Weights.Zip(resumed.Model.Weights))
            CollectionAssert.AreEqual(mine.Value.ToArray(), theirs.Value.ToArray(), $"{name}: {mine.Name} of {kernel}");
    }

    private static (Model Model, Layer Layer) Of(SymbolicTensor input, Func<Layer> make)
    {
        var layer = make();
        return (new Model(input, layer.Call(input), seed: 3), layer);
    }

    private static Weight Find(LayerBase layer, string name) => layer.Weights.First(weight => weight.Name == name);

    private static void Fill(LayerBase layer)
    {
        foreach (var weight in layer.Weights.Where(weight => weight.Name.StartsWith("lora", StringComparison.Ordinal)))
            for (var i = 0; i < weight.Length; i++) weight.Storage[i] = 0.3f * MathF.Cos(1 + (3 * i));
    }

    private static NDArray Data(SymbolicTensor input)
    {
        var shape = Shape.Of([4, .. input.Shape.Dims[1..]]);
        return input.DType == DType.Int64
            ? NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => (long)(i * 7 % 11))], shape)
            : NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => MathF.Sin(i * 1.7f))], shape);
    }

    private static System.Numerics.Tensors.Tensor<float> Merged(Weight kernel, Weight a, Weight b, float scale)
    {
        var values = kernel.Storage.ToArray();
        var (rank, columns) = (b.Shape.Dims[0], b.Shape.Dims[1]);
        for (var i = 0; i < values.Length; i++)
            for (var k = 0; k < rank; k++) values[i] += scale * a.Storage[(i / columns * rank) + k] * b.Storage[(k * columns) + (i % columns)];
        return System.Numerics.Tensors.Tensor.Create(values, kernel.Shape.TensorLengths());
    }

    private static double Largest(NDArray a, NDArray b) => a.ToArray().Zip(b.ToArray(), (x, y) => Math.Abs((double)x - y)).Max();
}
