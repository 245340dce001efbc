using System.Text.Json;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training;

/// <summary>Profiles: whose work is what, how much it is, and that nothing is changed by measuring it.</summary>
[TestClass]
public sealed class ProfileTests
{
    private const int Batch = 7;

    [TestMethod]
    public void Every_layer_with_weights_has_a_time_forward_backward_and_for_its_update()
    {
        var (trainer, x, y) = Network(new Adam(clipnorm: 1));
        var report = trainer.Profile(x, y, Batch, steps: 3);
        Assert.AreEqual((Batch, 3), (report.BatchSize, report.Steps));
        string[] expected = ["conv", "norm", "pool", "head/first", "head/drop", "head/second", "loss", "metrics", "optimizer"];
        CollectionAssert.AreEquivalent(expected, report.Layers.Select(layer => layer.Layer).Where(layer => layer != "relu" && layer != "flat").ToArray());
        foreach (var layer in report.Layers.Where(layer => layer.Layer is "conv" or "norm" or "head/first" or "head/second"))
            Assert.IsTrue(layer is { ForwardMilliseconds: > 0, BackwardMilliseconds: > 0, UpdateMilliseconds: > 0 }, layer.ToString());
        Assert.AreEqual("Conv2D", report.Layers.First(layer => layer.Layer == "conv").ClassName);
        Assert.AreEqual(0, report.Layers.First(layer => layer.Layer == "pool").UpdateMilliseconds);
        Assert.IsGreaterThan(0, report.Layers.First(layer => layer.Layer == "pool").BackwardMilliseconds);
        Assert.AreEqual("optimizer", report.Layers[^1].Layer);
    }

