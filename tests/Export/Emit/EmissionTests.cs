using System.Numerics.Tensors;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using static OnnxFunctional.Tests.Export.Emit.EmittedLayers;

namespace OnnxFunctional.Tests.Export.Emit;

[TestClass]
public sealed class EmissionTests
{
    [TestMethod]
    public void Equal_models_give_equal_bytes() => CollectionAssert.AreEqual(Mixed().Emit().Proto.ToByteArray(), Mixed().Emit().Proto.ToByteArray());

    [TestMethod]
    [DataRow(17, 8)]
    [DataRow(18, 8)]
    [DataRow(19, 9)]
    [DataRow(20, 9)]
    [DataRow(21, 10)]
    public void Every_opset_runs(int opset, int ir)
    {
        var emitted = Mixed().Emit(new ExportOptions { Opset = opset });
        Assert.AreEqual(ir, emitted.Proto.IrVersion);
        Assert.AreEqual(opset, emitted.Proto.OpsetImport.Single().Version);
        OnnxValue[] inputs = [EmittedRun.Random(3, 8, 8, 2), OnnxValue.From(Tensor.Create(new long[] { 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 4, 4 }, [3, 4]))];
        Near.Equal(Mixed().Emit().Run(inputs)[0], emitted.Run(inputs)[0], 1e-6f, "opset");
    }

    [TestMethod]
    public void Every_value_inside_is_described_and_every_name_is_once()
    {
        var graph = Mixed().Emit().Proto.Graph;
        var described = graph.ValueInfo.Select(info => info.Name).Concat(graph.Output.Select(output => output.Name)).ToList();
        var produced = graph.Node.SelectMany(node => node.Output).Where(name => name.Length > 0).ToList();
        CollectionAssert.AreEquivalent(produced, described);
        Assert.HasCount(graph.Node.Count, graph.Node.Select(node => node.Name).Distinct());
        Assert.HasCount(
            produced.Count + graph.Initializer.Count + graph.Input.Count,
            produced.Concat(graph.Initializer.Select(tensor => tensor.Name)).Concat(graph.Input.Select(input => input.Name)).Distinct());
        foreach (var info in graph.ValueInfo.Where(info => info.Type.TensorType.Shape.Dim.Count > 0 && info.Name.StartsWith("conv", StringComparison.Ordinal)))
            Assert.AreEqual("batch", info.Type.TensorType.Shape.Dim[0].DimParam, info.Name);
    }

    [TestMethod]
    public void Layers_are_found_under_their_paths()
    {
        var emitted = Mixed().Emit();
        CollectionAssert.IsSubsetOf(new[] { "conv", "pool", "flatten", "embedding", "dense", "dense_1" }, emitted.Layers.Select(layer => layer.Path).ToList());
        Assert.AreEqual("conv", emitted.Layers.Single(layer => layer.Path == "conv").Tensor.Name);
    }

    [TestMethod]
    public void A_shared_layer_has_one_weight_and_a_name_for_each_call()
    {
        var (a, b) = (Model.Input([4], name: "a"), Model.Input([4], name: "b"));
        var shared = new Dense(3, Activation.Tanh, name: "shared");
        var emitted = new Model([a, b], Ops.Concatenate([shared.Call(a), shared.Call(b)])).Emit();
        Assert.ContainsSingle(initializer => initializer.Name == "shared/kernel", emitted.Proto.Graph.Initializer);
        CollectionAssert.IsSubsetOf(new[] { "shared", "shared/call_1" }, emitted.Proto.Graph.Node.SelectMany(node => node.Output).ToList());
    }

    [TestMethod]
    public void A_nested_model_prefixes_its_names()
    {
        var inner = Model.Input([4]);
        var encoder = new Model(inner, inner.Apply(new Dense(3, Activation.Relu, name: "code")), "encoder");
        var x = Model.Input([4]);
        var emitted = new Model(x, x.Apply(encoder, new Dense(2, name: "head"))).Emit();
        Assert.ContainsSingle(initializer => initializer.Name == "encoder/code/kernel", emitted.Proto.Graph.Initializer);
        Assert.ContainsSingle(layer => layer.Path == "encoder/code", emitted.Layers);
    }

