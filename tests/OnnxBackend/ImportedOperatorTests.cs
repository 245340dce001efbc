using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.OnnxBackend;

/// <summary>Cases of operators that ONNX's own suite lacks: ONNX Runtime, the engine and the exported file agree.</summary>
[TestClass]
[TestCategory(BackendArchive.Category)]
public sealed class ImportedOperatorTests
{
    [TestMethod]
    [DataRow("none", true)]
    [DataRow("none", false)]
    [DataRow("add", false)]
    [DataRow("mul", true)]
    [DataRow("max", false)]
    [DataRow("min", true)]
    public void Several_updates_of_one_element_act_in_order(string reduction, bool isKnown)
    {
        foreach (var isWhole in new[] { false, true })
        {
            var file = new OperatorFile(18);
            var (x, updates) = (Numbers(isWhole, 3, 5), Numbers(isWhole, 2, 4));
            var indices = TensorData.Of(Shape.Of(2, 4), [1L, -1, 1, 1, 0, 4, -5, 2]);
            file.Input("x", x);
            file.Input("u", updates);
            _ = isKnown ? file.Constant("i", indices) : file.Input("i", indices);
            file.Node("ScatterElements", ["x", "i", "u"], ["y"], Attributes.Int("axis", -1), Attributes.Text("reduction", reduction));
            file.Output("y", x.Type);
            file.Verify();
        }
    }

    [TestMethod]
    [DataRow("none")]
    [DataRow("add")]
    [DataRow("max")]
    public void Slices_are_written_at_computed_places(string reduction)
    {
        var file = new OperatorFile(18);
        file.Input("x", Numbers(false, 3, 4, 2));
        file.Input("i", TensorData.Of(Shape.Of(3, 2), [0L, -1, 2, 0, 0, 3]));
        file.Input("u", Numbers(false, 3, 2));
        file.Node("ScatterND", ["x", "i", "u"], ["y"], Attributes.Text("reduction", reduction));
        file.Output("y");
        file.Verify();
    }

    [TestMethod]
    [DataRow("DCR")]
    [DataRow("CRD")]
    public void Channels_become_positions_of_images_of_any_size_and_back(string mode)
    {
        var file = new OperatorFile(13);
        file.Input("x", Numbers(false, 3, 12, 5, 7), 2, 3);
        file.Node("DepthToSpace", ["x"], ["wide"], Attributes.Int("blocksize", 2), Attributes.Text("mode", mode));
        file.Node("Relu", ["wide"], ["positive"]);
        file.Node("SpaceToDepth", ["positive"], ["y"], Attributes.Int("blocksize", 2));
        file.Output("y");
        file.Verify();

        // Its gradient is built while the sizes are unknown.
        var model = file.Open();
        var positive = Gradient.Of(Ops.Sum(model.Outputs[0] * model.Outputs[0]), model.Inputs[0]);
        var x = Numbers(false, 3, 12, 5, 7).As<float>().ToArray();
        var gradient = new Model(model.Inputs, positive).Predict(NDArray.Create(x, [3, 12, 5, 7])).ToArray();
        for (var i = 0; i < x.Length; i++) Assert.AreEqual(2 * Math.Max(x[i], 0), gradient[i], 1e-5f);
    }

    [TestMethod]
    [DataRow("InstanceNormalization", 6)]
    [DataRow("LRN", 13)]
    public void A_normalization_is_written_as_it_came(string op, int version)
    {
        var file = new OperatorFile(version);
        file.Input("x", Numbers(false, 3, 7, 5, 3));
        string[] parameters = op == "LRN" ? [] : [file.Constant("scale", Numbers(false, 7)), file.Constant("bias", Numbers(false, 7))];
        file.Node(op, ["x", .. parameters], ["y"], op == "LRN" ? [Attributes.Int("size", 3)] : [Attributes.Float("epsilon", 0.01f)]);
        file.Output("y");
        file.Verify();
        CollectionAssert.AreEqual(new[] { op }, OnnxEmitter.Emit(file.Open(), new EmissionOptions()).Proto.Graph.Node.Select(node => node.OpType).ToArray());
    }

