using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Export.Verify;

/// <summary>Sessions of a verification take the graph of the file, and leave the rest where it is.</summary>
[TestClass]
public sealed class VerifiedFileTests
{
    [TestMethod]
    public void A_session_that_returns_inner_values_holds_neither_metadata_nor_large_weights()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.onnx");
        var x = Model.Input([200]);
        var options = new ExportOptions { Verify = false, Metadata = new Dictionary<string, string> { ["note"] = new('x', 1 << 20) } };
        new Model(x, x.Apply(new Dense(300), new Dense(2))).ExportOnnx(path, options);
        Assert.IsGreaterThan((1 << 20) + (4 * 200 * 300), new FileInfo(path).Length);

        var header = OnnxHeader.Read(path);
        Assert.IsEmpty(header.MetadataProps);
        Assert.IsLessThan(1 << 14, header.CalculateSize());

        var inner = header.Graph.Node[0].Output[0];
        using var session = VerifiedFile.At(path).With([inner, header.Graph.Output[0].Name], GraphOptimization.None);
        CollectionAssert.AreEqual(new[] { header.Graph.Output[0].Name, inner }, session.Outputs.Select(output => output.Name).ToArray());
        Assert.HasCount(1, header.Graph.Output, "The header is not changed.");
    }
}
