using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Tests.Cases;

namespace OnnxFunctional.Tests.Export;

/// <summary>Every layer is written for the newest and the oldest opset, and ONNX Runtime gives what the engine gives.</summary>
[TestClass]
public sealed class LayerExportTests
{
    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Newest_opset(LayerCase row) => Verify(row, new ExportOptions());

    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Oldest_opset(LayerCase row) => Verify(row, ExportOptions.Compatible);

    private static void Verify(LayerCase row, ExportOptions options)
    {
        var emitted = OnnxEmitter.Emit(row.Build(), options with { BatchSizes = [1, 3] });
        Assert.IsNotEmpty(Verifier.Run(emitted, emitted.Proto.ToByteArray(), options));
    }
}
