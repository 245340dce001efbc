using Google.Protobuf;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Layers;
using static OnnxFunctional.Tests.Export.Emit.EmittedLayers;

namespace OnnxFunctional.Tests.Export.Emit;

[TestClass]
public sealed class ConvolutionEmissionTests
{
    [TestMethod]
    public void A_network_of_one_channel_has_no_transpose_one_conv_per_layer_and_gemm()
    {
        var model = MnistLike();
        var emitted = model.Emit();

        CollectionAssert.AreEqual(
            new[] { "Reshape", "Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool", "Flatten", "Gemm", "Relu", "Gemm", "Softmax" }, emitted.Operators());
        string[] weights = ["conv1/kernel", "conv1/bias", "conv2/kernel", "conv2/bias", "dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"];
        foreach (var name in weights)
            Assert.ContainsSingle(initializer => initializer.Name == name, emitted.Proto.Graph.Initializer);
        Assert.AreEqual("dense_1", emitted.Proto.Graph.Output[0].Name);
        Assert.AreEqual("batch", emitted.Proto.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimParam);
        Assert.AreEqual("batch", emitted.Proto.Graph.Output[0].Type.TensorType.Shape.Dim[0].DimParam);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(7)]
    public void A_network_of_one_channel_gives_what_the_formulas_give(int batch)
    {
        var model = MnistLike();
        var x = EmittedRun.Random(batch, 12, 12, 1);
        var weights = model.WeightPaths().ToDictionary(named => named.Path, named => named.Weight);

        var y = NaiveLayers.Relu(NaiveLayers.Conv(EmittedRun.Data(x), [batch, 12, 12, 1], weights["conv1/kernel"], weights["conv1/bias"], 1, 0, 10));
        y = NaiveLayers.MaxPool(y, [batch, 10, 10, 4], 2);
        y = NaiveLayers.Relu(NaiveLayers.Conv(y, [batch, 5, 5, 4], weights["conv2/kernel"], weights["conv2/bias"], 1, 0, 3));
        y = NaiveLayers.MaxPool(y, [batch, 3, 3, 6], 2);
        y = NaiveLayers.Relu(NaiveLayers.Dense(y, batch, weights["dense/kernel"], weights["dense/bias"]));
        y = NaiveLayers.Dense(y, batch, weights["dense_1/kernel"], weights["dense_1/bias"]);
        for (var n = 0; n < batch; n++)
        {
            var row = y.AsSpan(n * 10, 10);
            var most = row.ToArray().Max();
            var sum = row.ToArray().Sum(value => MathF.Exp(value - most));
            foreach (ref var value in row) value = MathF.Exp(value - most) / sum;
        }

        Near.Equal(y, model.Emit().Run(x)[0], 1e-5f, "softmax");
        Near.Equal(y, model.Emit(new() { Target = OnnxFunctional.Export.ExportTarget.OnnxRuntime("1.13") }).Run(x)[0], 1e-5f, "softmax, opset 17");
    }

    [TestMethod]
    public void Flatten_with_several_positions_and_channels_permutes_the_dense_kernel()
    {
        var image = Model.Input([6, 6, 3], name: "image");
        var model = new Model(image, image.Apply(Conv("conv", 5, 3), Flatten(), new Dense(4, name: "dense")));
        var emitted = model.Emit();
        CollectionAssert.AreEqual(new[] { "Transpose", "Conv", "Flatten", "Gemm" }, emitted.Operators());
        var kernel = emitted.Proto.Graph.Initializer.Single(initializer => initializer.Name == "dense/kernel");
        Assert.AreEqual("reorder 0,4x4x5>2,0,1", kernel.MetadataProps.Single(entry => entry.Key == "arrangement").Value);

        var x = EmittedRun.Random(2, 6, 6, 3);
        var weights = model.WeightPaths().ToDictionary(named => named.Path, named => named.Weight);
        var y = NaiveLayers.Conv(EmittedRun.Data(x), [2, 6, 6, 3], weights["conv/kernel"], weights["conv/bias"], 1, 0, 4);
        Near.Equal(NaiveLayers.Dense(y, 2, weights["dense/kernel"], weights["dense/bias"]), emitted.Run(x)[0], 1e-5f, "dense");
    }

