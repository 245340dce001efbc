using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Gradients;

/// <summary>Two unknown dimensions may have different sizes when data comes, and one of them may be 1: a gradient has the size of its own value.</summary>
[TestClass]
public sealed class UnknownDimensionTests
{
    private static readonly int[][] s_lengths = [[4, 1], [1, 4], [4, 4], [1, 1]];

    /// <summary>Everything that broadcasts, as a function of two tensors.</summary>
    private static readonly Dictionary<string, Func<SymbolicTensor, SymbolicTensor, SymbolicTensor>> s_functions = new()
    {
        ["Add"] = Ops.Add,
        ["Subtract"] = Ops.Subtract,
        ["Multiply"] = Ops.Multiply,
        ["Divide"] = Ops.Divide,
        ["Maximum"] = Ops.Maximum,
        ["Minimum"] = Ops.Minimum,
        ["Mod"] = Ops.Mod,
        ["Power"] = Ops.Power,
        ["PRelu"] = (a, b) => Ops.Make(new Operators.PRelu(), 1 - (a * b), b),
        ["Where"] = (a, b) => Ops.Where(Ops.Greater(a, b), a, b),
        ["Where by a condition"] = (a, b) => Ops.Where(Ops.Greater(a, 1), b * 2, b),
        ["Product"] = (a, b) => Ops.MatMul(Square(a), Square(b)),
        ["Product with transposed sides"] = (a, b) => Ops.Make(new Operators.MatMul(true, true), Square(a), Square(b)),
        ["Chain"] = (a, b) => Ops.Tanh((a * b) + a) * Ops.Sigmoid(b - a),
        ["Chain behind its own input"] = (a, b) => a * Ops.Exp(-(a + b)),
        ["Concat behind a sum"] = (a, b) => Ops.Concatenate([a + b, a * b], 1),
        ["Concat along the unknown axis"] = (a, b) => Ops.Square(Ops.Concatenate([a, b, a], 1)),
        ["Tile along the unknown axis"] = (a, b) => Ops.Square(Ops.CumSum(Ops.Tile(a * Ops.Mean(b), 1, 3, 2), 1)),
        ["Tile around an unknown axis"] = (a, b) => Ops.Square(Ops.CumSum(Ops.Tile(Ops.ExpandDims(a, 1) * Ops.Mean(b), 1, 2, 3, 2), 2)),
        ["Reduction behind a sum"] = (a, b) => Ops.Square(Ops.Mean(a + b, 1)),
        ["Softmax over a sum"] = (a, b) => Ops.Softmax(a + b, 1) * a,
        ["Add layer"] = (a, b) => new Add().Call(a, b),
        ["Multiply layer"] = (a, b) => new Multiply().Call(a, b),
        ["Dense layers"] = (a, b) => a.Apply(new Dense(3, name: "one")) + b.Apply(new Dense(3, name: "two")),
    };

    public static IEnumerable<object[]> Functions => s_functions.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Functions))]
    public void Gradients_are_those_of_known_dimensions(string function)
    {
        foreach (var lengths in s_lengths)
        {
            var x = Data(lengths);
            var expected = WithGradients(function, [.. lengths.Select(length => Model.Input([length, 3]))]).PredictAll(x);
            var found = WithGradients(function, [Model.Input([null, 3]), Model.Input([null, 3])]).PredictAll(x);
            for (var i = 0; i < expected.Count; i++)
            {
                CollectionAssert.AreEqual(expected[i].Shape.ToArray(), found[i].Shape.ToArray(), $"lengths {lengths[0]} and {lengths[1]}, result {i}");
                CollectionAssert.AreEqual(expected[i].ToArray(), found[i].ToArray(), $"lengths {lengths[0]} and {lengths[1]}, result {i}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Functions))]
    public void Exported_gradients_are_the_engines_for_every_pair_of_lengths(string function)
    {
        if (function == "Mod") return; // ONNX Runtime's Mod of floating-point numbers takes the dividend's sign; that case has tests of its own.
        using var folder = new TemporaryFolder();
        var model = WithGradients(function, [Model.Input([null, 3]), Model.Input([null, 3])]);
        model.ExportOnnx(folder.File("model.onnx"));
        using var file = OnnxModel.Load(folder.File("model.onnx"));
        foreach (var lengths in s_lengths)
        {
            var x = Data(lengths);
            var expected = model.PredictAll(x);
            var results = file.Run([.. x.Select(array => (OnnxValue)array.ToTensor())]);
            for (var i = 0; i < expected.Count; i++)
            {
                var (found, what) = (results[i].As<float>(), $"lengths {lengths[0]} and {lengths[1]}, result {i}");
                CollectionAssert.AreEqual(expected[i].ToTensor().Lengths.ToArray(), found.Lengths.ToArray(), what);
                foreach (var (a, b) in expected[i].ToArray().Zip(found.ToArray())) Assert.AreEqual(a, b, 1e-5 * Math.Max(1, Math.Abs(a)), what);
            }
        }
    }

    /// <summary>Zeros around nothing are zeros, and their gradient is nothing.</summary>
    [TestMethod]
    public void Zeros_around_an_empty_axis_are_trained_on()
    {
        var x = Model.Input([null, 3]);
        var model = new Model(x, x.Apply(new Dense(2), new ZeroPadding1D(1), new Dense(1)));
        var logs = model.Compile(new Sgd(0.1), Loss.MeanSquaredError).TrainOnBatch(new float[2, 0, 3], new float[,,] { { { 1 }, { 1 } }, { { 1 }, { 1 } } });
        Assert.AreEqual(1, logs["loss"], 1e-6);
    }

    [TestMethod]
    public void Exported_steps_train_as_the_engine_does_for_every_pair_of_lengths()
    {
        using var folder = new TemporaryFolder();
        var (a, b) = (Model.Input([null, 3], name: "a"), Model.Input([null, 3], name: "b"));
        var sum = a.Apply(new Dense(4, Activation.Tanh, name: "one")) * b.Apply(new Dense(4, Activation.Tanh, name: "two"));
        var trainer = new Model([a, b], sum.Apply(new Dense(1), new GlobalAveragePooling1D())).Compile(new Sgd(0.1), Loss.MeanSquaredError);
        trainer.ExportTraining(folder.Path);
        using var file = OnnxTrainer.Load(folder.Path);
        foreach (var lengths in s_lengths)
        {
            var y = StepData.Signed(3, 2, 1);
            Assert.AreEqual(trainer.TrainOnBatch(Data(lengths), y)["loss"], file.TrainOnBatch(Data(lengths), y)["loss"], 1e-5);
        }
    }

    private static NDArrays Data(int[] lengths) => NDArrays.Create([.. lengths.Select((length, i) => StepData.Shares(i + 1, 2, length, 3))]);

    private static Model WithGradients(string function, SymbolicTensors inputs)
    {
        var y = s_functions[function](inputs[0] + 0.5f, inputs[1] + 0.5f);
        return new Model(inputs, [y, .. Gradient.Of(Ops.Square(y), inputs)]);
    }

    private static SymbolicTensor Square(SymbolicTensor x) => Ops.ExpandDims(x, 2) * Ops.Reshape(x, 0, -1, 3, 1);
}
