using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Resume;

/// <summary>Models of odd forms: they train, are saved and resumed, and are written as files.</summary>
[TestClass]
public sealed class OddFormTests
{
    private static readonly Dictionary<string, Func<Model>> s_models = new()
    {
        ["only the input"] = () => In(3) is var x ? new Model(x, x) : null!,
        ["the input twice"] = () => In(3) is var x ? new Model(x, new[] { x, x }) : null!,
        ["two inputs in exchanged order"] = () => (In(3), In(3)) is var (a, b) ? new Model(new[] { a, b }, new[] { b, a }) : null!,
        ["an output and the input"] = () => In(3) is var x ? new Model(x, new[] { new Dense(3).Call(x), x }) : null!,
        ["an output twice"] = () => In(3) is var x && new Dense(3).Call(x) is var y ? new Model(x, new[] { y, y }) : null!,
        ["an output, the input and the output again"] = () => In(3) is var x && new Dense(3).Call(x) is var y ? new Model(x, new[] { y, x, y }) : null!,
        ["an input that nothing reads"] = () => (In(3), In(7)) is var (a, b) ? new Model(new[] { a, b }, new Dense(3).Call(a)) : null!,
        ["no input is read but one is the output"] = () => (In(3), In(7)) is var (a, b) ? new Model(new[] { a, b }, a) : null!,
        ["an input twice behind an output"] = () => (In(3), In(7)) is var (a, b)
            ? new Model(new[] { a, b }, new[] { new Dense(3).Call(b), a, a })
            : null!,
        ["a nested model that gives its input"] = () =>
        {
            var (outer, inner) = (In(3), In(3));
            return new Model(outer, new Dense(3).Call(new Model(inner, inner).Call(outer)));
        },
        ["a function and the input"] = () => In(3) is var x ? new Model(x, new[] { Ops.Relu(x), x }) : null!,
        ["a function alone"] = () => In(3) is var x ? new Model(x, Ops.Relu(x)) : null!,
        ["an integer input as it is"] = () => Model.Input([3], DType.Int32) is var x ? new Model(x, new[] { new Dense(3).Call(x), x }) : null!,
    };

    public static IEnumerable<object[]> Names => s_models.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void It_is_trained_saved_and_resumed_with_the_bits_of_an_uninterrupted_training(string name)
    {
        using var folder = new TemporaryFolder();
        var (x, y) = Data(s_models[name]());
        var whole = Compiled(name);
        whole.Fit(x, y, batchSize: 3, epochs: 2, verbose: 0);
        var part = Compiled(name);
        using var source = new CancellationTokenSource();
        part.Fit(x, y, batchSize: 3, epochs: 2, callbacks: [new StopInStep(source)], verbose: 0, cancellationToken: source.Token);
        part.Save(folder.File("part.onnx"));
        var resumed = Trainer.Load(folder.File("part.onnx"));
        resumed.Fit(x, y, batchSize: 3, epochs: 2, verbose: 0);
        AreEqual(whole.Model, resumed.Model, x);
        Assert.AreEqual(whole.Iterations, resumed.Iterations);
        var other = Compiled(name);
        other.Restore(folder.File("part.onnx"));
        AreEqual(part.Model, other.Model, x);
        var backedUp = Compiled(name);
        backedUp.Fit(x, y, batchSize: 3, epochs: 2, callbacks: [new BackupAndRestore(folder.File("backup.onnx"))], verbose: 0);
        AreEqual(whole.Model, backedUp.Model, x);
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void It_is_the_same_from_every_file(string name)
    {
        using var folder = new TemporaryFolder();
        var (x, y) = Data(s_models[name]());
        var trainer = Compiled(name);
        trainer.Fit(x, y, batchSize: 3, epochs: 1, verbose: 0);
        var model = trainer.Model;
        model.Save(folder.File("model.keras"));
        AreEqual(model, Model.Load(folder.File("model.keras")), x);
        trainer.SaveKeras(folder.File("trainer.keras"));
        AreEqual(model, Trainer.Load(folder.File("trainer.keras")).Model, x);
        model.SaveWeights(folder.File("model.weights.h5"));
        model.LoadWeights(folder.File("model.weights.h5"));
        var again = Model.FromJson(model.ToJson());
        again.SetWeights(model.GetWeights());
        AreEqual(model, again, x);
        Assert.IsTrue(model.ExportOnnx(folder.File("model.onnx")).IsVerified);
        AreEqual(model, Model.Load(folder.File("model.onnx")), x);
        var opened = Compiled(Model.Load(folder.File("model.onnx")));
        opened.Fit(x, y, batchSize: 3, epochs: 1, verbose: 0);
        opened.Save(folder.File("opened.onnx"));
        AreEqual(opened.Model, Trainer.Load(folder.File("opened.onnx")).Model, x);
        using var onnx = OnnxModel.Load(folder.File("model.onnx"));
        Assert.HasCount(model.Inputs.Count, onnx.Inputs);
        Assert.HasCount(model.Outputs.Count, onnx.Outputs);
    }

    private static SymbolicTensor In(int size) => Model.Input([size]);

    private static Trainer Compiled(string name) => Compiled(s_models[name]());

    private static Trainer Compiled(Model model) =>
        model.Compile(new Adam(0.1), [.. model.Outputs.Select(_ => Loss.MeanSquaredError)], seed: 5);

    private static (NDArrays X, NDArrays Y) Data(Model model)
    {
        return (Arrays(model.Inputs, 0), Arrays(model.Outputs, 1));

        static NDArrays Arrays(IReadOnlyList<SymbolicTensor> tensors, int seed) => NDArrays.Create([.. tensors.Select((tensor, i) =>
        {
            var size = (int)tensor.Shape[1]!;
            var numbers = Enumerable.Range(0, 7 * size).Select(j => ((j * 5) + i + seed) % 11);
            return tensor.DType == DType.Int32
                ? NDArray.Create(numbers.ToArray(), Shape.Of(7, size))
                : NDArray.Create(numbers.Select(number => number / 7f).ToArray(), Shape.Of(7, size));
        })]);
    }

    private static void AreEqual(Model expected, Model actual, NDArrays x)
    {
        var (wanted, got) = (expected.PredictAll(x), actual.PredictAll(x));
        Assert.HasCount(wanted.Count, got);
        for (var i = 0; i < wanted.Count; i++) CollectionAssert.AreEqual(wanted[i].ToArray(), got[i].ToArray(), $"output {i}");
    }

    private sealed class StopInStep(CancellationTokenSource source) : Callback
    {
        public override void OnBatchEnd(int batch, float loss)
        {
            if (batch == 1) source.Cancel();
        }
    }
}
