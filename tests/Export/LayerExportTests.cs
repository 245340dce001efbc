using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Tests.Cases;

namespace OnnxFunctional.Tests.Export;

/// <summary>Every layer is written in the newest and the oldest opset, and ONNX Runtime's results equal the engine's.</summary>
[TestClass]
public sealed class LayerExportTests
{
    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Newest_opset(LayerCase row) => Verify(row, new ExportOptions());

    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Oldest_opset(LayerCase row) => Verify(row, new ExportOptions { Target = ExportTarget.OnnxRuntime("1.13") });

    /// <summary>ONNX Runtime infers types and shapes itself and reports contradictions to those in the file as errors.</summary>
    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Stated_shapes_are_those_ONNX_infers(LayerCase row)
    {
        foreach (var options in new[] { new ExportOptions(), new ExportOptions { Target = ExportTarget.OnnxRuntime("1.13") } })
        {
            using var session = new SessionOptions { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL, IntraOpNumThreads = 1 };
            session.AddSessionConfigEntry("session.strict_shape_type_inference", "1");
            using var loaded = new InferenceSession(OnnxEmitter.Emit(row.Build(), options.ForEmission()).Proto.ToByteArray(), session);
            Assert.IsNotEmpty(loaded.OutputNames);
        }
    }

    private static void Verify(LayerCase row, ExportOptions options)
    {
        var emitted = OnnxEmitter.Emit(row.Build(), options.ForEmission());
        Assert.IsNotEmpty(Verifier.Run(emitted, VerifiedFile.Of(emitted.Proto.ToByteArray()), options).Layers);
    }
}
