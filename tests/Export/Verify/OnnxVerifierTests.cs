using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Export.Verify;

/// <summary>Two files, or a model and a file, compared in ONNX Runtime: faults that exporters make are found where they are.</summary>
[TestClass]
public sealed class OnnxVerifierTests
{
    [TestMethod]
    public void A_file_equals_itself_and_its_model()
    {
        using var folder = new TemporaryFolder();
        var model = Network();
        model.ExportOnnx(folder.File("a.onnx"));
        model.ExportOnnx(folder.File("old.onnx"), new ExportOptions { Target = ExportTarget.OnnxRuntime("1.13") });
        var same = OnnxVerifier.Compare(folder.File("a.onnx"), folder.File("old.onnx"));
        Assert.IsTrue(same.Passed, same.ToString());
        Assert.IsGreaterThan(8, same.Tensors.Count);
        StringAssert.Contains(same.ToString(), "They agree on");
        Assert.IsTrue(OnnxVerifier.Compare(model, folder.File("a.onnx")).Passed);
    }

    /// <summary>Faults of exporters, and the layer at which each is to be found.</summary>
    [TestMethod]
    [DataRow("padding on the wrong side", "conv")]
    [DataRow("another epsilon", "norm")]
    [DataRow("swapped gates", "lstm")]
    [DataRow("transposed kernel", "square")]
    [DataRow("another activation", "(output) last")]
    public void A_fault_is_found_at_its_layer(string fault, string layer)
    {
        using var folder = new TemporaryFolder();
        var model = Network();
        model.ExportOnnx(folder.File("right.onnx"));
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("right.onnx")));
        Break(proto.Graph, fault);
        File.WriteAllBytes(folder.File("wrong.onnx"), proto.ToByteArray());
        foreach (var comparison in (OnnxComparison[])
            [OnnxVerifier.Compare(folder.File("right.onnx"), folder.File("wrong.onnx")), OnnxVerifier.Compare(model, folder.File("wrong.onnx"))])
        {
            Assert.IsFalse(comparison.Passed);
            StringAssert.StartsWith(comparison.FirstDifference!.Layer, layer, comparison.ToString());
            StringAssert.Contains(comparison.ToString(), $"They differ, first at '{comparison.FirstDifference.Layer}'");
            var json = JsonNode.Parse(comparison.ToJson())!;
            Assert.IsFalse((bool)json["passed"]!);
            Assert.HasCount(comparison.Tensors.Count, json["tensors"]!.AsArray());
            StringAssert.Contains(comparison.ToMarkdown(), "out of tolerance");
        }
    }

    [TestMethod]
    public void A_batch_that_was_baked_in_is_found_by_the_second_size()
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([6]);
        var model = new Model(input, new Reshape([2, 3], name: "folded").Call(new Dense(6, name: "dense").Call(input)));
        model.ExportOnnx(folder.File("right.onnx"));
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("right.onnx")));
        var shape = proto.Graph.Node.Single(node => node.OpType == "Reshape").Input[1];
        var tensor = proto.Graph.Initializer.Single(initializer => initializer.Name == shape);
        tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<long>((long[])[1, 2, 3]));
        tensor.Int64Data.Clear();
        File.WriteAllBytes(folder.File("wrong.onnx"), proto.ToByteArray());
        var comparison = OnnxVerifier.Compare(folder.File("right.onnx"), folder.File("wrong.onnx"));
        Assert.IsFalse(comparison.Passed);
        StringAssert.Contains(comparison.Failure!, "does not run on batch 2");
    }

    [TestMethod]
    public void Samples_and_fixed_sizes_are_taken_and_other_inputs_refused()
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([3], batchSize: 5);
        var dense = new Dense(2, kernelInitializer: Initializer.Ones);
        new Model(input, dense.Call(input)).ExportOnnx(folder.File("five.onnx"), new() { BatchSizes = [5] });
        var open = Model.Input([3]);
        new Model(open, dense.Call(open)).ExportOnnx(folder.File("any.onnx"));
        Assert.IsTrue(OnnxVerifier.Compare(folder.File("five.onnx"), folder.File("any.onnx")).Passed);

        // On samples of one sign a relu changes nothing; on random ones it does.
        new Model(open, new ActivationLayer(Activation.Relu).Call(dense.Call(open))).ExportOnnx(folder.File("relu.onnx"));
        Assert.IsFalse(OnnxVerifier.Compare(folder.File("any.onnx"), folder.File("relu.onnx")).Passed);
        var wide = Model.Input([4]);
        new Model(wide, new Dense(2).Call(wide)).ExportOnnx(folder.File("wide.onnx"));
        var misfit = OnnxVerifier.Compare(folder.File("any.onnx"), folder.File("wide.onnx"));
        StringAssert.Contains(misfit.Failure!, "does not run on batch 1");

        var image = Model.Input([3, 3]);
        new Model(image, new Flatten().Call(image)).ExportOnnx(folder.File("image.onnx"));
        Refused("expected inputs of the same types and ranks", "image.onnx");
        new Model(open, [dense.Call(open), new Dense(1).Call(open)]).ExportOnnx(folder.File("two.onnx"));
        Refused("has 2; expected as many", "two.onnx");
        Assert.Contains("Lengths is [0]", Assert.ThrowsExactly<ExportException>(
            () => OnnxVerifier.Compare(folder.File("any.onnx"), folder.File("any.onnx"), new() { Lengths = [0] })).Message);

        void Refused(string words, string other) => Assert.Contains(
            words, Assert.ThrowsExactly<ExportException>(() => OnnxVerifier.Compare(folder.File("any.onnx"), folder.File(other))).Message);
    }

    /// <summary>A fault that one length hides: the steps were baked in.</summary>
    [TestMethod]
    public void Other_lengths_are_compared_and_those_that_a_file_refuses_left_out()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([null, 3], name: "x");
        var windows = new Conv1D(4, 3, name: "conv").Call(x);
        new Model(x, Ops.Mean(windows, 1)).ExportOnnx(folder.File("right.onnx"));

        // The mean of 6 windows, as 8 steps have.
        new Model(x, Ops.Sum(windows, 1) / 6f).ExportOnnx(folder.File("wrong.onnx"));
        Assert.IsTrue(OnnxVerifier.Compare(folder.File("right.onnx"), folder.File("wrong.onnx"), new() { Lengths = [8] }).Passed);
        var comparison = OnnxVerifier.Compare(folder.File("right.onnx"), folder.File("wrong.onnx"));
        Assert.IsFalse(comparison.Passed);
        StringAssert.Contains(comparison.FirstDifference!.Where, "length 17");

        // One step is shorter than the window: not a difference of the files.
        Assert.IsNull(comparison.Failure);
    }

    [TestMethod]
    public void Every_provider_that_is_there_is_compared_and_others_are_refused()
    {
        using var folder = new TemporaryFolder();
        Network().ExportOnnx(folder.File("a.onnx"));
        var there = OnnxFunctional.Export.Runtime.OrtSetup.Providers();
        CollectionAssert.Contains(there.ToArray(), ExecutionProvider.Cpu);
        Assert.IsTrue(OnnxVerifier.Compare(folder.File("a.onnx"), folder.File("a.onnx"), new() { Providers = [ExecutionProvider.Cpu, .. there] }).Passed);
        if (there.Count > 1) return;
        var error = Assert.ThrowsExactly<ExportException>(
            () => OnnxVerifier.Compare(folder.File("a.onnx"), folder.File("a.onnx"), new() { Providers = [ExecutionProvider.Cpu, ExecutionProvider.Cuda()] }));
        StringAssert.Contains(error.Message, "CUDA:0 was requested");
        StringAssert.Contains(
            Assert.ThrowsExactly<ExportException>(() => OnnxVerifier.Compare(folder.File("a.onnx"), folder.File("a.onnx"), new() { Providers = [] })).Message,
            "ComparisonOptions.Providers is empty");
    }

    private static Model Network()
    {
        var image = Model.Input([8, 6, 3], name: "image");
        var x = image.Apply(
            new Conv2D(4, 3, strides: 2, padding: Padding.Same, name: "conv"),
            new BatchNormalization(movingVarianceInitializer: Initializer.Constant(1e-3f), name: "norm"),
            new Reshape([12, 4], name: "steps"),
            new Lstm(5, name: "lstm"),
            new Dense(5, Activation.Tanh, biasInitializer: new RandomNormal(0, 1, seed: 1), name: "square"),
            new Dense(3, Activation.Softmax, name: "last"));
        return new Model(image, x, seed: 3);
    }

    private static void Break(GraphProto graph, string fault)
    {
        switch (fault)
        {
            case "padding on the wrong side":
                var convolution = graph.Node.Single(node => node.OpType == "Conv");
                foreach (var attribute in convolution.Attribute.Where(attribute => attribute.Name is "auto_pad" or "pads").ToList())
                    convolution.Attribute.Remove(attribute);
                convolution.Attribute.Add(new AttributeProto { Name = "pads", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 1, 1, 0, 0 } });
                break;
            case "another epsilon":
                graph.Node.Single(node => node.OpType == "BatchNormalization").Attribute.Single(attribute => attribute.Name == "epsilon").F = 1e-5f;
                break;
            case "swapped gates":
                // Input and output gates of W, (1, 4 * 5, 4).
                Change(graph, graph.Node.Single(node => node.OpType == "LSTM").Input[1], values =>
                    [.. values[20..40], .. values[..20], .. values[40..]]);
                break;
            case "transposed kernel":
                Change(graph, graph.Node.First(node => node.OpType == "Gemm").Input[1], values =>
                    [.. Enumerable.Range(0, 25).Select(i => values[(i % 5 * 5) + (i / 5)])]);
                break;
            default:
                graph.Node.Single(node => node.OpType == "Softmax").OpType = "LogSoftmax";
                break;
        }
    }

    private static void Change(GraphProto graph, string name, Func<float[], float[]> change)
    {
        var tensor = graph.Initializer.Single(initializer => initializer.Name == name);
        var values = tensor.RawData.Length > 0 ? MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray() : [.. tensor.FloatData];
        tensor.FloatData.Clear();
        tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(change(values)));
    }
}
