using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Parity;

/// <summary>
/// Functions of keras.ops in a model that Keras 3.16 wrote, with its numbers: a line of tests/Reference/keras-operations.jsonl has the steps as Keras saved
/// them, inputs and outputs. Keras' NumPy backend computed them; NumPy itself what that backend leaves to JAX.
/// </summary>
internal sealed class KerasOperation
{
    private const string File = "tests/Reference/keras-operations.jsonl";

    private static readonly Dictionary<string, KerasOperation> s_all = Repository.Read(File)
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => new KerasOperation(JsonNode.Parse(line)!))
        .ToDictionary(operation => operation.Name);

    private readonly JsonNode _line;

    private KerasOperation(JsonNode line)
    {
        _line = line;
        Inputs = [.. line["inputs"]!.AsArray().Select(Input)];
    }

    public static IEnumerable<string> Names => s_all.Keys;

    public string Name => (string)_line["name"]!;

    /// <summary>The inputs with their values.</summary>
    public IReadOnlyList<OpInput> Inputs { get; }

    public static KerasOperation Named(string name) => s_all[name];

    /// <summary>The model as Keras wrote it, but for an option of its function.</summary>
    /// <param name="key">The option; none by default.</param>
    /// <param name="value">Its value as JSON.</param>
    public Model Read(string? key = null, string? value = null)
    {
        var inputs = _line["inputs"]!.AsArray();
        var layers = new JsonArray();
        foreach (var input in inputs)
        {
            var name = (string)input!["name"]!;
            layers.Add((JsonNode)new JsonObject
            {
                ["module"] = "keras.layers",
                ["class_name"] = "InputLayer",
                ["config"] = new JsonObject { ["batch_shape"] = input["batch_shape"]!.DeepClone(), ["dtype"] = (string)input["dtype"]!, ["name"] = name },
                ["registered_name"] = null,
                ["name"] = name,
                ["inbound_nodes"] = new JsonArray(),
            });
        }

        foreach (var layer in _line["layers"]!.AsArray()) layers.Add(layer!.DeepClone());
        if (key is not null) layers[^1]!["config"]![key] = JsonNode.Parse(value!);
        return Model.FromJson(new JsonObject
        {
            ["module"] = "keras.src.models.functional",
            ["class_name"] = "Functional",
            ["config"] = new JsonObject
            {
                ["name"] = "functional",
                ["trainable"] = true,
                ["layers"] = layers,
                ["input_layers"] = new JsonArray([.. inputs.Select(input => (JsonNode)new JsonArray((string)input!["name"]!, 0, 0))]),
                ["output_layers"] = _line["output_layers"]!.DeepClone(),
            },
            ["registered_name"] = "Functional",
        }.ToJsonString());
    }

    /// <summary>The outputs of a model; its inputs need not be batches of one size.</summary>
    public List<Plain> Run(Model model)
    {
        var run = OpRun.Of([.. model.Inputs], [.. model.Outputs], Inputs);
        using var pool = new WorkerPool(1);
        return [.. run.Shapes.Zip(run.Run(pool, [.. Inputs.Select(input => input.Values!)]), (shape, values) => new Plain(shape.Dims.ToArray(), values))];
    }

    /// <summary>Fails unless these outputs are those of Keras.</summary>
    public void AreOfKeras(IReadOnlyList<double[]> outputs)
    {
        var expected = _line["outputs"]!.AsArray();
        Assert.HasCount(expected.Count, outputs);
        for (var i = 0; i < expected.Count; i++)
        {
            var (wanted, got) = (Numbers(expected[i]!), outputs[i]);
            Assert.HasCount(wanted.Length, got, $"output {i}");
            for (var j = 0; j < wanted.Length; j++)
            {
                if (wanted[j].Equals(got[j])) continue;
                var isNear = Math.Abs(wanted[j] - got[j]) <= 2e-5 + (1e-4 * Math.Abs(wanted[j]));
                Assert.IsTrue(isNear, $"output {i}, element {j}: Keras {wanted[j]:G8}, was {got[j]:G8}");
            }
        }
    }

    /// <summary>Fails unless these outputs and their shapes are those of Keras.</summary>
    public void AreOfKeras(List<Plain> outputs)
    {
        AreOfKeras([.. outputs.Select(output => output.Values)]);
        var expected = _line["outputs"]!.AsArray();
        for (var i = 0; i < outputs.Count; i++) CollectionAssert.AreEqual(Dims(expected[i]!), outputs[i].Dims, $"shape of output {i}");
    }

    private static OpInput Input(JsonNode? array) => new OpInput(Dims(array!))
    {
        Type = (string)array!["dtype"]! switch { "int32" => DType.Int32, "int64" => DType.Int64, _ => DType.Float32 },
        Values = Numbers(array),
        Batched = array["batch_shape"]![0] is null,
    };

    private static int[] Dims(JsonNode array) => [.. array["shape"]!.AsArray().Select(size => (int)size!)];

    private static double[] Numbers(JsonNode array) =>
    [
        .. array["values"]!.AsArray().Select(value => value!.GetValueKind() == JsonValueKind.String
            ? double.Parse((string)value!, CultureInfo.InvariantCulture)
            : (double)value!),
    ];
}
