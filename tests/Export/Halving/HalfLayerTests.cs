using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Tests.Parity;

namespace OnnxFunctional.Tests.Export.Halving;

/// <summary>Every layer, and models of Keras, in 16 bits: ONNX Runtime agrees with the engine that rounds alike.</summary>
[TestClass]
public sealed class HalfLayerTests
{
    public static IEnumerable<object[]> Models => ParityFolder.Files("models", "*.keras").Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Newest_opset(LayerCase row) => Verify(row, new ExportOptions { BatchSizes = [1, 3] }, HalfKind.Float16, HalfKind.WeightOnlyFloat16);

    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Oldest_opset(LayerCase row) => Verify(row, new ExportOptions { Opset = ExportOptions.OldestOpset, BatchSizes = [3] }, HalfKind.Float16);

    [TestMethod]
    [TestCategory("KerasParity")]
    [DynamicData(nameof(Models))]
    public void A_model_of_Keras_loses_what_float16_cannot_hold(string path)
    {
        var file = ParityModel.Read(ParityFolder.PathOf(path));
        var half = file.Model.ToHalf(file.Inputs);
        Assert.IsTrue(half.Layers.Any(layer => layer.IsHalf), half.ToString());

        // A hundred units of the last place of float16, squared.
        Assert.IsLessThan(Math.Pow(100.0 / 2048, 2), half.Error!.Value, half.ToString());
        var emitted = half.Emit(new ExportOptions());
        Assert.IsNotEmpty(Verified(emitted, half.ForVerification(new ExportOptions())));
    }

    private static void Verify(LayerCase row, ExportOptions options, params HalfKind[] kinds)
    {
        var model = row.Build();
        foreach (var kind in kinds)
        {
            if (kind != HalfKind.Float16 && model.Weights.Count == 0) continue;
            HalfModel half;
            try
            {
                half = model.ToHalf(options: new() { Kind = kind });
            }
            catch (ExportException nothing) when (nothing.Message.Contains("no layer that computes", StringComparison.Ordinal))
            {
                // It moves integers, or rounds coordinates.
                continue;
            }

            var emitted = half.Emit(options);
            using var session = new SessionOptions { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL, IntraOpNumThreads = 1 };
            session.AddSessionConfigEntry("session.strict_shape_type_inference", "1");
            using (var loaded = new InferenceSession(emitted.Proto.ToByteArray(), session)) Assert.IsNotEmpty(loaded.OutputNames);
            Assert.IsNotEmpty(Verified(emitted, half.ForVerification(options)));
        }
    }

    private static IReadOnlyList<OnnxFunctional.Export.LayerDifference> Verified(EmittedModel emitted, ExportOptions options) =>
        Verifier.Run(emitted, VerifiedFile.Of(emitted.Proto.ToByteArray()), options).Layers;
}
