using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Tests.Export.Halving;

/// <summary>The tolerance of float16 lets no wrong file pass.</summary>
[TestClass]
public sealed class HalfVerificationTests
{
    [TestMethod]
    [DataRow("image", "conv_b", "kernel")]
    [DataRow("image", "batch_normalization", "epsilon")]
    [DataRow("image", "scores", "bias")]
    [DataRow("tokens", "multi_head_attention", "axis of softmax")]
    [DataRow("recurrent", "bidirectional", "kernel of one direction")]
    [DataRow("recurrent", "gru", "order of reset")]
    public void A_fault_is_found_at_its_layer(string network, string layer, string fault)
    {
        using var folder = new TemporaryFolder();
        var model = HalfModelTests.Create(network);
        foreach (var bias in model.Weights.Where(weight => weight.Name == "bias" && weight.Value.Lengths.Length == 1))
            bias.Value = Tensor.Create(Enumerable.Range(0, (int)bias.Value.FlattenedLength).Select(i => 0.3f * (i % 7)).ToArray(), bias.Value.Lengths);
        var half = model.ToHalf(HalfModelTests.Data(model, 9));
        var options = half.ForVerification(new ExportOptions());
        Assert.IsTrue(OnnxExporter.Write(half.Emit(options), folder.File("right.onnx"), options).Passed);
        var emitted = half.Emit(options);
        Break(emitted.Proto.Graph, fault);
        var message = Assert.ThrowsExactly<ExportException>(() => OnnxExporter.Write(emitted, folder.File("wrong.onnx"), options)).Message;
        Assert.Contains($"first at layer '{layer}", message);
        Assert.IsFalse(File.Exists(folder.File("wrong.onnx")));
    }

    private static void Break(GraphProto graph, string fault)
    {
        switch (fault)
        {
            case "kernel":
                Reverse(graph, "conv_b/kernel");
                break;
            case "epsilon":
                Attribute("BatchNormalization", "epsilon").F = 0.3f;
                break;
            case "bias":
                Reverse(graph, "scores/bias");
                break;
            case "axis of softmax":
                Attribute("Softmax", "axis").I = 1;
                break;
            case "kernel of one direction":
                Reverse(graph, "bidirectional/forward_lstm/lstm_cell/kernel");
                break;
            default:
                Attribute("GRU", "linear_before_reset").I = 0;
                break;
        }

        AttributeProto Attribute(string op, string name) => graph.Node.First(node => node.OpType == op).Attribute.Single(attribute => attribute.Name == name);
    }

    /// <summary>The elements of a stored tensor of float16 in the opposite order.</summary>
    private static void Reverse(GraphProto graph, string name)
    {
        var tensor = graph.Initializer.FirstOrDefault(tensor => tensor.Name == name);
        Assert.IsNotNull(tensor, $"no '{name}' among {string.Join(", ", graph.Initializer.Select(tensor => tensor.Name))}");
        Assert.AreEqual((int)TensorProto.Types.DataType.Float16, tensor.DataType);
        var words = MemoryMarshal.Cast<byte, short>(tensor.RawData.ToByteArray().AsSpan()).ToArray();
        Array.Reverse(words);
        tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<short>(words));
    }
}
