using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Importers;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Tests.OnnxBackend;

/// <summary>A file of a few nodes, run in ONNX Runtime, in the engine, and in ONNX Runtime after it was opened and exported again.</summary>
internal sealed class OperatorFile(int version)
{
    private readonly OnnxGraph _graph = new("file");
    private readonly List<(string Name, TensorData Data)> _inputs = [];
    private readonly List<string> _outputs = [];

    /// <summary>An input of the file; axes may be left open.</summary>
    public string Input(string name, TensorData data, params int[] open)
    {
        var dims = data.Shape.Dims.ToArray();
        foreach (var axis in open) dims[axis] = Shape.Unknown;
        _graph.Input(name, new TensorSpec(Shape.Of(dims), data.Type), [.. dims.Select((_, axis) => axis == 0 ? "batch" : $"{name}{axis}")]);
        _inputs.Add((name, data));
        return name;
    }

    /// <summary>An input of that shape without data, for files that are only opened.</summary>
    public void Declare(string name, Shape shape) => _graph.Input(name, new TensorSpec(shape, DType.Float32), [.. Enumerable.Repeat("", shape.Rank)]);

    /// <summary>A stored tensor, to be changed.</summary>
    public TensorProto Stored(string name) => _graph.Proto.Initializer.Single(tensor => tensor.Name == name);

    public string Constant(string name, TensorData data)
    {
        _graph.Initializer(name, data.Shape, data.Type, ByteString.CopyFrom(data.Bytes));
        return name;
    }

    public void Node(string op, string[] inputs, string[] outputs, params IEnumerable<AttributeProto> attributes) =>
        _graph.Node(op, op, inputs, outputs, attributes);

    /// <summary>A graph for the inside of a node.</summary>
    public OnnxGraph Body() => _graph.Body("body");

    /// <summary>An output of the file.</summary>
    public void Output(string name, DType type = DType.Float32)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = OnnxGraph.ElementType(type) };
        _graph.Proto.Output.Add(new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } });
        _outputs.Add(name);
    }

    /// <summary>Requires the same results everywhere.</summary>
    public void Verify(double tolerance = 2e-5)
    {
        var bytes = Bytes();
        var given = _inputs.Select(input => input.Data).ToArray();
        var expected = Run(bytes, [.. _inputs.Select(input => input.Name)], [.. _outputs], given);
        var model = Open();
        Same("engine", expected, Engine(model, given), tolerance);
        var emitted = OnnxEmitter.Emit(model, new EmissionOptions());
        string[] names = [.. emitted.Inputs.Select(input => input.Name)], results = [.. emitted.Outputs.Select(output => output.Name)];
        Same("exported", expected, Run(emitted.Proto.ToByteArray(), names, results, given), tolerance);
    }

    /// <summary>The file as a model.</summary>
    public Model Open() =>
        GraphImport.Run(OnnxFileGuard.ReadBytes(Bytes(), "the file", null, new OnnxFileLimits(), forEngine: true), new ImportOptions()).Model;

    /// <summary>The message of the refusal when the file is opened.</summary>
    public string Refusal() => Assert.ThrowsExactly<OnnxFileException>(Open).Message;

    private byte[] Bytes()
    {
        var proto = new ModelProto { IrVersion = 10, Graph = _graph.Proto };
        proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = version });
        return proto.ToByteArray();
    }

    private static TensorData[] Run(byte[] bytes, string[] inputs, string[] outputs, TensorData[] given)
    {
        using var session = OnnxSession.Open(bytes, "the file", ExecutionProvider.Cpu, new OnnxModelOptions());
        return [.. session.Run(inputs, [.. given.Select(BackendValues.Onnx)], outputs, CancellationToken.None).Select(BackendValues.Data)];
    }

    private static TensorData[] Engine(Model model, TensorData[] given)
    {
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        var request = new PlanRequest(PlanOptions.Of(model, model.Seed), inputs, outputs, []);
        using var plan = Planner.Plan(request, [.. given.Select(data => new TensorSpec(data.Shape, data.Type))]);
        for (var i = 0; i < given.Length; i++) BackendValues.Array(given[i]).CopyTo(plan.Inputs[i]);
        plan.Run(ModelEngine.Of(model).Pool);
        return [.. plan.Outputs.Select(BackendValues.Data)];
    }

    private static void Same(string where, TensorData[] expected, TensorData[] found, double tolerance)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i].Type, found[i].Type, $"{where}, output {i}");
            Assert.AreEqual(expected[i].Shape, found[i].Shape, $"{where}, output {i}");
            if (expected[i].Type != DType.Float32)
            {
                Assert.AreSequenceEqual(DataMoves.Longs(expected[i]), DataMoves.Longs(found[i]), $"{where}, output {i}");
                continue;
            }

            var (wanted, got) = (expected[i].As<float>().ToArray(), found[i].As<float>().ToArray());
            for (var j = 0; j < wanted.Length; j++)
            {
                var same = wanted[j].Equals(got[j]) || Math.Abs(wanted[j] - got[j]) <= tolerance * (1 + Math.Abs(wanted[j]));
                Assert.IsTrue(same, $"{where}, output {i}, element {j} of {expected[i].Shape}: {got[j]} instead of {wanted[j]}");
            }
        }
    }
}
