using System.Text.Json.Nodes;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Every layer against Keras: outputs, gradients of inputs and weights, and weights updated in training mode.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class ParityLayerTests
{
    public static IEnumerable<object[]> Cases => ParityFolder.Files("layers", "*.json").Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Outputs_and_gradients_are_those_of_Keras(string file)
    {
        var item = ParityCase.Read(file);
        var gradients = item.Json["upstream"] is not null && (item.Json["input_grads"] ?? item.Json["weight_grads"]) is not null;
        var (outputs, inputGradients, weightGradients) = item.Run(gradients);
        Assert.HasCount(item.Outputs.Count, outputs);
        for (var i = 0; i < outputs.Count; i++) ParityArray.AreWithin(ParityArray.Floats(item.Outputs[i]), outputs[i], 1e-5, 1e-4, $"output {i}");
        if (gradients)
        {
            for (var i = 0; i < inputGradients.Count; i++)
                Compare(item.Json["input_grads"]?.AsArray().ElementAtOrDefault(i), inputGradients[i], $"gradient of input {i}");
            foreach (var expected in item.Json["weight_grads"]?.AsArray() ?? [])
            {
                var path = (string)expected!["path"]!;
                Compare(expected, weightGradients[path], $"gradient of {path}");
            }
        }

        foreach (var after in item.Json["weights_after"]?.AsArray() ?? [])
        {
            var path = (string)after!["path"]!;
            ParityArray.AreWithin(ParityArray.Floats(after), item.Weights[path].Storage, 1e-5, 1e-4, path + " afterwards");
        }
    }

    private static void Compare(JsonNode? expected, float[]? actual, string what)
    {
        // Where Keras gives no gradient, ours is missing or zero.
        if (expected is null) Assert.IsTrue(actual is null || actual.All(value => value == 0), what);
        else ParityArray.AreWithin(ParityArray.Floats(expected), actual ?? new float[ParityArray.Floats(expected).Length], 1e-4, 1e-3, what);
    }
}
