using OnnxFunctional.Export;
using OnnxFunctional.Tests.Export.TrainingStep;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>A constant or weight with one element may be what gives a result its rank.</summary>
[TestClass]
public sealed class OneElementOperandTests
{
    private static readonly Dictionary<string, Func<SymbolicTensor, SymbolicTensor, SymbolicTensor>> s_functions = new()
    {
        ["Add"] = Ops.Add,
        ["Subtract"] = (x, one) => one - x,
        ["Multiply"] = Ops.Multiply,
        ["Divide"] = Ops.Divide,
        ["Maximum"] = Ops.Maximum,
        ["Power"] = (x, one) => Ops.Power(Ops.Abs(x) + 1, one),
        ["Where"] = (x, one) => Ops.Where(Ops.Greater(x, 0), x, one),
        ["Where by one condition"] = (x, one) => Ops.Where(Ops.Greater(one, 0), x, 2),
        ["Comparison"] = (x, one) => Ops.Cast(Ops.Less(x, one), DType.Float32),
        ["Of one element alone"] = (x, one) => Ops.Sum(x) + one,
        ["Of two such"] = (x, one) => (one + Ops.Constant([1, 1], [3f])) * x,
    };

    public static IEnumerable<object[]> Cases =>
        from name in s_functions.Keys from rank in Enumerable.Range(0, 5) from isWeight in new[] { false, true } select new object[] { name, rank, isWeight };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void The_file_keeps_the_rank(string function, int rank, bool isWeight)
    {
        using var folder = new TemporaryFolder();
        var shape = Shape.Of([.. Enumerable.Repeat(1, rank)]);
        foreach (int[] sample in new int[][] { [], [3], [2, 3] })
        {
            var x = Model.Input(Shape.Of(sample));
            var y = isWeight ? new OneWeight(shape, s_functions[function]).Call(x) : s_functions[function](x, Ops.Constant(shape, [0.5f]));
            var model = new Model(x, y);
            model.ExportOnnx(folder.File("model.onnx"), new ExportOptions { Verify = false });
            var data = StepData.Signed(1, [2, .. sample]);
            using var file = OnnxModel.Load(folder.File("model.onnx"));
            var (expected, found) = (model.Predict(data), file.Run(data.ToTensor())[0].As<float>());
            if (y.Rank > 0) CollectionAssert.AreEqual(expected.ToTensor().Lengths.ToArray(), found.Lengths.ToArray(), $"sample of rank {sample.Length}");
            foreach (var (a, b) in expected.ToArray().Zip(found.ToArray())) Assert.AreEqual(a, b, 1e-5f, $"sample of rank {sample.Length}");
        }
    }

    private sealed class OneWeight(Shape shape, Func<SymbolicTensor, SymbolicTensor, SymbolicTensor> function) : Layer
    {
        protected override SymbolicTensor Forward(SymbolicTensor x) => function(x, Weight("one", shape, Initializer.Constant(0.5)));
    }
}
