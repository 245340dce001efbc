using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Policies;

/// <summary>Training steps with activations in 16 bits: their results, their memory, and that they repeat bit for bit.</summary>
[TestClass]
public sealed class MixedPrecisionTests
{
    private static readonly MixedPrecision[] s_policies = [MixedPrecision.Float16, MixedPrecision.BFloat16];

    // The gradient of a logarithm of nearly nothing is as large as the input is inexact; that of what a scale of the input does not change is nothing.
    private static readonly string[] s_steep = ["StftSpectrogram", "AutoContrast"];

    public static IEnumerable<object[]> Networks =>
        from name in new[] { "mlp", "residual", "lstm", "transformer" } from policy in s_policies select new object[] { name, policy };

    public static IEnumerable<object[]> Layers => LayerCases.Rows;

    [TestMethod]
    [DataRow(MixedPrecision.Float16)]
    [DataRow(MixedPrecision.BFloat16)]
    public void Gradients_are_those_of_a_step_rounded_between_its_operators(MixedPrecision policy)
    {
        // relu(x A + a) B + b: hidden values, their gradients and those of the first layer's weights are rounded; the output layer is not.
        const int Rows = 7, In = 5, Hidden = 17, Out = 3;
        var random = new Random(2);
        var input = Model.Input([In]);
        var model = new Model(input, input.Apply(new Dense(Hidden, Activation.Relu, name: "first"), new Dense(Out, name: "last")));
        foreach (var weight in model.Weights)
        {
            for (var i = 0; i < weight.Length; i++) weight.Storage[i] = random.NextSingle() - 0.5f;
        }

        var (x, y) = (Values(random, Rows * In), Values(random, Rows * Out));
        var trainer = model.Compile(new Sgd(), Loss.MeanSquaredError, precision: policy);
        var scale = trainer.LossScale ?? 1;
        var actual = trainer.ComputeGradients(NDArray.Create(x, Shape.Of(Rows, In)), NDArray.Create(y, Shape.Of(Rows, Out)));

        var (a, bias, b, last) = (model.Weights[0].Storage, model.Weights[1].Storage, model.Weights[2].Storage, model.Weights[3].Storage);
        var hidden = Product(x, a, Rows, In, Hidden).Select((value, i) => Rounded(Math.Max(0, value + bias[i % Hidden]), policy)).ToArray();
        var output = Product(hidden, b, Rows, Hidden, Out).Select((value, i) => value + last[i % Out]).ToArray();
        var dOutput = output.Select((value, i) => (value - y[i]) * 2 / (Rows * Out) * scale).ToArray();
        var dHidden = Product(dOutput, Transposed(b, Hidden, Out), Rows, Out, Hidden)
            .Select((value, i) => hidden[i] > 0 ? Rounded(value, policy) : 0)
            .ToArray();
        Close(Product(Transposed(hidden, Rows, Hidden), dOutput, Hidden, Rows, Out).Select(value => value / scale), actual["last/kernel"], 1e-5);
        Close(
            Product(Transposed(x, Rows, In), dHidden, In, Rows, Hidden).Select(value => Rounded(value, policy) / scale),
            actual["first/kernel"],
            Step(policy));
        Close(
            Enumerable.Range(0, Hidden).Select(j => Rounded(Enumerable.Range(0, Rows).Sum(i => dHidden[(i * Hidden) + j]), policy) / scale),
            actual["first/bias"],
            Step(policy));

        static void Close(IEnumerable<double> expected, Tensor<float> actual, double step)
        {
            foreach (var (wanted, number) in expected.Zip(actual)) Assert.AreEqual(wanted, number, (Math.Abs(wanted) * step) + 1e-7);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Layers))]
    public void Every_layer_has_the_gradients_of_Float32_but_for_rounding(LayerCase row)
    {
        if (row.InputType != DType.Float32 || row.Inputs.Any(shape => !shape.IsKnown) || s_steep.Contains(row.Name)) return;
        var random = new Random(4);
        SymbolicTensor[] inputs = [.. row.Inputs.Select(shape => Model.Input(shape, batchSize: row.BatchSize))];
        SymbolicTensor[] scaled = [.. inputs.Select(input => input.Apply(new BatchNormalization()))];

        // After another layer, since the output layer stays in float32 anyway.
        var output = row.Create().CallAll(scaled, row.Options)[0];
        if (!output.DType.Equals(DType.Float32)) return;
        var model = new Model(inputs, new Rescaling(1).Call(output), seed: 3);
        var samples = row.BatchSize ?? 3;
        var x = NDArrays.Create([.. row.Inputs.Select(shape => Data(shape, samples, random))]);
        var predicted = model.PredictAll(x)[0];
        var y = NDArray.Create(Values(random, predicted.ToArray().Length), predicted.Shape);
        var expected = Gradients(MixedPrecision.Float32);
        foreach (var policy in s_policies)
        {
            var actual = Gradients(policy);
            var difference = Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
            var norm = Math.Sqrt(expected.Sum(number => Math.Pow(number, 2)));
            Assert.IsLessThanOrEqualTo((0.02 + (8 * Step(policy))) * norm + 1e-5, difference, $"{policy}: gradients of norm {norm} are {difference} away");
        }

        float[] Gradients(MixedPrecision policy) =>
            [.. model.Compile(new Sgd(), Loss.MeanSquaredError, seed: 5, precision: policy)
                .ComputeGradients(x, y)
                .OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .SelectMany(entry => entry.Value)];
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void Losses_follow_those_of_Float32(string name, MixedPrecision policy)
    {
        foreach (var batch in new[] { 1, 3, 7, 17 })
        {
            var (expected, actual) = (Losses(name, MixedPrecision.Float32, batch), Losses(name, policy, batch));
            for (var i = 0; i < expected.Length; i++)
                Assert.AreEqual(expected[i], actual[i], 25 * Step(policy) * (1 + expected[i]), $"epoch {i}, batches of {batch}");
            Assert.IsLessThan(actual[0], actual[^1], "it learns");
        }

        static double[] Losses(string name, MixedPrecision policy, int batch)
        {
            var (model, x, y) = Task(name);
            return [.. model.Compile(new Sgd(0.02), Loss.SparseCategoricalCrossentropy, seed: 2, precision: policy)
                .Fit(x, y, batchSize: batch, epochs: 3, verbose: Verbosity.Silent)["loss"]];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void Steps_repeat_bit_for_bit_with_any_number_of_threads(string name, MixedPrecision policy)
    {
        var first = Weights(1);
        CollectionAssert.AreEqual(first, Weights(1), "again");
        CollectionAssert.AreEqual(first, Weights(2), "two threads");

        byte[] Weights(int threads)
        {
            var (model, x, y) = Task(name);
            model.Compile(new Adam(0.01), Loss.SparseCategoricalCrossentropy, seed: 9, threads: threads, precision: policy)
                .Fit(x, y, epochs: 2, batchSize: 12, verbose: Verbosity.Silent);
            return [.. model.Weights.SelectMany(weight => MemoryMarshal.AsBytes<float>(weight.Storage).ToArray())];
        }
    }

    [TestMethod]
    [DoNotParallelize]
    [DynamicData(nameof(Networks))]
    public void A_warm_step_allocates_nothing(string name, MixedPrecision policy)
    {
        var (model, x, y) = Task(name);
        var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], threads: 2, precision: policy);
        var batches = new ArrayBatches([x, y], 8, shuffle: true, 3);
        batches.Start(0);
        for (var i = 0; i < 3; i++) Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Step();
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Step()
        {
            Assert.IsTrue(batches.MoveNext());
            trainer.TrainingSteps.Run(batches, 1);
        }
    }

    [TestMethod]
    [DataRow("mnist", 0.4)]
    [DataRow("residual images", 0.4)]
    public void Memory_is_that_of_the_step_and_much_smaller(string name, double least)
    {
        var image = name == "mnist" ? Model.Input([28, 28, 1]) : Model.Input([32, 32, 3]);
        Model model;
        if (name == "mnist")
        {
            model = new Model(image, image.Apply(
                new Conv2D(32, 3, activation: Activation.Relu), new MaxPooling2D(2), new Conv2D(64, 3, activation: Activation.Relu), new MaxPooling2D(2),
                new Flatten(), new Dense(128, Activation.Relu), new Dropout(0.4), new Dense(10, Activation.Softmax)));
        }
        else
        {
            static Conv2D Convolution() => new(64, 3, padding: Padding.Same);
            var entry = image.Apply(Convolution(), new BatchNormalization(), new Relu());
            var block = entry.Apply(Convolution(), new BatchNormalization(), new Relu(), Convolution(), new BatchNormalization()) + entry;
            model = new Model(image, block.Apply(new Relu(), new GlobalAveragePooling2D(), new Dense(10, Activation.Softmax)));
        }

        var shape = image.Shape;
        var (x, y) = (
            NDArray.Create(new float[2 * shape[1]!.Value * shape[2]!.Value * shape[3]!.Value], Shape.Of(2, shape[1]!.Value, shape[2]!.Value, shape[3]!.Value)),
            NDArray.Create(new float[2], Shape.Of(2)));
        foreach (var policy in s_policies)
        {
            var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, precision: policy);
            var memory = trainer.MeasureMemory(x, y, 64);
            Assert.IsGreaterThanOrEqualTo(least, memory.SavedShare, memory.ToString());
            Assert.Contains($"64 samples", memory.ToString());
            trainer.TrainOnBatch(x, y);
            Assert.AreEqual(trainer.TrainingSteps.Plan.ArenaBytes, trainer.MeasureMemory(x, y, 2).Bytes);
        }

        var plain = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy).MeasureMemory(x, y, 64);
        Assert.AreEqual(plain.Bytes, plain.Float32Bytes);
        Assert.AreEqual(0, plain.SavedShare);
        Assert.Throws<ModelException>(() => model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy).MeasureMemory(x, y, 0));
    }

    [TestMethod]
    public void Scores_that_masks_hide_stay_finite()
    {
        // The second sample is fully masked: its scores minus 1e9 are beyond the range of a half.
        var input = Model.Input([5, 4]);
        var shown = new Masking().Call(input);
        var model = new Model(input, new Attention().Call(input, shown).Apply(new Dense(6, Activation.Relu), new GlobalAveragePooling1D(), new Dense(1)));
        var random = new Random(8);
        float[] x = [.. Values(random, 20), .. new float[20], .. Values(random, 20)];
        foreach (var policy in s_policies)
        {
            var trainer = model.Compile(new Sgd(0.01), Loss.MeanSquaredError, precision: policy);
            if (policy == MixedPrecision.Float16) trainer.Compiled.State.Find("loss_scale/scale")!.Storage[0] = 64;
            var gradients = trainer.ComputeGradients(NDArray.Create(x, Shape.Of(3, 5, 4)), new float[] { 1, 0, -1 });
            Assert.IsTrue(gradients.Values.All(gradient => gradient.All(float.IsFinite)), $"{policy}");
        }
    }

    /// <summary>The forget gate of the only step has no gradient; the other gates have one of 16 bits.</summary>
    [TestMethod]
    public void Pieces_of_a_value_that_have_no_gradient_have_zeros_of_its_type()
    {
        var x = Model.Input([1, 4]);
        var states = new Rnn(new LstmCell(3), returnState: true).CallAll(new Dense(4).Call(x), CallOptions.None);
        var pieces = Ops.Split(new Dense(6).Call(x), [2, 4]);
        var model = new Model(x, [new Dense(1).Call(states[0] + states[1]), new Dense(1).Call(new Relu().Call(pieces[1]))]);
        var random = new Random(8);
        var data = NDArray.Create(Values(random, 28), Shape.Of(7, 1, 4));
        var targets = NDArrays.Create([NDArray.Create(Values(random, 7), Shape.Of(7, 1)), NDArray.Create(Values(random, 7), Shape.Of(7, 1, 1))]);
        foreach (var policy in s_policies)
        {
            var trainer = model.Compile(new Sgd(0.01), Loss.MeanSquaredError, precision: policy);
            Assert.IsTrue(double.IsFinite(trainer.TrainOnBatch(NDArrays.Create([data]), targets)["loss"]));
        }
    }

    /// <summary>Sums of squares pass 65504 long before any value does; their factor brings them back.</summary>
    [TestMethod]
    public void Penalties_of_activations_are_computed_in_Float32()
    {
        foreach (var (l1, l2) in ((float, float)[])[(1e-3f, 0), (0, 1e-3f), (1e-3f, 1e-3f)])
        {
            var regularizer = Regularizer.L1L2(l1, l2);
            var x = Model.Input([40, 30]);
            Layer[] layers =
            [
                new Dense(8, kernelInitializer: Initializer.Ones, activityRegularizer: regularizer),
                new Conv1D(8, 3, kernelInitializer: Initializer.Ones, activityRegularizer: regularizer),
                new SimpleRnn(8, Activation.Relu, kernelInitializer: Initializer.Ones, activityRegularizer: regularizer, returnSequences: true),
                new ActivityRegularization(l1, l2),
            ];
            foreach (var layer in layers)
            {
                var model = new Model(x, (x * 4).Apply(layer, new Flatten(), new Dense(1)));
                var (data, targets) = (NDArray.Create([.. Enumerable.Repeat(2f, 7 * 1200)], Shape.Of(7, 40, 30)), NDArray.Create(new float[7], Shape.Of(7, 1)));
                var expected = model.Compile(new Sgd(0), Loss.MeanSquaredError).TrainOnBatch(data, targets)["loss"];
                foreach (var policy in s_policies)
                {
                    var actual = model.Compile(new Sgd(0), Loss.MeanSquaredError, precision: policy).TrainOnBatch(data, targets)["loss"];
                    Assert.AreEqual(expected, actual, 0.03 * expected, $"{layer.ClassName} under {policy}");
                }
            }
        }
    }

    [TestMethod]
    public void The_table_says_what_stays_Float32()
    {
        var (model, x, y) = Task("residual");
        var trainer = model.Compile(new Sgd(), Loss.SparseCategoricalCrossentropy, precision: MixedPrecision.BFloat16);
        var graph = StepGraph.For(trainer.Compiled, [new(x.Shape, x.DType), new(y.Shape, y.DType)], training: true);
        var nodes = Graph.Between(graph.Inputs, [.. graph.Outputs, .. graph.Updates.Select(update => update.Value)]).Nodes;
        Assert.IsTrue(Types<OnnxFunctional.Operators.Conv>().All(type => type == DType.BFloat16));
        Assert.IsTrue(Types<OnnxFunctional.Operators.ConvWeightGradient>().All(type => type == DType.BFloat16), "gradients flow in the types of their values");
        Assert.IsTrue(Types<OnnxFunctional.Operators.BatchNormalizationTraining>().All(type => type == DType.Float32));
        Assert.IsTrue(Types<OnnxFunctional.Operators.ReduceMean>().All(type => type == DType.Float32), "sums");
        Assert.IsTrue(Types<OnnxFunctional.Operators.SoftmaxCrossEntropy>().All(type => type == DType.Float32), "losses");
        Assert.IsTrue(Types<OnnxFunctional.Operators.Gemm>().All(type => type == DType.Float32), "the layer that makes the output");
        Assert.IsTrue(graph.Updates.All(update => update.Value.Spec.Type == DType.Float32), "weights");
        Assert.IsTrue(graph.Outputs.All(output => output.Spec.Type == DType.Float32), "losses and metrics");

        List<DType> Types<TOp>()
        {
            List<DType> types = [.. nodes.Where(node => node.Op is TOp).Select(node => node.Outputs[0].Spec.Type)];
            Assert.IsNotEmpty(types, typeof(TOp).Name);
            return types;
        }
    }

    [TestMethod]
    public void Evaluation_is_in_Float32_with_the_trained_weights()
    {
        var (model, x, y) = Task("mlp");
        var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, precision: MixedPrecision.BFloat16);
        trainer.Fit(x, y, epochs: 1, verbose: Verbosity.Silent);
        var loss = trainer.Evaluate(x, y)["loss"];
        Assert.AreEqual(model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy).Evaluate(x, y)["loss"], loss);
        using var folder = new TemporaryFolder();
        Assert.IsTrue(model.ExportOnnx(folder.File("model.onnx")).Passed);
    }

    [TestMethod]
    public void Wrong_uses_get_a_sentence()
    {
        var (model, _, _) = Task("mlp");
        Assert.Contains(
            "precision is 7",
            Assert.Throws<ModelException>(() => model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, precision: (MixedPrecision)7)).Message);
        using var folder = new TemporaryFolder();
        var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, precision: MixedPrecision.BFloat16);
        Assert.Contains("without precision", Assert.Throws<ExportException>(() => trainer.ExportTraining(folder.Path)).Message);
    }

    /// <summary>The distance between neighbouring values of the type, relative to the value.</summary>
    private static double Step(MixedPrecision policy) => policy == MixedPrecision.Float16 ? 1.0 / 1024 : 1.0 / 128;

    private static double Rounded(double value, MixedPrecision policy)
    {
        if (policy == MixedPrecision.Float16) return (double)(Half)(float)value;
        var bits = BitConverter.SingleToUInt32Bits((float)value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }

    private static double[] Product<TLeft, TRight>(TLeft[] left, TRight[] right, int rows, int inner, int columns)
        where TLeft : System.Numerics.INumber<TLeft>
        where TRight : System.Numerics.INumber<TRight>
    {
        var product = new double[rows * columns];
        for (var i = 0; i < product.Length; i++)
        {
            var (row, column) = (i / columns, i % columns);
            for (var k = 0; k < inner; k++)
                product[i] += double.CreateChecked(left[(row * inner) + k]) * double.CreateChecked(right[(k * columns) + column]);
        }

        return product;
    }

    private static T[] Transposed<T>(T[] matrix, int rows, int columns) =>
        [.. from j in Enumerable.Range(0, columns) from i in Enumerable.Range(0, rows) select matrix[(i * columns) + j]];

    private static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];

    private static NDArray Data(Shape shape, int samples, Random random)
    {
        nint[] lengths = [samples, .. shape.Select(dim => (nint)dim!.Value)];
        return Tensor.Create(Values(random, (int)lengths.Aggregate((product, length) => product * length)), lengths);
    }

    /// <summary>A model and 34 samples of three classes.</summary>
    internal static (Model Model, NDArray X, NDArray Y) Task(string name)
    {
        Shape shape = name switch { "mlp" => [11], "residual" => [7, 7, 3], _ => [7, 9] };
        var input = Model.Input(shape);
        SymbolicTensor features;
        switch (name)
        {
            case "mlp":
                features = input.Apply(new Dense(33, Activation.Relu), new Dropout(0.2), new Dense(17, Activation.Gelu));
                break;
            case "residual":
                var entry = input.Apply(new Conv2D(8, 3, padding: Padding.Same), new BatchNormalization(), new Relu());
                var residual = entry.Apply(
                    new Conv2D(8, 3, padding: Padding.Same),
                    new BatchNormalization(),
                    new Relu(),
                    new Conv2D(8, 3, padding: Padding.Same),
                    new BatchNormalization());
                features = (residual + entry).Apply(new Relu(), new GlobalAveragePooling2D());
                break;
            case "lstm":
                features = input.Apply(new Lstm(9, returnSequences: true), new Gru(5));
                break;
            default:
                var normal = input.Apply(new LayerNormalization());
                var attended = input + new MultiHeadAttention(3, 4).Call(normal, normal);
                attended += attended.Apply(new LayerNormalization(), new Dense(13, Activation.Gelu), new Dense(9));
                features = attended.Apply(new GlobalAveragePooling1D());
                break;
        }

        var random = new Random(4);
        int[] dims = [34, .. shape.Dims];
        var classes = Enumerable.Range(0, 34).Select(i => (float)(i % 3)).ToArray();
        var x = Values(random, dims.Aggregate(1, (product, dim) => product * dim));
        var each = x.Length / 34;
        for (var i = 0; i < x.Length; i++) x[i] += classes[i / each] * ((i % each) % 2 == 0 ? 0.4f : -0.4f);
        var model = new Model(input, features.Apply(new Dense(3, Activation.Softmax)), seed: 1);
        return (model, NDArray.Create(x, Shape.Of(dims)), NDArray.Create(classes, Shape.Of(34)));
    }
}
