using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

/// <summary>
/// Every model with stored results of Keras, written as ONNX: ONNX Runtime gives the same results, for the stored batch and sample by sample.
/// </summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class ParityExportTests
{
    public static IEnumerable<object[]> Layers => ParityFolder.Files("layers", "*.json").Select(file => new object[] { file });

    public static IEnumerable<object[]> Models => ParityFolder.Files("models", "*.keras").Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(Layers))]
    public void A_layer(string file)
    {
        var json = ParityFolder.Read(file);
        var model = Model.FromJson(json["model"]!.ToJsonString());
        var weights = model.Weights;
        var stored = json["weights"]!.AsArray();
        Assert.HasCount(stored.Count, weights, "weights");
        for (var i = 0; i < stored.Count; i++) weights[i].Value = ParityArray.Read(stored[i]!["value"] ?? stored[i]!).ToTensor();
        NDArray[] inputs = [.. json["inputs"]!.AsArray().Select(input => ParityArray.Read(input!))];
        NDArray[] outputs = [.. json["outputs"]!.AsArray().Select(output => ParityArray.Read(output!))];
        if ((bool?)json["training"] == true) CompareTraining(model, inputs, outputs);
        else Compare(OnnxEmitter.Emit(model, new EmissionOptions()), inputs, outputs);
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void A_model_file(string file) => Compare(ParityModel.Read(ParityFolder.PathOf(file)));

    /// <summary>One convolution or recurrent node per layer; images are transposed only at the borders.</summary>
    [TestMethod]
    [DynamicData(nameof(Models))]
    public void A_model_file_has_no_transpose_inside(string file)
    {
        if (ParityFolder.IsGiven) Assert.Inconclusive("Only the models of tests/Reference need no transpose inside.");
        var emitted = OnnxEmitter.Emit(Model.Load(ParityFolder.PathOf(file)), new EmissionOptions());
        var graph = emitted.Proto.Graph;
        if (!graph.Node.Any(node => node.OpType == "Conv")) return;
        foreach (var transpose in graph.Node.Where(node => node.OpType == "Transpose"))
            Assert.IsTrue(
                graph.Input.Any(input => input.Name == transpose.Input[0]) || graph.Output.Any(output => output.Name == transpose.Output[0]), transpose.Name);
    }

    /// <summary>Each recurrent layer, in both directions or masked, is one node.</summary>
    [TestMethod]
    [DynamicData(nameof(Models))]
    public void A_model_file_has_one_node_for_each_recurrent_layer(string file)
    {
        var model = Model.Load(ParityFolder.PathOf(file));
        var layers = model.Layers.Count(layer => layer is RecurrentLayer or Bidirectional);
        var emitted = OnnxEmitter.Emit(model, new EmissionOptions());
        Assert.AreEqual(layers, emitted.Proto.Graph.Node.Count(node => node.OpType is "LSTM" or "GRU" or "RNN"));
        Assert.AreEqual(0, emitted.Proto.Graph.Node.Count(node => node.OpType is "Scan" or "Loop"));
    }

    /// <summary>The training side of a layer, written as a graph; there a sample's result depends on the other samples.</summary>
    private static void CompareTraining(Model model, NDArray[] inputs, NDArray[] outputs)
    {
        Value[] given = [.. model.Inputs.Select(input => input.Value)];
        var map = Specialization.Of(given, [.. model.Outputs.Select(output => output.Value)], training: true);
        var (_, proto) = OnnxEmitter.Write(new EmissionRequest
        {
            Name = model.Name,
            Inputs = [.. model.InputNames.Zip(given)],
            Outputs = [.. model.OutputNames.Select((name, i) => (name, map[model.Outputs[i].Value]))],
            WeightNames = model.WeightPaths().ToDictionary(named => named.Weight, named => named.Path),
            Scopes = new CallNames(model),
            Options = new EmissionOptions(),
        });
        using var session = OnnxSession.Open(proto.ToByteArray(), "the model", ExecutionProvider.Cpu, new OnnxModelOptions { IntraOpThreads = 1 });
        var results = session.Run([.. model.InputNames], [.. inputs.Select(ArrayConversion.ToOnnx)], null, CancellationToken.None);
        for (var i = 0; i < outputs.Length; i++)
            ParityArray.AreWithin(outputs[i].AsFloats(), ArrayConversion.ToArray(results[i])!.AsFloats().ToArray(), 1e-5, 1e-4, $"output {i}");
    }

    /// <summary>Fails if ONNX Runtime does not give Keras' outputs for the written model.</summary>
    internal static void Compare(ParityModel file, float absolute = 1e-5f, float relative = 1e-4f) => Compare(
        OnnxEmitter.Emit(file.Model, new EmissionOptions()), [.. file.Inputs], [.. file.Outputs.Select(output => (NDArray)output)], absolute, relative);

    private static void Compare(EmittedModel emitted, NDArray[] inputs, NDArray[] outputs, float absolute = 1e-5f, float relative = 1e-4f)
    {
        inputs = [.. inputs.Zip(emitted.Inputs, (input, declared) => input.To(declared.Value.Spec.Type, declared.Name))];
        using var session = OnnxSession.Open(emitted.Proto.ToByteArray(), "the model", ExecutionProvider.Cpu, new OnnxModelOptions { IntraOpThreads = 1 });
        Run(inputs, outputs, "whole batch");
        if (inputs.Concat(outputs).Any(array => array.Count != inputs[0].Count) || emitted.Inputs[0].Value.Spec.Shape[0] is not null) return;
        for (var sample = 0; sample < inputs[0].Count; sample++)
            Run([.. inputs.Select(input => input.Slice(sample, 1))], [.. outputs.Select(output => output.Slice(sample, 1))], $"sample {sample}");

        void Run(NDArray[] x, NDArray[] y, string what)
        {
            var results = session.Run([.. emitted.Inputs.Select(input => input.Name)], [.. x.Select(ArrayConversion.ToOnnx)], null, CancellationToken.None);
            for (var i = 0; i < y.Length; i++)
            {
                CollectionAssert.AreEqual(y[i].Shape.Dims.ToArray(), results[i].Lengths.ToArray().Select(length => (int)length).ToArray(), what);
                var (expected, actual) = (y[i].AsFloats().ToArray(), ArrayConversion.ToArray(results[i])!.AsFloats().ToArray());
                for (var j = 0; j < actual.Length; j++)
                    if (!(MathF.Abs(expected[j] - actual[j]) <= absolute + (relative * MathF.Abs(expected[j]))) && !expected[j].Equals(actual[j]))
                        Assert.Fail($"{what}, output {i}, element {j}: Keras gives {expected[j]:R}, ONNX Runtime {actual[j]:R}");
            }
        }
    }
}