    [TestMethod]
    public void Layers_and_kernels_are_two_divisions_of_the_same_work()
    {
        var (trainer, x, y) = Network(new Sgd(0.01, momentum: 0.9));
        var report = trainer.Profile(x, y, Batch, steps: 2);
        Same(kernel => kernel.Milliseconds, layer => layer.Milliseconds);
        Same(kernel => kernel.Operations, layer => layer.Operations);
        Same(kernel => kernel.Bytes, layer => layer.Bytes);
        Same(kernel => kernel.LeastMilliseconds, layer => layer.LeastMilliseconds);
        Assert.IsTrue(report.Kernels.All(kernel => report.Layers.Any(layer => layer.Layer == kernel.Layer)));

        Assert.AreEqual(ProfilePhase.Forward, report.Kernels[0].Phase);
        CollectionAssert.AreEquivalent(Enum.GetValues<ProfilePhase>(), report.Kernels.Select(kernel => kernel.Phase).Distinct().ToArray());

        void Same(Func<KernelProfile, double> ofKernel, Func<LayerProfile, double> ofLayer)
        {
            var sum = report.Kernels.Sum(ofKernel);
            Assert.AreEqual(sum, report.Layers.Sum(ofLayer), 1e-9 * sum);
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(17)]
    public void Operations_of_products_are_two_per_multiply_add(int samples)
    {
        var model = new Sequential([5], new Dense(3, name: "a"), new Dense(2, name: "b"));
        var (x, y) = (new float[samples, 5], new float[samples, 2]);
        var report = model.Compile(new Sgd(), Loss.MeanSquaredError).Profile(x, y, samples, steps: 1);

        // Forward x W; backward of the first layer x^T dy alone, since nobody asks for the gradient of the data; of the second also dy W^T.
        Assert.AreEqual(2.0 * samples * 5 * 3, Products("a", ProfilePhase.Forward));
        Assert.AreEqual(2.0 * samples * 5 * 3, Products("a", ProfilePhase.Backward));
        Assert.AreEqual(2.0 * samples * 3 * 2, Products("b", ProfilePhase.Forward));
        Assert.AreEqual(2 * 2.0 * samples * 3 * 2, Products("b", ProfilePhase.Backward));

        var first = report.Kernels.First(kernel => kernel.Layer == "a");
        Assert.AreEqual(4.0 * ((samples * 5) + (5 * 3) + 3 + (samples * 3)), first.Bytes);

        // A bias in the same kernel counts one per element.
        double Products(string layer, ProfilePhase phase) => report.Kernels
            .Where(kernel => kernel.Layer == layer && kernel.Phase == phase && (kernel.Name.Contains("MatMul") || kernel.Name.Contains("Gemm")))
            .Sum(kernel => kernel.Operations - (kernel.Name.Contains('+') ? samples * (layer == "a" ? 3 : 2) : 0));
    }

    [TestMethod]
    [DataRow("float32")]
    [DataRow("float16")]
    public void The_training_that_follows_has_the_bits_it_has_without(string precision)
    {
        var policy = precision == "float16" ? MixedPrecision.Float16 : MixedPrecision.Float32;
        var (plain, x, y) = Network(new Adam(useEma: true), policy);
        var (profiled, _, _) = Network(new Adam(useEma: true), policy);
        plain.Fit(x, y, batchSize: Batch, epochs: 1, verbose: 0);
        profiled.Fit(x, y, batchSize: Batch, epochs: 1, verbose: 0);
        profiled.Profile(x, y, Batch, steps: 2);
        profiled.Model.Profile(x, Batch, steps: 2);
        Assert.AreEqual(plain.Iterations, profiled.Iterations);
        plain.Fit(x, y, batchSize: Batch, epochs: 1, verbose: 0);
        profiled.Fit(x, y, batchSize: Batch, epochs: 1, verbose: 0);
        foreach (var (left, right) in plain.Model.Weights.Zip(profiled.Model.Weights)) Assert.IsTrue(left.HoldsSameValues(right), left.Name);
    }

    [TestMethod]
    public void A_prediction_has_no_gradients_and_a_merged_normalization_is_its_convolutions()
    {
        var (trainer, x, _) = Network(new Adam());
        var report = trainer.Model.Profile(x, batchSize: 1, steps: 2);
        Assert.AreEqual(1, report.BatchSize);
        Assert.IsTrue(report.Kernels.All(kernel => kernel.Phase == ProfilePhase.Forward));
        var convolution = report.Kernels.Single(kernel => kernel.Name.StartsWith("Conv", StringComparison.Ordinal));
        Assert.AreEqual("conv", convolution.Layer);
        CollectionAssert.DoesNotContain(report.Layers.Select(layer => layer.Layer).ToArray(), "optimizer");
        StringAssert.DoesNotMatch(report.ToString(), new("backward"));
    }

    [TestMethod]
    public void Calls_of_a_shared_layer_and_operators_without_a_layer_have_rows_of_their_own()
    {
        var input = Model.Input([6]);
        var shared = new Dense(6, Activation.Tanh, name: "shared");
        var twice = shared.Call(shared.Call(input));
        var model = new Model(input, Ops.Sum(twice * Ops.Sigmoid(twice), axis: -1, keepdims: true));
        var layers = model.Compile(new Adam(), Loss.MeanSquaredError).Profile(new float[3, 6], new float[3, 1], steps: 1).Layers;
        CollectionAssert.IsSubsetOf((string[])["shared", "shared/call_1"], layers.Select(layer => layer.Layer).ToArray());
        Assert.IsTrue(layers.Any(layer => layer is { ClassName: "Sigmoid", BackwardMilliseconds: > 0 }), string.Join('\n', layers));
        Assert.AreEqual("loss", layers.Single(layer => layer.Layer == "loss").Layer);
    }

    [TestMethod]
    public void The_trace_nests_kernels_in_layers_in_phases()
    {
        using var folder = new TemporaryFolder();
        var (trainer, x, y) = Network(new Adam());
        var report = trainer.Profile(x, y, Batch, steps: 1);
        report.SaveTrace(folder.File("t.json"));
        using var document = JsonDocument.Parse(File.ReadAllText(folder.File("t.json")));
        var events = document.RootElement.GetProperty("traceEvents").EnumerateArray()
            .Select(entry => (Name: entry.GetProperty("name").GetString(), Start: entry.GetProperty("ts").GetDouble(),
                End: entry.GetProperty("ts").GetDouble() + entry.GetProperty("dur").GetDouble(), IsKernel: entry.TryGetProperty("args", out _)))
            .ToList();
        Assert.HasCount(report.Kernels.Count, events.Where(entry => entry.IsKernel));
        CollectionAssert.IsSubsetOf((string[])["Forward", "Backward", "Update", "conv", "head/second"], events.Select(entry => entry.Name).ToArray());
        Assert.AreEqual(1000 * report.Kernels.Sum(kernel => kernel.Milliseconds), events.Max(entry => entry.End), 1e-3);

        // Two events are apart, or one lies in the other.
        foreach (var one in events)
        {
            foreach (var other in events)
            {
                var apart = one.End <= other.Start + 1e-6 || other.End <= one.Start + 1e-6;
                Assert.IsTrue(apart || IsInside(one, other) || IsInside(other, one), $"{one} and {other}");
            }
        }

        static bool IsInside((string? Name, double Start, double End, bool IsKernel) inner, (string? Name, double Start, double End, bool IsKernel) outer) =>
            outer.Start <= inner.Start + 1e-6 && outer.End >= inner.End - 1e-6;
    }

    [TestMethod]
    public void What_cannot_be_profiled_is_refused_with_a_remedy()
    {
        var (trainer, x, y) = Network(new Adam());
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => trainer.Profile(x, y, steps: 0)).Message, "steps is 0; expected at least 1");
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => trainer.Model.Profile(x, steps: 0)).Message, "steps is 0; expected at least 1");
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => trainer.Profile(x, y, batchSize: 0)).Message, "batchSize is 0");
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsExactly<OperationCanceledException>(() => trainer.Profile(x, y, cancellationToken: cancelled.Token));

        var huge = Initializer.Constant(1e30f);
        var model = new Sequential([1], new Dense(1, kernelInitializer: huge), new Dense(1, kernelInitializer: huge));
        var message = Assert.ThrowsExactly<ModelException>(
            () => model.Compile(new Sgd(), Loss.MeanSquaredError).Profile(new float[1, 1] { { 1 } }, new float[1, 1], steps: 1)).Message;
        StringAssert.Contains(message, "The loss is not finite");
        StringAssert.Contains(message, "trainer.Diagnose(x, y)");
    }

    [TestMethod]
    public void The_table_has_a_row_for_each_layer_and_the_totals_of_the_report()
    {
        var (trainer, x, y) = Network(new Adam());
        var report = trainer.Profile(x, y, Batch, steps: 1);
        var lines = report.ToString().Split(Environment.NewLine);
        StringAssert.StartsWith(lines[0], "Layer (type)");
        foreach (var (layer, line) in report.Layers.Zip(lines.Skip(1))) StringAssert.StartsWith(line, layer.Layer);
        StringAssert.StartsWith(lines[report.Layers.Count + 2], "Kernel ");
        StringAssert.Contains(lines[^2], $"A step on {Batch} samples takes ");
        StringAssert.Contains(lines[^1], "Roofline: ");
        Assert.IsGreaterThan(0, report.OperationsPerSecond);
        Assert.IsGreaterThan(0, report.BytesPerSecond);
    }

    private static (Trainer Trainer, NDArray X, NDArray Y) Network(Optimizer optimizer, MixedPrecision precision = MixedPrecision.Float32)
    {
        var input = Model.Input([9, 9, 3]);
        var head = new Sequential(
            [new Dense(5, Activation.Relu, name: "first"), new Dropout(0.3, name: "drop"), new Dense(3, Activation.Softmax, name: "second")], name: "head");
        var output = input.Apply(
            new Conv2D(4, 3, name: "conv"),
            new BatchNormalization(name: "norm"),
            new ActivationLayer(Activation.Relu, name: "relu"),
            new MaxPooling2D(2, name: "pool"),
            new Flatten(name: "flat"),
            head);
        var random = new Random(1);
        var (x, y) = (new float[2 * Batch, 9, 9, 3], new int[2 * Batch]);
        for (var i = 0; i < x.Length; i++) x[i / 243, i / 27 % 9, i / 3 % 9, i % 3] = random.NextSingle();
        for (var i = 0; i < y.Length; i++) y[i] = i % 3;
        var model = new Model(input, output);
        return (model.Compile(optimizer, Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], precision: precision), x, y);
    }
}