    [TestMethod]
    [DataRow("linear", "reflection", 16)]
    [DataRow("nearest", "zeros", 20)]
    [DataRow("cubic", "border", 20)]
    public void A_sampling_grid_is_written_as_it_came(string mode, string padding, int version)
    {
        var file = new OperatorFile(version);
        file.Input("x", Numbers(false, 3, 2, 5, 7));
        file.Input("grid", Numbers(false, 3, 3, 1, 2), 1);
        var name = version < 20 && mode != "nearest" ? "bi" + mode : mode;
        file.Node("GridSample", ["x", "grid"], ["y"], Attributes.Text("mode", name), Attributes.Text("padding_mode", padding));
        file.Output("y");
        file.Verify();
        var nodes = OnnxEmitter.Emit(file.Open(), new EmissionOptions()).Proto.Graph.Node;
        CollectionAssert.AreEqual(new[] { "GridSample" }, nodes.Select(node => node.OpType).ToArray());
    }

    [TestMethod]
    public void An_index_outside_the_data_is_refused()
    {
        var file = new OperatorFile(18);
        file.Input("x", Numbers(false, 3));
        file.Constant("i", TensorData.Of(Shape.Of(1), [3L]));
        file.Input("u", Numbers(false, 1));
        file.Node("ScatterElements", ["x", "i", "u"], ["y"]);
        file.Output("y");
        Assert.Contains("its index 3 lies outside an axis of 3; expected -3 to 2", file.Refusal());
    }

    [TestMethod]
    [DataRow("ScatterND", "none", "a constant of shape (1640243388,) brings those")]
    [DataRow("ScatterND", "max", "it combines 2 updates with 1640243388 rows")]
    [DataRow("ScatterElements", "none", "a constant of shape (1640243388,) brings those")]
    public void Places_in_an_axis_of_a_billion_are_refused(string name, string reduction, string message)
    {
        var file = new OperatorFile(18);
        file.Declare("x", Shape.Of(1_640_243_388));
        file.Constant("i", TensorData.Of(name == "ScatterND" ? Shape.Of(2, 1) : Shape.Of(2), [0L, 3]));
        file.Constant("u", TensorData.Of(Shape.Of(2), [5f, -6]));
        file.Node(name, ["x", "i", "u"], ["y"], Attributes.Text("reduction", reduction));
        file.Output("y");
        Assert.Contains(message, file.Refusal());
    }

    [TestMethod]
    public void Sequences_of_a_billion_steps_are_not_reversed()
    {
        var file = new OperatorFile(18);
        file.Declare("x", Shape.Of(1_640_243_388, 1));
        file.Constant("lengths", TensorData.Of(Shape.Of(1), [3L]));
        file.Node("ReverseSequence", ["x", "lengths"], ["y"]);
        file.Output("y");
        Assert.Contains("a constant of shape (1640243388,) brings those", file.Refusal());
    }

    [TestMethod]
    [DataRow(1f, 2f, "a constant of shape (600000000, 3) brings those")]
    [DataRow(-1f, 2f, "it resizes axis 1 of (1, 3, 300000000) by -1; expected a positive number")]
    [DataRow(1f, 1e-9f, "it resizes axis 2 of (1, 3, 300000000) by 1E-09 to nothing; expected at least one position")]
    public void Axes_of_many_positions_are_not_resized(float channels, float scale, string message)
    {
        var file = new OperatorFile(18);
        file.Declare("x", Shape.Of(1, 3, 300_000_000));
        file.Constant("scales", TensorData.Of(Shape.Of(3), [1, channels, scale]));
        file.Node(
            "Resize", ["x", "", "scales"], ["y"],
            Attributes.Text("mode", "linear"), Attributes.Text("coordinate_transformation_mode", "asymmetric"));
        file.Output("y");
        Assert.Contains(message, file.Refusal());
    }

