using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>Files that spell out LayerNormalization and Gelu: they run and train by the operators, and are written as they came.</summary>
[TestClass]
public sealed class SpelledOutFileTests
{
    private const int Width = 7;

    [TestMethod]
    public void A_file_that_spells_out_normalizations_and_Gelu_is_verified_and_computed_by_the_operators()
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(Put(folder, Block()));
        var found = Prepared(model);
        Assert.AreEqual(2, found.Count(op => op is LayerNormalization { Axis: 2 }));
        Assert.AreEqual(1, found.Count(op => op is Gelu { Approximate: false }));
        Assert.IsFalse(found.Exists(op => op is ReduceMean or Sqrt or Erf), string.Join(", ", found));

        // The bits are those of the operators, so the engine runs them.
        var x = Numbers(3, 5, Width);
        CollectionAssert.AreEqual(Run(model, SpelledOut.Of, x), model.Predict(x).ToArray());
        AreClose(Run(model, null, x), model.Predict(x).ToArray());
    }

    [TestMethod]
    public void Gradients_are_those_of_the_arithmetic()
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(Put(folder, Block()));
        var (x, y) = (Numbers(3, 5, Width), NDArray.Create(new float[3 * 5 * Width], [3, 5, Width]));
        var found = model.Compile(new Sgd(0.01), Loss.MeanSquaredError).ComputeGradients(x, y);
        Assert.HasCount(8, found);
        var output = model.Outputs[0];
        var gradients = Gradient.Of(Ops.Mean(output * output), [.. model.TrainableWeights.Select(weight => new SymbolicTensor(weight.Variable))]);
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        using var plan = Planner.Plan(
            new PlanRequest(PlanOptions.Of(model, 1), inputs, [.. gradients.Select(gradient => gradient.Value)], []), [new TensorSpec(x.Shape, DType.Float32)]);
        x.CopyTo(plan.Inputs[0]);
        plan.Run(ModelEngine.Of(model).Pool);
        for (var i = 0; i < gradients.Count; i++)
            AreClose(plan.Outputs[i].Floats.ToArray(), [.. found[model.TrainableWeights[i].Name]], model.TrainableWeights[i].Name);
    }

    [TestMethod]
    public void Adapters_and_operators_are_both_applied()
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(Put(folder, Block()));
        model.EnableLora(2);
        var random = new Random(3);
        foreach (var weight in model.TrainableWeights)
        {
            for (var i = 0; i < weight.Length; i++) weight.Storage[i] = random.NextSingle() - 0.5f;
        }

        var found = Prepared(model);
        Assert.AreEqual(2, found.Count(op => op is LayerNormalization));
        Assert.AreEqual(1, found.Count(op => op is Gelu));
        var x = Numbers(3, 5, Width);
        AreClose(Run(model, Adaptation.Of, x), model.Predict(x).ToArray());
        model.ExportOnnx(folder.File("merged.onnx"));
        model.ExportOnnx(folder.File("apart.onnx"), new ExportOptions { AdaptersApart = true });
    }

    [TestMethod]
    public void The_file_is_written_as_it_came_and_its_training_step_has_the_operators()
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(Put(folder, Block()));
        model.ExportOnnx(folder.File("again.onnx"));
        var (before, after) = (Types(Block().Graph), Types(Read(folder.File("again.onnx")).Graph));
        foreach (var type in new[] { "ReduceMean", "Sqrt", "Erf", "LayerNormalization", "Gelu" })
            Assert.AreEqual(before.Count(other => other == type), after.Count(other => other == type), type);

        var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError);
        trainer.ExportTraining(folder.File("step"));
        var step = Types(Read(Path.Combine(folder.File("step"), "train.onnx")).Graph);
        Assert.AreEqual(2, step.Count(type => type == "LayerNormalization"));
    }

    [TestMethod]
    public void A_normalization_over_the_channels_of_an_image_is_one_over_the_last_axis_of_the_engine()
    {
        // ConvNeXt's: channels lie behind the batch in the file, and last in the graph.
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(Put(folder, HandmadeModels.Model(
            new GraphProto
            {
                Input = { Value("x", DataType.Float, "n", 3, 5, 7) },
                Output = { Value("y", DataType.Float, "n", 4, 5, 7) },
                Initializer =
                {
                    Drawn("W", 4, 3, 1, 1), Drawn("g", 4, 1, 1), Drawn("b", 4, 1, 1), Floats("two", [], 2), Floats("epsilon", [], 1e-6f),
                },
                Node =
                {
                    Node("Conv", ["x", "W"], ["c"]),
                    Node("ReduceMean", ["c"], ["m"], Ints("axes", 1)),
                    Node("Sub", ["c", "m"], ["d"]),
                    Node("Pow", ["d", "two"], ["p"]),
                    Node("ReduceMean", ["p"], ["v"], Ints("axes", 1)),
                    Node("Add", ["v", "epsilon"], ["e"]),
                    Node("Sqrt", ["e"], ["s"]),
                    Node("Div", ["d", "s"], ["q"]),
                    Node("Mul", ["g", "q"], ["z"]),
                    Node("Add", ["z", "b"], ["y"]),
                },
            },
            13)));
        Assert.AreEqual(1, Prepared(model).Count(op => op is LayerNormalization { Axis: 3, Epsilon: 1e-6f }));
        model.Compile(new Sgd(0.01), Loss.MeanSquaredError).TrainOnBatch(Numbers(2, 3, 5, 7), Numbers(2, 4, 5, 7));
    }

    [TestMethod]
    public void Numbers_of_a_formula_are_no_parameters()
    {
        // x / 2 * (1 + tanh(x k (1 + 0.044715 x x))): the one is added to a product, as a bias is.
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(Put(folder, HandmadeModels.Model(new GraphProto
        {
            Input = { Value("x", DataType.Float, "n", Width) },
            Output = { Value("y", DataType.Float, "n", Width) },
            Initializer =
            {
                Drawn("W", Width, Width), Drawn("b", Width),
                Floats("one", [], 1), Floats("half", [], 0.5f), Floats("k", [], 0.7978845608f), Floats("cubic", [], 0.044715f),
            },
            Node =
            {
                Node("MatMul", ["x", "W"], ["p"]),
                Node("Add", ["p", "b"], ["z"]),
                Node("Mul", ["z", "z"], ["square"]),
                Node("Mul", ["square", "cubic"], ["scaled"]),
                Node("Add", ["one", "scaled"], ["inner"]),
                Node("Mul", ["z", "k"], ["first"]),
                Node("Mul", ["first", "inner"], ["u"]),
                Node("Tanh", ["u"], ["t"]),
                Node("Add", ["t", "one"], ["o"]),
                Node("Mul", ["z", "half"], ["h"]),
                Node("Mul", ["h", "o"], ["y"]),
            },
        })));
        CollectionAssert.AreEqual(new[] { "W", "b" }, model.Weights.Select(weight => weight.Name).ToArray());
        Assert.AreEqual(1, Prepared(model).Count(op => op is Gelu { Approximate: true }));
    }

    /// <summary>A dense layer, a normalization of torch.onnx, a dense layer with Gelu, a residual, a normalization of tf2onnx.</summary>
    private static ModelProto Block() => HandmadeModels.Model(
        new GraphProto
        {
            Input = { Value("x", DataType.Float, "n", "t", Width) },
            Output = { Value("y", DataType.Float, "n", "t", Width) },
            Initializer =
            {
                Drawn("W1", Width, Width), Drawn("b1", Width), Drawn("g1", Width), Drawn("c1", Width),
                Drawn("W2", Width, Width), Drawn("b2", Width), Drawn("g2", Width), Drawn("c2", Width),
                Floats("two", [], 2), Floats("epsilon", [], 1e-5f), Floats("root", [], 1.4142135f), Floats("one", [], 1), Floats("half", [], 0.5f),
            },
            Node =
            {
                Node("MatMul", ["x", "W1"], ["p1"]),
                Node("Add", ["p1", "b1"], ["x1"]),
                Node("ReduceMean", ["x1"], ["m1"], Ints("axes", -1)),
                Node("Sub", ["x1", "m1"], ["d1"]),
                Node("Pow", ["d1", "two"], ["s1"]),
                Node("ReduceMean", ["s1"], ["v1"], Ints("axes", -1)),
                Node("Add", ["v1", "epsilon"], ["e1"]),
                Node("Sqrt", ["e1"], ["r1"]),
                Node("Div", ["d1", "r1"], ["q1"]),
                Node("Mul", ["q1", "g1"], ["z1"]),
                Node("Add", ["z1", "c1"], ["y1"]),
                Node("MatMul", ["y1", "W2"], ["p2"]),
                Node("Add", ["p2", "b2"], ["x2"]),
                Node("Div", ["x2", "root"], ["u2"]),
                Node("Erf", ["u2"], ["f2"]),
                Node("Add", ["f2", "one"], ["o2"]),
                Node("Mul", ["x2", "o2"], ["h2"]),
                Node("Mul", ["h2", "half"], ["y2"]),
                Node("Add", ["y2", "y1"], ["x3"]),
                Node("ReduceMean", ["x3"], ["m3"], Ints("axes", 2)),
                Node("Sub", ["x3", "m3"], ["d3"]),
                Node("Mul", ["d3", "d3"], ["s3"]),
                Node("ReduceMean", ["s3"], ["v3"], Ints("axes", 2)),
                Node("Add", ["v3", "epsilon"], ["e3"]),
                Node("Sqrt", ["e3"], ["r3"]),
                Node("Reciprocal", ["r3"], ["i3"]),
                Node("Mul", ["i3", "g2"], ["k3"]),
                Node("Mul", ["x3", "k3"], ["a3"]),
                Node("Mul", ["m3", "k3"], ["n3"]),
                Node("Sub", ["c2", "n3"], ["l3"]),
                Node("Add", ["a3", "l3"], ["y"]),
            },
        },
        13);

    private static TensorProto Drawn(string name, params int[] dims)
    {
        var random = new Random(name[0] + name[^1]);
        var count = dims.Aggregate(1, (all, dim) => all * dim);
        return Floats(name, [.. dims], [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.3f)]);
    }

    private static NDArray Numbers(params int[] dims)
    {
        var shape = Shape.Of(dims);
        return NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => MathF.Sin(1 + (i * 1.3f)))], shape);
    }

    private static List<Op> Prepared(Model model)
    {
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        var map = Specialization.Of(inputs, outputs, training: false, rule: Preparation.Of);
        return [.. Graph.Between(inputs, [.. outputs.Select(output => map[output])]).Nodes.Select(node => node.Op)];
    }

    /// <summary>The model's output by a plan of its graph under a rule.</summary>
    private static float[] Run(Model model, Rewriting? rule, NDArray x)
    {
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        var output = model.Outputs[0].Value;
        var map = Specialization.Of(inputs, [output], training: false, rule: rule);
        using var plan = Planner.Plan(new PlanRequest(PlanOptions.Of(model, 1), inputs, [map[output]], []), [new TensorSpec(x.Shape, DType.Float32)]);
        x.CopyTo(plan.Inputs[0]);
        plan.Run(ModelEngine.Of(model).Pool);
        return plan.Outputs[0].Floats.ToArray();
    }

    private static void AreClose(float[] expected, float[] actual, string what = "output")
    {
        var largest = expected.Max(Math.Abs);
        Assert.HasCount(expected.Length, actual);
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], 1e-5 * largest, $"{what}[{i}]");
    }

    private static ModelProto Read(string path) => ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));

    private static List<string> Types(GraphProto graph) => [.. graph.Node.Select(node => node.OpType)];
}