    [TestMethod]
    public void Two_flattened_branches_concatenated_need_one_transpose_at_the_border()
    {
        var image = Model.Input([9, 9, 3], name: "image");
        var a = image.Apply(Conv("a", 4, 3, relu: true), MaxPool("pool_a"), Flatten("flatten_a"));
        var b = image.Apply(Conv("b", 4, 5, relu: true), MaxPool("pool_b"), Flatten("flatten_b"));
        var extra = Model.Input([3], name: "extra");
        var merged = Ops.Concatenate([a, extra, b]);
        var model = new Model([image, extra], merged.Apply(new Dense(5, Activation.Silu, name: "dense")));
        var emitted = model.Emit();
        Assert.AreEqual(1, emitted.Count("Transpose"));
        Assert.AreEqual("image", emitted.Proto.Graph.Node.Single(node => node.OpType == "Transpose").Input[0]);

        // Without reordering: the flattened values are outputs too, so they are in the graph's order.
        var plain = new Model([image, extra], [model.Output, a, b]).Emit();
        OnnxFunctional.Export.OnnxValue[] inputs = [EmittedRun.Random(2, 9, 9, 3), EmittedRun.Random(2, 3)];
        Near.Equal(plain.Run(inputs)[0], emitted.Run(inputs)[0], 1e-5f, "dense");
    }

    [TestMethod]
    [DataRow(3, 2, 7, 3)]
    [DataRow(3, 2, 8, 3)]
    [DataRow(3, 1, 7, 3)]
    [DataRow(4, 3, 7, 3)]
    public void Same_padding_puts_the_odd_position_at_the_end(int kernel, int stride, int size, int channels)
    {
        var image = Model.Input([size, size, channels]);
        var model = new Model(image, image.Apply(Conv("conv", 4, kernel, Padding.Same, stride)));
        var x = EmittedRun.Random(2, size, size, channels);
        var weights = model.WeightPaths().ToDictionary(named => named.Path, named => named.Weight);
        var output = (size + stride - 1) / stride;
        var before = Math.Max(((output - 1) * stride) + kernel - size, 0) / 2;
        var expected = NaiveLayers.Conv(EmittedRun.Data(x), [2, size, size, channels], weights["conv/kernel"], weights["conv/bias"], stride, before, output);
        Near.Equal(expected, model.Emit().Run(x)[0], 1e-5f, "conv");

        // The same with sizes that are known only at run time.
        var open = Model.Input([null, null, channels]);
        var copy = new Model(open, open.Apply((Layer)model.GetLayer("conv")));
        Near.Equal(expected, copy.Emit().Run(x)[0], 1e-5f, "conv of unknown size");
    }

    [TestMethod]
    public void Groups_and_dilation_follow()
    {
        var image = Model.Input([9, 9, 6]);
        var model = new Model(image, image.Apply(Conv("grouped", 9, 3, groups: 3, dilation: 2), Conv("depthwise", 18, 2, groups: 9)));
        var x = EmittedRun.Random(2, 9, 9, 6);
        var weights = model.WeightPaths().ToDictionary(named => named.Path, named => named.Weight);
        var y = NaiveLayers.Conv(EmittedRun.Data(x), [2, 9, 9, 6], weights["grouped/kernel"], weights["grouped/bias"], 1, 0, 5, groups: 3, dilation: 2);
        y = NaiveLayers.Conv(y, [2, 5, 5, 9], weights["depthwise/kernel"], weights["depthwise/bias"], 1, 0, 4, groups: 9);
        Near.Equal(y, model.Emit().Run(x)[0], 1e-5f, "depthwise");
    }

    [TestMethod]
    public void Residual_network_has_one_transpose_at_the_input()
    {
        var image = Model.Input([16, 16, 3], name: "image");
        var x = image.Apply(new OpLayer("rescale", (_, x) => (x * (1 / 127.5f)) - 1), Conv("stem", 8, 3, Padding.Same));
        var y = x.Apply(
            Conv("a", 8, 3, Padding.Same, bias: false),
            new BatchNormalization(name: "bn_a"),
            new OpLayer("act", (_, v) => Ops.Relu(v)),
            Conv("b", 8, 3, Padding.Same),
            new BatchNormalization(name: "bn_b"),
            new Dropout(0.3)) + x;
        var model = new Model(image, y.Apply(new OpLayer("relu", (_, v) => Ops.Relu(v)), GlobalAverage(), new Dense(10)));
        var emitted = model.Emit();
        Assert.AreEqual(1, emitted.Count("Transpose"));
        Assert.AreEqual("image", emitted.Proto.Graph.Node.Single(node => node.OpType == "Transpose").Input[0]);
        Assert.AreEqual(2, emitted.Count("BatchNormalization"));
        Assert.AreEqual(1, emitted.Count("GlobalAveragePool"));
        Assert.AreEqual(0, emitted.Count("Dropout"));
        emitted.Run(EmittedRun.Random(2, 16, 16, 3));
    }