    [TestMethod]
    public void Kernel_used_plain_and_transposed_is_stored_once()
    {
        var ids = Model.Input([5], DType.Int64, "ids");
        var tied = new OpLayer("tied", (layer, x) =>
        {
            var table = layer.Take("table", 7, 4);
            return Ops.Make(new MatMul(false, true), Ops.Take(table, x), table);
        });
        var emitted = new Model(ids, ids.Apply(tied)).Emit();
        Assert.ContainsSingle(initializer => initializer.Name.StartsWith("tied/table", StringComparison.Ordinal), emitted.Proto.Graph.Initializer);
        emitted.Run(OnnxValue.From(Tensor.Create(new long[] { 0, 6, 3, 2, 1 }, [1, 5])));
    }

    [TestMethod]
    public void All_problems_are_reported_at_once_with_their_layers()
    {
        var x = Model.Input([4]);
        var model = new Model(x, x.Apply(
            new OpLayer("noise", (_, v) => v + Ops.Make(new RandomNormal(new RandomStream(), 0, 1), v)),
            new OpLayer("drop", (_, v) => Ops.Make(new Operators.Dropout(new RandomStream(), 0.5f, []), v))));
        var error = Assert.ThrowsExactly<ExportException>(() => model.Emit());
        StringAssert.Contains(error.Message, "'noise'");
        StringAssert.Contains(error.Message, "'drop'");
    }

    [TestMethod]
    [DataRow(16)]
    [DataRow(22)]
    public void An_opset_that_is_not_written_is_refused(int opset) =>
        StringAssert.Contains(Assert.ThrowsExactly<ExportException>(() => Mixed().Emit(new ExportOptions { Opset = opset })).Message, "17 to 21");

    [TestMethod]
    public void An_input_handed_on_has_two_names()
    {
        var x = Model.Input([4], name: "x");
        var emitted = new Model(x, [x, x.Apply(new Dense(2, name: "dense"))]).Emit();
        var results = emitted.Run(EmittedRun.Random(2, 4));
        CollectionAssert.AreEqual(EmittedRun.Data(EmittedRun.Random(2, 4)), results[0]);
    }

    [TestMethod]
    public void Attention_transposes_once_per_side()
    {
        var x = Model.Input([6, 8], name: "x");
        SymbolicTensor Heads(SymbolicTensor v) => Ops.Transpose(Ops.Reshape(v, 0, 6, 2, 4), 0, 2, 1, 3);
        var scores = Ops.Softmax(Ops.Make(new MatMul(false, true), Heads(x), Heads(x)) * 0.5f);
        var context = Ops.Reshape(Ops.Transpose(Ops.MatMul(scores, Heads(x)), 0, 2, 1, 3), 0, 6, 8);
        var emitted = new Model(x, context).Emit();

        // Query, key (transposed twice, written once), value, context.
        Assert.AreEqual(4, emitted.Count("Transpose"));
        emitted.Run(EmittedRun.Random(2, 6, 8));
    }

    private static Model Mixed()
    {
        var image = Model.Input([8, 8, 2], name: "image");
        var tokens = Model.Input([4], DType.Int64, "tokens");
        var a = image.Apply(
            Conv("conv", 4, 3, Padding.Same, 2),
            new Layers.BatchNormalization(),
            new OpLayer("gelu", (_, x) => Activation.Gelu.Apply(x) + Activation.Mish.Apply(x) + Activation.HardSilu.Apply(x)),
            MaxPool("pool"),
            Flatten());
        var b = tokens.Apply(
            new OpLayer("embedding", (layer, x) => Ops.Take(layer.Take("embeddings", 5, 3), x)),
            new Dense(4, Activation.Tanh, name: "dense"),
            new OpLayer("max", (_, x) => Ops.Max(x, 1) + Ops.Mean(x, 1) + Ops.Sum(x, 1) + Ops.Norm(x, 1)));
        var normalized = b.Apply(
            new OpLayer("norm", (layer, x) => Ops.MakeAll(new Operators.LayerNormalization(1, 1e-3f), x, layer.Take("gamma", 4), layer.Take("beta", 4))[0]));
        return new Model([image, tokens], Ops.Concatenate([a, normalized]).Apply(new Dense(3, Activation.Softmax)));
    }
}