    [TestMethod]
    [DataRow("Resize", "mode", "nearest, linear or cubic")]
    [DataRow("Resize", "coordinate_transformation_mode", "half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners")]
    [DataRow("Resize", "nearest_mode", "round_prefer_floor, round_prefer_ceil, floor or ceil")]
    [DataRow("Resize", "keep_aspect_ratio_policy", "stretch, not_larger or not_smaller")]
    [DataRow("DepthToSpace", "mode", "DCR or CRD")]
    [DataRow("GridSample", "mode", "linear")]
    [DataRow("GridSample", "padding_mode", "zeros, border or reflection")]
    [DataRow("Conv", "auto_pad", "NOTSET, SAME_UPPER, SAME_LOWER or VALID")]
    [DataRow("ConvTranspose", "auto_pad", "NOTSET, SAME_UPPER, SAME_LOWER or VALID")]
    [DataRow("MaxPool", "auto_pad", "NOTSET, SAME_UPPER, SAME_LOWER or VALID")]
    [DataRow("Gelu", "approximate", "none or tanh")]
    [DataRow("Pad", "mode", "constant, edge, reflect or wrap")]
    [DataRow("ScatterElements", "reduction", "none, add, mul, max or min")]
    [DataRow("GRU", "direction", "forward, reverse or bidirectional")]
    [DataRow("SoftmaxCrossEntropyLoss", "reduction", "mean, sum or none")]
    public void A_way_that_an_operator_does_not_have_is_refused(string name, string attribute, string expected)
    {
        var file = new OperatorFile(20);
        var shape = name switch { "GRU" => Shape.Of(3, 1, 4), "SoftmaxCrossEntropyLoss" or "ScatterElements" => Shape.Of(2, 4), _ => Shape.Of(1, 4, 6, 6) };
        file.Declare("x", shape);
        file.Constant("scales", TensorData.Of(Shape.Of(4), [1f, 1, 2.5f, 2.5f]));
        file.Constant("pads", TensorData.Of(Shape.Of(8), new long[8]));
        file.Constant("grid", Numbers(false, 1, 3, 3, 2));
        file.Constant("kernel", Numbers(false, 4, 4, 3, 3));
        file.Constant("w", Numbers(false, 1, 6, 4));
        file.Constant("r", Numbers(false, 1, 6, 2));
        file.Constant("classes", TensorData.Of(Shape.Of(2), [1L, 3]));
        file.Constant("i", TensorData.Of(Shape.Of(1, 1), [1L]));
        file.Constant("u", TensorData.Of(Shape.Of(1, 1), [1f]));
        string[] inputs = name switch
        {
            "Resize" => ["x", "", "scales"],
            "GridSample" => ["x", "grid"],
            "Conv" or "ConvTranspose" => ["x", "kernel"],
            "Pad" => ["x", "pads"],
            "ScatterElements" => ["x", "i", "u"],
            "GRU" => ["x", "w", "r"],
            "SoftmaxCrossEntropyLoss" => ["x", "classes"],
            _ => ["x"],
        };
        AttributeProto[] others = name switch
        {
            "DepthToSpace" => [Attributes.Int("blocksize", 2)],
            "MaxPool" => [Attributes.Ints("kernel_shape", [2, 2])],
            "GRU" => [Attributes.Int("hidden_size", 2)],
            _ => [],
        };
        file.Node(name, inputs, ["y"], [.. others, Attributes.Text(attribute, "sideways")]);
        file.Output("y");
        Assert.Contains($"its {attribute} is 'sideways'; expected {expected}", file.Refusal());
    }

    [TestMethod]
    public void A_dimension_beyond_32_bits_is_refused()
    {
        var file = new OperatorFile(18);
        file.Input("x", Numbers(false, 3));
        file.Constant("none", TensorData.Of(Shape.Of(0, 1), Array.Empty<float>()));
        file.Node("Identity", ["none"], ["n"]);
        file.Node("Identity", ["x"], ["y"]);
        file.Output("y");
        file.Stored("none").Dims[1] = 1L << 32;
        Assert.Contains("tensor 'none' has the dimension 4294967296, and the engine takes at most 2147483647", file.Refusal());
    }

