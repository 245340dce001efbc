using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

[TestClass]
public sealed class MissingArchitectureTests
{
    /// <summary>Such a function was written, and no reader, Keras included, could read it again.</summary>
    [TestMethod]
    public void A_function_of_constants_only_is_refused_with_a_remedy()
    {
        using var folder = new TemporaryFolder();
        var model = OfConstants();
        foreach (var write in new Action[] { () => model.ToJson(), () => model.Save(folder.File("model.keras")) })
        {
            var refusal = Assert.ThrowsExactly<ModelException>(write);
            Assert.Contains("(Tanh) has constants as its only inputs", refusal.Message);
            Assert.Contains("give it to Ops.Constant", refusal.Message);
        }

        Assert.IsFalse(File.Exists(folder.File("model.keras")));
    }

    [TestMethod]
    public void A_function_of_constants_and_a_tensor_is_read_again()
    {
        var x = Model.Input([3]);
        var chosen = Ops.Where(Ops.Greater(x, 0), Ops.Constant(1), Ops.Constant(2));
        foreach (var y in new[] { Ops.Maximum(Ops.ZerosLike(x), x), Ops.Add(Ops.Constant(2), x), chosen })
        {
            var model = new Model(x, y);
            var again = Model.FromJson(model.ToJson());
            CollectionAssert.AreEqual(Predicted(model), Predicted(again));
        }
    }

    [TestMethod]
    public void A_file_whose_architecture_was_refused_says_why()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.onnx");
        var report = OfConstants().ExportOnnx(path);
        Assert.IsNotNull(report.RebuildProblem);
        var refusal = Assert.ThrowsExactly<OnnxFileException>(() => Model.Load(path));
        Assert.Contains("(Tanh) has constants as its only inputs", refusal.Message);
        Assert.DoesNotContain("another program", refusal.Message);
        Assert.IsGreaterThan(0, OnnxFile.Summarize(path).Length);
    }

    private static Model OfConstants()
    {
        var x = Model.Input([3]);
        return new Model(x, x + Ops.Tanh(Ops.Constant(0.5)));
    }

    private static float[] Predicted(Model model)
    {
        var output = model.Predict(NDArray.Create(new float[] { -1, 0, 2 }, Shape.Of(1, 3)));
        return output.ToArray();
    }
}
