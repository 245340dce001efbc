using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Serialization;

/// <summary>Functional models inside functional models: how their calls are counted, by Keras and by files of format 1.</summary>
[TestClass]
public sealed class NestedCallTests
{
    /// <summary>Which of two calls of a nested model is read by a layer, and which are outputs; each call has a reader.</summary>
    public static IEnumerable<object[]> Uses =>
        from read in new[] { "0", "1", "01", "" }
        from shown in new[] { "", "0", "1", "01" }
        where (read + shown).Contains('0') && (read + shown).Contains('1')
        select new object[] { read, shown };

    [TestMethod]
    [DynamicData(nameof(Uses))]
    public void The_calls_of_a_nested_model_are_told_apart_after_reading(string read, string shown)
    {
        var model = Make(read, shown);
        AreEqual(model, Model.FromJson(model.ToJson()));
    }

    [TestMethod]
    [DynamicData(nameof(Uses))]
    public void The_calls_in_a_text_of_format_1_are_told_apart(string read, string shown)
    {
        var model = Make(read, shown);
        AreEqual(model, ModelReader.Read(InFormat1(model), null, 0, ours: true));
    }

    [TestMethod]
    [DynamicData(nameof(Uses))]
    public void The_calls_in_a_text_of_Keras_are_told_apart(string read, string shown)
    {
        var model = Make(read, shown);
        var json = JsonNode.Parse(model.ToJson())!.AsObject();
        Assert.IsTrue(json.Remove(FormatVersion.ArchitectureKey));
        AreEqual(model, Model.FromJson(json.ToJsonString()));
    }

    [TestMethod]
    public void Calls_are_counted_from_0_in_arguments_and_from_1_in_outputs()
    {
        var text = Make("0", "1").ToJson();
        StringAssert.Contains(text, """
            "keras_history":["inner",0,0]
            """.Trim());
        StringAssert.Contains(text, """
            ["inner",2,0]
            """.Trim());
    }

    [TestMethod]
    public void A_nested_Sequential_is_counted_from_0_everywhere()
    {
        var input = Model.Input([4]);
        var inner = new Sequential([4], new Dense(4));
        var model = new Model(input, [inner.Call(input), new Dense(2).Call(inner.Call(input))]);
        AreEqual(model, Model.FromJson(model.ToJson()));
        StringAssert.Contains(model.ToJson(), """
            ["sequential",0,0],["dense",0,0]
            """.Trim());
    }

    [TestMethod]
    public void A_layer_of_the_outer_and_the_inner_model_is_one_layer_after_reading()
    {
        SymbolicTensor x = Model.Input([4]), inside = Model.Input([4]);
        var shared = new Dense(4, Activation.Tanh);
        var inner = new Model(inside, new Dense(2).Call(shared.Call(inside)));
        var model = new Model(x, [shared.Call(x), inner.Call(x)]);
        var read = Model.FromJson(model.ToJson());
        Assert.HasCount(4, read.WeightPaths());
        AreEqual(model, read);
        using var folder = new TemporaryFolder();
        model.Save(folder.File("shared.keras"));
        AreEqual(model, Model.Load(folder.File("shared.keras")));
    }

    /// <summary>A model with a nested one that is called on both inputs.</summary>
    private static Model Make(string read, string shown)
    {
        SymbolicTensor a = Model.Input([4]), b = Model.Input([4]), x = Model.Input([4]);
        var inner = new Model(x, new Dense(4, Activation.Tanh).Call(x), "inner");
        SymbolicTensor[] calls = [inner.Call(a), inner.Call(b)];
        var outputs = read.Select(digit => new Dense(3).Call(calls[digit - '0'])).Concat(shown.Select(digit => calls[digit - '0'])).ToArray();
        return new Model([a, b], outputs);
    }

    private static string InFormat1(Model model)
    {
        var json = JsonNode.Parse(model.ToJson())!.AsObject();
        json.Remove(FormatVersion.ArchitectureKey);
        Count(json);
        return json.ToJsonString();

        static void Count(JsonNode? node)
        {
            switch (node)
            {
                case JsonObject item:
                    if (item["keras_history"] is JsonArray history && (string)history[0]! == "inner") history[1] = (int)history[1]! + 1;
                    foreach (var (_, value) in item) Count(value);
                    break;
                case JsonArray list:
                    foreach (var value in list) Count(value);
                    break;
            }
        }
    }

    private static void AreEqual(Model expected, Model read)
    {
        foreach (var ((_, from), (_, to)) in expected.WeightPaths().Zip(read.WeightPaths())) to.Value = from.Value;
        float[] values = [.. Enumerable.Range(0, 8).Select(i => MathF.Sin(i))];
        NDArray[] inputs = [NDArray.Create(values, Shape.Of(2, 4)), NDArray.Create([.. values.Select(value => value * 2)], Shape.Of(2, 4))];
        var data = NDArrays.Create(inputs.AsSpan(0, expected.Inputs.Count));
        foreach (var (before, after) in expected.PredictAll(data).Zip(read.PredictAll(data)))
            CollectionAssert.AreEqual(Flat(before), Flat(after));

        static float[] Flat(Tensor<float> tensor)
        {
            var values = new float[tensor.FlattenedLength];
            tensor.FlattenTo(values);
            return values;
        }
    }

    /// <summary>Keras asks for the input when the model is made; here it is missing only in files.</summary>
    [TestMethod]
    public void An_input_that_only_an_unread_output_needs_is_asked_for()
    {
        var (a, b) = (Model.Input([3]), Model.Input([2], name: "extra"));
        var nested = new Model(new[] { a, b }, new[] { Ops.Tanh(a), Ops.Tanh(b) }, "nested");
        var (x, y) = (Model.Input([3]), Model.Input([2], name: "other"));
        var outputs = nested.CallAll(new[] { x, y }, CallOptions.None);
        var refusal = Assert.ThrowsExactly<ModelException>(() => new Model(x, outputs[0]).ToJson());
        Assert.Contains("input 'other' is not among the inputs of the model", refusal.Message);
        Assert.Contains("Add it to the model's inputs", refusal.Message);
        var model = new Model(new[] { x, y }, outputs[0]);
        Assert.AreEqual(model.ToJson(), Model.FromJson(model.ToJson()).ToJson());
    }
}