    [TestMethod]
    [DataRow("linear", "reflection", 0)]
    [DataRow("cubic", "border", 1)]
    [DataRow("cubic", "reflection", 1)]
    [DataRow("nearest", "border", 0)]
    [DataRow("nearest", "reflection", 1)]
    public void Samples_outside_an_image_of_open_batch_follow_the_padding(string mode, string padding, int alignCorners)
    {
        var file = new OperatorFile(20);
        file.Input("x", Numbers(false, 2, 3, 4, 3), 0);
        var places = Numbers(false, 2, 2, 3, 2);
        file.Input("grid", TensorData.Of(places.Shape, [.. places.As<float>().ToArray().Select(value => value * 2.3f)]), 0);
        file.Node(
            "GridSample", ["x", "grid"], ["y"],
            Attributes.Text("mode", mode), Attributes.Text("padding_mode", padding), Attributes.Int("align_corners", alignCorners));
        file.Output("y");
        file.Verify();
    }

    [TestMethod]
    [DataRow(false, 0)]
    [DataRow(false, 1)]
    [DataRow(true, 0)]
    public void Attention_works_for_open_sizes_and_masks_of_low_rank(bool isBool, int isCausal)
    {
        var file = new OperatorFile(23);
        file.Input("q", Numbers(false, 2, 3, 8), 0, 1);
        file.Input("k", Numbers(false, 2, 3, 4), 0, 1);
        file.Input("v", Numbers(false, 2, 3, 6), 0, 1);
        file.Input("mask", isBool ? TensorData.Of(Shape.Of(3, 5), [.. Enumerable.Range(0, 15).Select(i => i % 3 != 1)]) : Numbers(false, 3, 5));
        file.Input("pk", Numbers(false, 2, 2, 2, 2), 0, 2);
        file.Input("pv", Numbers(false, 2, 2, 2, 3), 0, 2);
        file.Node(
            "Attention", ["q", "k", "v", "mask", "pk", "pv"], ["y", "nk", "nv"], Attributes.Int("q_num_heads", 4), Attributes.Int("kv_num_heads", 2),
            Attributes.Int("is_causal", isCausal), Attributes.Float("softcap", 0.7f), Attributes.Float("scale", 0.9f));
        foreach (var output in new[] { "y", "nk", "nv" }) file.Output(output);
        file.Verify();
    }

    [TestMethod]
    public void Keys_behind_the_length_of_a_cache_are_not_seen()
    {
        var file = new OperatorFile(24);
        file.Input("q", Numbers(false, 2, 2, 2, 3));
        file.Input("k", Numbers(false, 2, 1, 5, 3));
        file.Input("v", Numbers(false, 2, 1, 5, 3));
        file.Input("n", TensorData.Of(Shape.Of(2), [3L, 5]));
        file.Node("Attention", ["q", "k", "v", "", "", "", "n"], ["y"], Attributes.Int("is_causal", 1));
        file.Output("y");
        file.Verify();
    }

    [TestMethod]
    [DataRow("ArgMax", 0)]
    [DataRow("ArgMin", 1)]
    public void Extremes_of_integers_are_found_beyond_what_floats_hold(string op, int last)
    {
        const long Large = 9007199254740992;
        var file = new OperatorFile(13);
        file.Input("x", TensorData.Of(Shape.Of(2, 4), [Large + 1, Large + 2, -Large - 3, Large + 2, -Large - 1, -Large - 2, Large, -Large - 2]));
        file.Input("z", TensorData.Of(Shape.Of(4), [int.MaxValue - 1, int.MinValue, int.MaxValue, int.MinValue + 1]));
        file.Node(op, ["x"], ["y"], Attributes.Int("axis", -1), Attributes.Int("keepdims", 0), Attributes.Int("select_last_index", last));
        file.Node(op, ["z"], ["w"], Attributes.Int("axis", 0), Attributes.Int("select_last_index", last));
        file.Output("y", DType.Int64);
        file.Output("w", DType.Int64);
        file.Verify();
    }

    [TestMethod]
    [DataRow(1, -1)]
    [DataRow(0, 0)]
    public void Integers_are_sorted_beyond_what_floats_hold(int largest, int axis)
    {
        const long Large = 9007199254740992;
        var file = new OperatorFile(11);
        file.Input("x", TensorData.Of(Shape.Of(3, 3), [Large + 1, Large + 2, Large, -Large - 3, -Large - 3, 7, Large + 2, Large + 1, -Large - 2]));
        file.Constant("k", TensorData.Of(Shape.Of(1), [2L]));
        file.Node("TopK", ["x", "k"], ["y", "i"], Attributes.Int("largest", largest), Attributes.Int("axis", axis));
        file.Output("y", DType.Int64);
        file.Output("i", DType.Int64);
        file.Verify();
    }

