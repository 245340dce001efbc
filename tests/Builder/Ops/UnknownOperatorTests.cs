using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using OnnxFunctional.Pruning;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;
using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Tests.Builder;

/// <summary>What every pass does with an operator that it has no row for: the safe default, or a refusal that names the operator.</summary>
[TestClass]
[TestCategory("Ops")]
public sealed class UnknownOperatorTests
{
    [TestMethod]
    public void Prune_keeps_channels_that_an_unknown_operator_may_mix()
    {
        AssertKept(new Unknown());
        AssertKept(new Along(-1));
        AssertKept(new Along(2));

        // Along another axis, channels are independent without a row for the operator.
        Assert.IsNull(Fence(new Along(1)));

        static void AssertKept(Op op) => Assert.IsNotNull(Fence(op), $"{op} along {(op as Along)?.Axis}");

        static string? Fence(Op op)
        {
            var x = Model.Input([5, 3]);
            var model = new Model(x, Ops.Make(op, x.Apply(new Dense(8, name: "maker"))).Apply(new Dense(2)));
            var flow = new ChannelFlow(model);
            return ChannelMaker.AllOf(model, flow).Single(maker => maker.Name == "maker").ReasonIn(flow.Classes);
        }
    }

    [TestMethod]
    public void Mixed_precision_keeps_an_unknown_operator_in_float32()
    {
        Assert.AreEqual(PrecisionRule.Float32, PrecisionTable.Of(NodeOf(new Unknown()), DType.BFloat16));
        Assert.AreEqual(PrecisionRule.Float32, PrecisionTable.Of(NodeOf(new Along(1)), DType.BFloat16));
        Assert.AreEqual(PrecisionRule.Float32, PrecisionTable.Of(NodeOf(new Each()), DType.BFloat16));
    }

    [TestMethod]
    public void A_batch_is_not_cut_for_an_unknown_operator()
    {
        Assert.IsNull(BatchAxis.Of(NodeOf(new Unknown())));
        Assert.IsNull(BatchAxis.Of(NodeOf(new Along(0))));
        Assert.IsNull(BatchAxis.Of(NodeOf(new Along(-3))));
        Assert.AreEqual(BatchRole.Rows, BatchAxis.Of(NodeOf(new Along(1)))!.Outputs[0]);
    }

    [TestMethod]
    public void An_unknown_operator_wants_no_layout_and_takes_no_other_order_of_features()
    {
        Assert.IsFalse(AcceptsFeatureOrder(new Unknown()));
        Assert.IsFalse(AcceptsFeatureOrder(new Along(1)));
        Assert.IsFalse(AcceptsFeatureOrder(new Draw(new RandomStream())));
        Assert.IsTrue(AcceptsFeatureOrder(new Each()));
        Assert.IsNull(Wanted(new Unknown()));
        Assert.IsNotNull(Wanted(new Each()));

        // The operator is followed by a matrix that could store its rows in any order.
        static bool AcceptsFeatureOrder(Op op)
        {
            var x = Model.Input([6]);
            var model = new Model(x, Ops.Make(op, x + 1).Apply(new Dense(2)));
            var node = model.Graph.Nodes.Single(node => node.Op.Equals(op));
            return new GraphFacts(model.Graph).AcceptsFeatureOrder(node.Inputs[0]);
        }

        static Layout? Wanted(Op op)
        {
            var x = Model.Input([6, 6, 2]);
            var model = new Model(x, Ops.Make(op, x).Apply(new Conv2D(3, 3)));
            return new GraphFacts(model.Graph).Wanted(x.Value);
        }
    }

    [TestMethod]
    public void A_random_operator_is_neither_computed_ahead_nor_merged()
    {
        var stream = new RandomStream();
        var x = Ops.Constant(Shape.Of(3), [1f, 2f, 3f]);
        SymbolicTensor[] outputs = [Ops.Make(new Draw(stream), x), Ops.Make(new Draw(stream), x), Ops.Make(new Unknown(), x), Ops.Make(new Unknown(), x)];
        var folded = new List<string>();
        var (_, map) = new Simplifier(node =>
        {
            folded.Add(node.Op.Name);
            return node.Outputs;
        }).Run(Graph.Between([], [.. outputs.Select(output => output.Value)]), []);
        Assert.AreEqual("Unknown", string.Join(", ", folded));
        Assert.AreNotSame(map[outputs[0].Value], map[outputs[1].Value]);
        Assert.AreSame(map[outputs[2].Value], map[outputs[3].Value]);
    }

    [TestMethod]
    public void Every_random_operator_has_the_number_of_its_stream()
    {
        var (a, b, own) = (new RandomStream(), new RandomStream(), new RandomStream(9));
        var x = new InputLayer(Shape.Of(3), DType.Float32, "x").Tensor;
        var first = Ops.Make(new OnnxFunctional.Operators.Dropout(a, 0.5f, []), x);
        var second = Ops.Make(new Draw(b), first);
        var third = Ops.Make(new RandomUniform(own, 0, 1), Ops.Make(new RandomNormal(a, 0, 1), second));
        var streams = RandomStreams.Of(Graph.Between([x.Value], [third.Value]), 4);
        CollectionAssert.AreEqual(new uint[] { 0, 1, 2 }, new[] { a, b, own }.Select(streams.NumberOf).ToArray());
        CollectionAssert.AreEqual(new ulong[] { 4, 4, 9 }, new[] { a, b, own }.Select(streams.SeedOf).ToArray());
    }

    [TestMethod]
    public void Gradient_kernel_and_file_refuse_by_name()
    {
        var x = Model.Input([6]);
        var y = Ops.Make(new Unknown(), x);
        Assert.Contains("Unknown", Assert.ThrowsExactly<ModelException>(() => Gradient.Of(y, x)).Message);
        TensorSpec[] specs = [new(Shape.Of(2, 6), DType.Float32)];
        var request = new PlanRequest(PlanOptions.WithoutModel(), [x.Value], [y.Value], []);
        Assert.Contains("Unknown", Assert.ThrowsExactly<ModelException>(() => Planner.Plan(request, specs)).Message);
        Assert.IsNull(EmitterTable.Find(new Unknown()));
        Assert.Contains("Unknown", Assert.Throws<Exception>(() => new Model(x, y).ExportOnnx("never.onnx", new ExportOptions { Verify = false })).Message);
        Assert.IsNull(WrittenFunctions.Write(y.Value.Producer));
        Assert.Contains("Unknown", Assert.ThrowsExactly<ModelException>(() => new Model(x, y).ToJson()).Message);
        Assert.AreEqual(0, OperationCount.Of(Graph.Between([x.Value], [y.Value]), [new(Shape.Of(2, 6), DType.Float32)]));
    }

    private static Node NodeOf(Op op) => Ops.Make(op, new InputLayer(Shape.Of(3, 5, 7), DType.Float32, "x").Tensor).Value.Producer;

    /// <summary>Made like a softmax, but it declares nothing.</summary>
    private sealed record Unknown : Op
    {
        public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0]];
    }

    /// <summary>Made like a softmax.</summary>
    private sealed record Along(int Axis) : AlongAxisOp(Axis);

    private sealed record Each : UnaryOp;

    private sealed record Draw(RandomStream Stream) : UnaryOp, IRandomOp;
}
