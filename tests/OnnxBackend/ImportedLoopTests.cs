using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Tests.OnnxBackend;

/// <summary>Loops and scans of known steps become parts of a model, and compute what ONNX Runtime does.</summary>
[TestClass]
[TestCategory(BackendArchive.Category)]
public sealed class ImportedLoopTests
{
    private static readonly TensorData s_x = TensorData.Of(Shape.Of(2, 3), [0.5f, -1, 2, 0.25f, 3, -0.125f]);

    [TestMethod]
    [DataRow(1L, DisplayName = "one step")]
    [DataRow(5L, DisplayName = "five steps")]
    public void A_loop_of_known_steps_gives_its_last_values_and_those_of_all_steps(long steps)
    {
        var file = Loop(steps, last: 100);
        file.Verify();
        var model = file.Open();
        Assert.HasCount(1, model.Weights);
    }

    [TestMethod]
    public void A_loop_ends_when_its_known_condition_is_false() => Loop(null, last: 3).Verify();

    [TestMethod]
    public void A_loop_of_too_many_steps_is_refused() =>
        Assert.Contains("it takes more than 1000 steps", Loop(5000, last: long.MaxValue).Refusal());

    [TestMethod]
    public void A_loop_of_no_steps_is_refused() => Assert.Contains("it takes no steps", Loop(0, last: 100).Refusal());

    [TestMethod]
    public void A_loop_whose_steps_are_an_input_asks_for_them()
    {
        var file = new OperatorFile(16);
        var body = Body(file, 100);
        file.Input("x", s_x);
        file.Input("n", TensorData.Of(Shape.Of(), [3L]));
        file.Node("Loop", ["n", "", "x"], ["y", "all"], Attributes.Graph("body", body.Proto));
        file.Output("y");
        file.Output("all");
        Assert.Contains("ImportOptions.Bind(\"n\", values)", file.Refusal());
    }

    [TestMethod]
    [DataRow(0, 0, 0, 0)]
    [DataRow(1, 0, 1, 0)]
    [DataRow(0, 1, -1, 1)]
    [DataRow(1, 1, 0, 1)]
    [DataRow(-1, 1, -2, 0)]
    public void A_scan_runs_over_the_slices_of_its_sequences(int axis, int isReverse, int resultAxis, int isResultReverse)
    {
        var file = new OperatorFile(16);
        var body = file.Body();
        foreach (var name in new[] { "state", "a", "b" }) body.Input(name, new TensorSpec(Shape.Of(3), DType.Float32));
        body.Node("n1", "Mul", ["state", "a"], ["product"]);
        body.Node("n2", "Add", ["product", "b"], ["next"]);
        body.Node("n3", "Neg", ["next"], ["result"]);
        body.Output("next", new TensorSpec(Shape.Of(3), DType.Float32));
        body.Output("result", new TensorSpec(Shape.Of(3), DType.Float32));
        file.Input("first", TensorData.Of(Shape.Of(3), [1f, -2, 0.5f]));
        file.Input("x", TensorData.Of(axis == 0 ? Shape.Of(4, 3) : Shape.Of(3, 4), [.. Enumerable.Range(0, 12).Select(i => (i - 5) * 0.3f)]));
        file.Input("z", TensorData.Of(Shape.Of(4, 3), [.. Enumerable.Range(0, 12).Select(i => (7 - i) * 0.2f)]));
        file.Node(
            "Scan", ["first", "x", "z"], ["last", "all"], Attributes.Graph("body", body.Proto), Attributes.Int("num_scan_inputs", 2),
            Attributes.Ints("scan_input_axes", axis, 0), Attributes.Ints("scan_input_directions", isReverse, 0),
            Attributes.Ints("scan_output_axes", resultAxis), Attributes.Ints("scan_output_directions", isResultReverse));
        file.Output("last");
        file.Output("all");
        file.Verify();
    }

    [TestMethod]
    public void A_branch_inside_a_loop_has_the_same_parameters_in_all_steps()
    {
        var file = new OperatorFile(16);
        var body = file.Body();
        var any = new TensorSpec(Shape.Of(Shape.Unknown, 3), DType.Float32);
        body.Input("step", new TensorSpec(Shape.Of(), DType.Int64));
        body.Input("goes", new TensorSpec(Shape.Of(), DType.Bool));
        body.Input("value", any);
        body.Initializer("first", Shape.Of(), DType.Int64, [1L]);
        body.Node("n1", "Less", ["step", "first"], ["is_first"]);
        body.Node("n2", "Identity", ["goes"], ["on"]);
        body.Node("n3", "If", ["is_first"], ["next"], Attributes.Graph("then_branch", Branch(2).Proto), Attributes.Graph("else_branch", Branch(-0.5f).Proto));
        body.Output("on", new TensorSpec(Shape.Of(), DType.Bool));
        body.Output("next", any);
        file.Input("x", s_x, 0);
        file.Constant("steps", TensorData.Of(Shape.Of(), [4L]));
        file.Node("Loop", ["steps", "", "x"], ["y"], Attributes.Graph("body", body.Proto));
        file.Output("y");
        file.Verify();
        Assert.HasCount(2, file.Open().Weights);

        OnnxGraph Branch(float factor)
        {
            var branch = body.Body("branch");
            // Branches may have names in common.
            var (stored, turned, product) = ("stored", "turned", "product");
            branch.Initializer(stored, Shape.Of(3, 3), DType.Float32, [factor, 0, 0.25f, -1, factor, 0, 0.5f, 0, factor]);
            branch.Node("b1", "Transpose", [stored], [turned]);
            branch.Node("b2", "MatMul", ["value", turned], [product]);
            branch.Output(product, any);
            return branch;
        }
    }

    private static OperatorFile Loop(long? steps, long last)
    {
        var file = new OperatorFile(16);
        var body = Body(file, last);
        file.Input("x", s_x, 0);
        if (steps is { } number) file.Constant("steps", TensorData.Of(Shape.Of(), [number]));
        file.Node("Loop", [steps is null ? "" : "steps", "", "x"], ["y", "all"], Attributes.Graph("body", body.Proto));
        file.Output("y");
        file.Output("all");
        return file;
    }

    /// <summary>Multiplies by a matrix and adds the number of the step, up to a last step.</summary>
    private static OnnxGraph Body(OperatorFile file, long last)
    {
        var body = file.Body();
        var any = new TensorSpec(Shape.Of(Shape.Unknown, 3), DType.Float32);
        body.Input("step", new TensorSpec(Shape.Of(), DType.Int64));
        body.Input("goes", new TensorSpec(Shape.Of(), DType.Bool));
        body.Input("value", any);
        body.Initializer("matrix", Shape.Of(3, 3), DType.Float32, [0.5f, 0.25f, 0, -0.5f, 1, 0.125f, 0.75f, 0, -0.25f]);
        body.Initializer("end", Shape.Of(), DType.Int64, [last]);
        body.Node("n1", "MatMul", ["value", "matrix"], ["product"]);
        body.Node("n2", "Cast", ["step"], ["number"], Attributes.Type("to", DType.Float32));
        body.Node("n3", "Add", ["product", "number"], ["sum"]);
        body.Node("n4", "Less", ["step", "end"], ["on"]);
        body.Node("n5", "Identity", ["sum"], ["step_sum"]);
        body.Output("on", new TensorSpec(Shape.Of(), DType.Bool));
        body.Output("sum", any);
        body.Output("step_sum", any);
        return body;
    }
}
