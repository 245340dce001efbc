using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Models;

/// <summary>Files, optimizers and initial values know a weight by its path: each path belongs to one weight, in every nesting.</summary>
[TestClass]
public sealed class WeightPathTests
{
    public static IEnumerable<object[]> Nestings =>
        from wrapped in new[] { "plain", "bidirectional", "nested", "time distributed model" }
        from cells in new[] { "two", "one twice", "a stack in a stack", "different" }
        select new object[] { wrapped, cells };

    [TestMethod]
    [DynamicData(nameof(Nestings))]
    public void A_path_belongs_to_one_weight(string wrapped, string cells)
    {
        var paths = Make(wrapped, cells).NamedWeights().ToList();
        foreach (var group in paths.GroupBy(named => named.Path))
            Assert.HasCount(1, group.Select(named => named.Weight).Distinct().ToList(), group.Key);
    }

    [TestMethod]
    [DynamicData(nameof(Nestings))]
    public void Every_file_returns_the_same_numbers(string wrapped, string cells)
    {
        var model = Make(wrapped, cells);
        var x = NDArray.Create([.. Enumerable.Range(0, 2 * 3 * 4).Select(i => MathF.Sin(i))], Shape.Of(2, 3, 4));
        var y = new float[2, 1];
        using var folder = new TemporaryFolder();
        var trainer = model.Compile(new Adam(0.05), Loss.MeanSquaredError);
        trainer.Fit(x, y, epochs: 2, verbose: Verbosity.Silent);
        var expected = model.Predict(x).ToArray();
        model.Save(folder.File("a.keras"));
        model.ExportOnnx(folder.File("a.onnx"));
        trainer.Save(folder.File("b.onnx"));
        CollectionAssert.AreEqual(expected, Model.Load(folder.File("a.keras")).Predict(x).ToArray());
        CollectionAssert.AreEqual(expected, Model.Load(folder.File("a.onnx")).Predict(x).ToArray());
        var resumed = Trainer.Load(folder.File("b.onnx"));
        CollectionAssert.AreEqual(expected, resumed.Model.Predict(x).ToArray());
        trainer.Fit(x, y, epochs: 1, verbose: Verbosity.Silent);
        resumed.Fit(x, y, epochs: 1, verbose: Verbosity.Silent);
        CollectionAssert.AreEqual(model.Predict(x).ToArray(), resumed.Model.Predict(x).ToArray());
    }

    [TestMethod]
    public void A_layer_that_two_others_call_has_a_path_in_each()
    {
        var shared = new Dense(4);
        var input = Model.Input([4]);
        var model = new Model(input, new Twice(new Dense(4), shared).Call(new Twice(shared, new Dense(4)).Call(input)));
        CollectionAssert.AreEquivalent(
            new[] { "twice/dense/kernel", "twice/dense_1/kernel", "twice_1/dense/kernel", "twice_1/dense_1/kernel" },
            model.NamedWeights().Select(named => named.Path).Where(path => path.EndsWith("kernel", StringComparison.Ordinal)).ToArray());
    }

    [TestMethod]
    public void Two_weights_of_one_path_are_refused_and_named()
    {
        var input = Model.Input([4]);
        var output = new Twice(new Dense(4, name: "d"), new Dense(4, name: "d"), name: "pair").Call(input);
        StringAssert.Contains(
            Assert.ThrowsExactly<ModelException>(() => new Model(input, output)).Message,
            "two weights have the path 'pair/d/kernel'; give the layers named 'd' different names");
    }

    private static Model Make(string wrapped, string cells)
    {
        var cell = new LstmCell(3);
        RecurrentCell[] list = cells switch
        {
            "two" => [new GruCell(3), new GruCell(3)],
            "one twice" => [new SimpleRnnCell(4), new SimpleRnnCell(4)],
            "a stack in a stack" => [new StackedRnnCells([new LstmCell(3), new LstmCell(3)]), new StackedRnnCells([cell, new LstmCell(3)])],
            _ => [new GruCell(3), cell],
        };
        if (cells == "one twice") list[1] = list[0];
        var rnn = new Rnn(list);
        var input = Model.Input([3, 4]);
        switch (wrapped)
        {
            case "bidirectional":
                return new Model(input, new Dense(1).Call(new Bidirectional(rnn).Call(input)));
            case "nested":
                var inner = Model.Input([3, 4]);
                return new Model(input, new Dense(1).Call(new Model(inner, rnn.Call(inner)).Call(input)));
            case "time distributed model":
                var step = Model.Input([4]);
                var part = new Model(step, new Dense(4).Call(new Dense(4).Call(step)));
                return new Model(input, new Dense(1).Call(rnn.Call(new TimeDistributed(part).Call(input))));
            default:
                return new Model(input, new Dense(1).Call(rnn.Call(input)));
        }
    }

    private sealed class Twice(Layer first, Layer second, string? name = null) : Layer(name)
    {
        protected override SymbolicTensor Forward(SymbolicTensor x) => second.Call(first.Call(x));
    }
}
