using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Serialization;

/// <summary>Lambda layers of Keras' files: those over functions of Keras open, those that hold code or name a user's function do not.</summary>
[TestClass]
public sealed class KerasLambdaTests
{
    [TestMethod]
    [DataRow("keras.src.ops.numpy", "square", "{}", 9f)]
    [DataRow("keras.ops", "square", "{}", 9f)]
    [DataRow("keras.src.activations.activations", "relu", "{}", 0f)]
    [DataRow("keras.src.ops.nn", "leaky_relu", """{"negative_slope": 0.5}""", -1.5f)]
    [DataRow("keras.src.ops.numpy", "clip", """{"x_min": -2.0, "x_max": 1.0}""", -2f)]
    public void One_over_a_function_of_Keras_is_that_function(string module, string function, string arguments, float expected)
    {
        var model = Model.FromJson(Described(
            $$"""{"module": "{{module}}", "class_name": "function", "config": "{{function}}", "registered_name": "{{function}}"}""", arguments));
        Assert.AreEqual(expected, model.Predict(new float[,] { { -3 } })[0, 0]);
        Assert.AreEqual(expected, Model.FromJson(model.ToJson()).Predict(new float[,] { { -3 } })[0, 0]);
    }

    [TestMethod]
    [DataRow("""{"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": null, "closure": null}}""", "holds Python code, which is never run")]
    [DataRow("""{"module": "__main__", "class_name": "function", "config": "square", "registered_name": "square"}""", "'square' of __main__")]
    [DataRow("""{"module": "keras.src.ops.numpy", "class_name": "function", "config": "nowhere"}""", "'nowhere' of keras.src.ops.numpy")]
    [DataRow("""{"module": "builtins", "class_name": "function", "config": "eval", "registered_name": null}""", "'eval' of builtins")]
    public void One_with_code_or_with_a_function_of_the_user_says_what_to_do(string function, string expected)
    {
        var message = Assert.ThrowsExactly<ModelException>(() => Model.FromJson(Described(function, "{}"))).Message;
        StringAssert.Contains(message, expected);
        StringAssert.Contains(message, "add the class with CustomObjects.Add");
    }

    private static string Described(string function, string arguments) => $$$"""
        {
          "module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional",
          "config": {
            "name": "functional", "trainable": true,
            "layers": [
              {
                "module": "keras.layers", "class_name": "InputLayer", "registered_name": null, "name": "x", "inbound_nodes": [],
                "config": {"batch_shape": [null, 1], "dtype": "float32", "sparse": false, "ragged": false, "name": "x"}
              },
              {
                "module": "keras.layers", "class_name": "Lambda", "registered_name": null, "build_config": {"input_shape": [null, 1]}, "name": "step",
                "config": {
                  "name": "step", "trainable": true,
                  "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": null},
                  "function": {{{function}}}, "arguments": {{{arguments}}}
                },
                "inbound_nodes": [
                  {
                    "args": [{"class_name": "__keras_tensor__", "config": {"shape": [null, 1], "dtype": "float32", "keras_history": ["x", 0, 0]}}],
                    "kwargs": {"mask": null}
                  }
                ]
              }
            ],
            "input_layers": [["x", 0, 0]], "output_layers": [["step", 0, 0]]
          }
        }
        """;
}