    [TestMethod]
    [DataRow("ReduceSum", 0)]
    [DataRow("ReduceMax", 1)]
    [DataRow("ReduceMin", 0)]
    [DataRow("ReduceProd", 1)]
    public void Integers_are_reduced_beyond_what_floats_hold(string op, int keepdims)
    {
        var file = new OperatorFile(18);
        file.Input("x", TensorData.Of(Shape.Of(2, 3), [123456789012L, 3, 5, 123456789013, 7, -1]));
        file.Constant("axes", TensorData.Of(Shape.Of(1), [-1L]));
        file.Node(op, ["x", "axes"], ["y"], Attributes.Int("keepdims", keepdims));
        file.Node(op, ["x"], ["z"], Attributes.Int("keepdims", keepdims));
        file.Output("y", DType.Int64);
        if (op != "ReduceProd") file.Output("z", DType.Int64);
        file.Verify();
    }

    [TestMethod]
    [DataRow(0, 0)]
    [DataRow(1, 0)]
    [DataRow(1, 1)]
    public void Sums_of_integers_along_an_axis_are_exact(int exclusive, int reverse)
    {
        var file = new OperatorFile(14);
        file.Input("x", TensorData.Of(Shape.Of(2, 3), [123456789012L, 3, 5, 123456789013, 7, -1]));
        file.Constant("axis", TensorData.Of(Shape.Of(), [-1L]));
        file.Node("CumSum", ["x", "axis"], ["y"], Attributes.Int("exclusive", exclusive), Attributes.Int("reverse", reverse));
        file.Output("y", DType.Int64);
        file.Verify();
    }

    [TestMethod]
    [DataRow("BitwiseAnd")]
    [DataRow("BitwiseOr")]
    [DataRow("BitwiseXor")]
    public void Bits_of_integers_are_combined(string op)
    {
        var file = new OperatorFile(18);
        file.Input("x", TensorData.Of(Shape.Of(2, 3), [long.MinValue, -1L, 0x123456789abcdef, long.MaxValue, -17, 5]));
        file.Input("y", TensorData.Of(Shape.Of(3), [-1L, 0x0f0f0f0f0f0f0f0f, -3]));
        file.Input("z", TensorData.Of(Shape.Of(3), [int.MinValue, -2, int.MaxValue]));
        file.Node(op, ["x", "y"], ["a"]);
        file.Node(op, ["z", "z"], ["b"]);
        file.Output("a", DType.Int64);
        file.Output("b", DType.Int32);
        file.Verify();
    }

    [TestMethod]
    [DataRow(0, 1, 7)]
    [DataRow(0, 0, 9)]
    [DataRow(1, 0, 4)]
    public void Transforms_cut_or_continue_a_signal_of_open_batch(int inverse, int onesided, long length)
    {
        var file = new OperatorFile(20);
        file.Input("x", Numbers(false, 2, 6, 3, onesided == 1 ? 1 : 2), 0);
        file.Constant("length", TensorData.Of(Shape.Of(), [length]));
        file.Constant("axis", TensorData.Of(Shape.Of(), [-3L]));
        file.Node("DFT", ["x", "length", "axis"], ["y"], Attributes.Int("inverse", inverse), Attributes.Int("onesided", onesided));
        file.Output("y");
        file.Verify();
    }

    [TestMethod]
    public void Random_numbers_are_refused()
    {
        var file = new OperatorFile(15);
        file.Input("x", Numbers(false, 3));
        file.Node("RandomNormalLike", ["x"], ["y"]);
        file.Output("y");
        Assert.Contains("it draws random numbers", file.Refusal());
    }

    private static TensorData Numbers(bool isWhole, params int[] dims)
    {
        var random = new Random(dims.Length + dims[^1]);
        var count = dims.Aggregate(1, (product, size) => product * size);
        return isWhole
            ? TensorData.Of(Shape.Of(dims), [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(-9, 10))])
            : TensorData.Of(Shape.Of(dims), [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)]);
    }
}
