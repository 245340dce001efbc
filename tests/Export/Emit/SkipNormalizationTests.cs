using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Sums and their normalizations as one operator of ONNX Runtime's own.</summary>
[TestClass]
public sealed class SkipNormalizationTests
{
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Both_kinds_of_transformers_have_one_operator_for_a_sum_and_its_normalization(bool normFirst)
    {
        var model = Transformer(normFirst);
        using var folder = new TemporaryFolder();
        Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), new() { SkipLayerNormalization = true }).Passed);
        var file = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("m.onnx")));
        var skips = file.Graph.Node.Where(node => node.OpType == "SkipLayerNormalization").ToArray();
        Assert.HasCount(normFirst ? 3 : 4, skips);

        // The sum itself goes on where the normalization is before the layer.
        Assert.AreEqual(normFirst, skips[0].Output.Count == 4);
        Assert.IsTrue(file.OpsetImport.Any(import => import.Domain == "com.microsoft"));

        var opened = OnnxFile.LoadModel(folder.File("m.onnx"));
        var x = EmittedRun.Random(3, 7, 8);
        Near.Equal(EmittedRun.Data(model.Predict(x)), EmittedRun.Data(opened.Predict(x)), 1e-5f, "opened again");
    }

    [TestMethod]
    public void By_default_and_where_the_sum_is_of_other_shapes_there_are_two()
    {
        Assert.DoesNotContain("SkipLayerNormalization", Operators(Transformer(true), new()));
        var x = Model.Input([7, 8]);
        var broadcast = new Model(x, new LayerNormalization().Call(x + new GlobalAveragePooling1D(keepdims: true).Call(x)));
        Assert.DoesNotContain("SkipLayerNormalization", Operators(broadcast, new() { SkipLayerNormalization = true }));
        var columns = new Model(x, new LayerNormalization(axis: 1).Call(x + new Dense(8).Call(x)));
        Assert.DoesNotContain("SkipLayerNormalization", Operators(columns, new() { SkipLayerNormalization = true }));
    }

    [TestMethod]
    public void A_target_without_it_and_files_of_standard_operators_are_refused()
    {
        var model = Transformer(true);
        StringAssert.Contains(
            Assert.ThrowsExactly<ExportException>(() => model.ToOnnx(new() { SkipLayerNormalization = true, StandardOperatorsOnly = true })).Message,
            "StandardOperatorsOnly excludes that");
        var old = new ExportOptions { SkipLayerNormalization = true, Target = ExportTarget.OnnxRuntime("1.17") };
        StringAssert.Contains(Assert.ThrowsExactly<ExportException>(() => model.ToOnnx(old)).Message, "leave it out");
    }

    private static string[] Operators(Model model, ExportOptions options) =>
        [.. ModelProto.Parser.ParseFrom(model.ToOnnx(options)).Graph.Node.Select(node => node.OpType)];

    /// <summary>Two blocks of attention and of Dense layers, with the sums beside them.</summary>
    private static Model Transformer(bool normFirst)
    {
        var input = Model.Input([7, 8]);
        var x = input;
        for (var block = 0; block < 2; block++)
        {
            x = Around(x, y => new MultiHeadAttention(2, 4).Call(y, y));
            x = Around(x, y => y.Apply(new Dense(16, Activation.Gelu), new Dense(8)));
        }

        return new Model(input, x, seed: 3);

        SymbolicTensor Around(SymbolicTensor y, Func<SymbolicTensor, SymbolicTensor> layers) => normFirst
            ? y + layers(new LayerNormalization().Call(y))
            : new LayerNormalization().Call(y + layers(y));
    }
}