    [TestMethod]
    public void Encoder_and_decoder_with_skips_transpose_at_the_borders_only()
    {
        var image = Model.Input([8, 8, 3], name: "image");
        var down = image.Apply(Conv("down", 4, 3, Padding.Same, relu: true));
        var middle = down.Apply(MaxPool("pool"), Conv("middle", 8, 3, Padding.Same, relu: true));
        var up = middle.Apply(ConvTranspose("up", 4, 2, Padding.Valid, 2));
        var merged = Ops.Concatenate([up, down]);
        var model = new Model(image, merged.Apply(Conv("head", 2, 1), new OpLayer("prob", (_, x) => Ops.Sigmoid(x))));
        var emitted = model.Emit();
        CollectionAssert.AreEqual(
            new[] { "Transpose", "Conv", "Relu", "MaxPool", "Conv", "Relu", "ConvTranspose", "Concat", "Conv", "Sigmoid", "Transpose" }, emitted.Operators());
        Assert.AreEqual("prob", emitted.Proto.Graph.Node[^1].Output[0]);
        emitted.Run(EmittedRun.Random(2, 8, 8, 3));
    }

    [TestMethod]
    [DataRow(Padding.Same, 3, 2)]
    [DataRow(Padding.Valid, 3, 2)]
    [DataRow(Padding.Valid, 2, 3)]
    [DataRow(Padding.Same, 4, 3)]
    [DataRow(Padding.Same, 1, 2)]
    public void Transposed_convolution_has_the_output_size_of_the_rule(Padding padding, int kernel, int stride)
    {
        var image = Model.Input([5, 5, 3]);
        var model = new Model(image, image.Apply(ConvTranspose("up", 4, kernel, padding, stride)));
        var shape = model.Output.Shape;
        Assert.HasCount(2 * shape[1]!.Value * shape[2]!.Value * 4, model.Emit().Run(EmittedRun.Random(2, 5, 5, 3))[0]);
    }

    [TestMethod]
    public void Squeeze_and_excite_needs_no_transpose_inside()
    {
        var image = Model.Input([8, 8, 3], name: "image");
        var x = image.Apply(Conv("conv", 6, 3));
        var gate = x.Apply(
            GlobalAverage(), new Dense(2, Activation.Relu), new Dense(6, Activation.Sigmoid), new OpLayer("expand", (_, v) => Ops.Reshape(v, 0, 1, 1, 6)));
        var model = new Model(image, (x * gate).Apply(Conv("last", 2, 3), Flatten(), new Dense(1)));
        var emitted = model.Emit();
        Assert.AreEqual(1, emitted.Count("Transpose"));
        emitted.Run(EmittedRun.Random(2, 8, 8, 3));
    }

    [TestMethod]
    public void A_decoder_permutes_the_columns_of_the_dense_kernel_instead_of_the_image()
    {
        var code = Model.Input([6], name: "code");
        var model = new Model(code, code.Apply(
            new Dense(4 * 4 * 3, name: "dense"),
            new BatchNormalization(name: "norm"),
            new OpLayer("leaky", (_, x) => Activation.LeakyRelu.Apply(x)),
            new Reshape([4, 4, 3]),
            ConvTranspose("up", 2, 2, Padding.Valid, 2),
            Conv("last", 1, 3)));
        var emitted = model.Emit();
        CollectionAssert.AreEqual(new[] { "Gemm", "BatchNormalization", "LeakyRelu", "Reshape", "ConvTranspose", "Conv", "Reshape" }, emitted.Operators());
        Assert.AreEqual(
            "reorder 1,4x4x3>2,0,1",
            emitted.Proto.Graph.Initializer.Single(initializer => initializer.Name == "dense/kernel").MetadataProps
                .Single(entry => entry.Key == "arrangement").Value);
        Assert.IsNotEmpty(Verifier.Run(emitted, VerifiedFile.Of(emitted.Proto.ToByteArray()), new()).Layers);
    }

    private static Model MnistLike()
    {
        var image = Model.Input([12, 12, 1], name: "image");
        return new Model(image, image.Apply(
            Conv("conv1", 4, 3, relu: true),
            MaxPool("pool1"),
            Conv("conv2", 6, 3, relu: true),
            MaxPool("pool2"),
            Flatten(),
            new Dense(8, Activation.Relu),
            new Dense(10, Activation.Softmax)));
    }
}
