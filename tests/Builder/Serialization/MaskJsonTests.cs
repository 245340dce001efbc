using System.Text.Json.Nodes;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Serialization;

/// <summary>Masks among the arguments of calls, as Keras writes them from 3.6 on: a tensor is followed; without one, the mask travels with the input.</summary>
[TestClass]
public sealed class MaskJsonTests
{
    private static readonly NDArray s_ids = NDArray.Create([1L, 3, 0, 2, 3, 0, 0, 1], Shape.Of(2, 4));

    [TestMethod]
    public void A_mask_given_to_a_call_is_followed_and_written_again()
    {
        var (ids, embedding, lstm) = Parts();
        var embedded = embedding.Call(ids);
        var model = new Model(ids, lstm.CallAll(embedded, new CallOptions { Mask = Ops.NotEqual(ids, 3) }));
        var traveling = new Model(ids, lstm.Call(embedded));
        CollectionAssert.AreNotEqual(Predict(traveling), Predict(model));

        var json = JsonNode.Parse(model.ToJson())!;
        Assert.IsInstanceOfType<JsonObject>(Call(json, "LSTM")["kwargs"]!["mask"]);
        CollectionAssert.AreEqual(Predict(model), Predict(Copy(json.ToJsonString(), model)));

        // As Keras writes it where no mask was given: null, or no key at all.
        Call(json, "LSTM")["kwargs"]!["mask"] = null;
        CollectionAssert.AreEqual(Predict(traveling), Predict(Copy(json.ToJsonString(), model)));
        Call(json, "LSTM")["kwargs"]!.AsObject().Remove("mask");
        CollectionAssert.AreEqual(Predict(traveling), Predict(Copy(json.ToJsonString(), model)));
    }

    [TestMethod]
    public void A_call_with_initial_states_is_masked_only_by_a_mask_in_the_file()
    {
        var (ids, embedding, lstm) = Parts();
        var state = Ops.ZerosLike(Ops.Cast(Ops.Slice(ids, 1, 0, 2), DType.Float32)) + 0.5f;
        var masked = new Model(ids, lstm.Call(embedding.Call(ids), [state, state], Ops.NotEqual(ids, 0)));
        var unmasked = new Model(ids, lstm.Call(embedding.Call(ids), [state, state]));
        CollectionAssert.AreNotEqual(Predict(unmasked), Predict(masked));
        CollectionAssert.AreEqual(Predict(masked), Predict(Copy(masked.ToJson(), masked)));
        CollectionAssert.AreEqual(Predict(unmasked), Predict(Copy(unmasked.ToJson(), unmasked)));
    }

    /// <summary>Attention's mask for pooling is <c>ConvertToTensor</c> of its query's.</summary>
    [TestMethod]
    public void Functions_that_Keras_makes_masks_of_are_read()
    {
        var (ids, embedding, _) = Parts();
        var embedded = embedding.Call(ids);
        var attended = new Attention().Call(embedded, embedded);
        var pooled = new GlobalAveragePooling1D();
        var expected = Predict(new Model(ids, pooled.Call(attended)));

        // The mask as a tensor of the model, first under a name that stands for Keras' function.
        var mask = Ops.Make(new Operators.Identity(), Ops.Equal(ids, 0));
        var explicitly = new Model(ids, pooled.CallAll(attended, new CallOptions { Mask = Ops.LogicalNot(mask) }));
        var json = JsonNode.Parse(explicitly.ToJson())!;
        var copy = Layers(json).Single(layer => (string)layer["class_name"]! == "Copy");
        copy["class_name"] = "ConvertToTensor";
        copy["module"] = "keras.src.ops.core";
        copy["config"] = new JsonObject { ["name"] = (string)copy["name"]!, ["dtype"] = null, ["sparse"] = null, ["ragged"] = null };
        CollectionAssert.AreEqual(expected, Predict(Copy(json.ToJsonString(), explicitly)));
    }

    [TestMethod]
    [DataRow("bool")]
    [DataRow("int32")]
    [DataRow(null)]
    public void Zeros_and_ones_have_the_type_of_the_file_or_that_of_their_pattern(string? type)
    {
        var ids = Model.Input([4], DType.Int64);
        var model = new Model(ids, Ops.Cast(Ops.OnesLike(Ops.Cast(ids, DType.Float32)), DType.Float32));
        var json = JsonNode.Parse(model.ToJson())!;
        Layers(json).Single(layer => (string)layer["class_name"]! == "OnesLike")["config"]!["dtype"] = type;
        var read = Model.FromJson(json.ToJsonString());
        var ones = read.Graph.Nodes.Single(node => node.Op is Operators.ExpandLike);
        Assert.AreEqual(type switch { "bool" => DType.Bool, "int32" => DType.Int32, _ => DType.Float32 }, ones.Outputs[0].Spec.Type);
        var written = Layers(JsonNode.Parse(read.ToJson())!).Single(layer => (string)layer["class_name"]! == "OnesLike");
        Assert.AreEqual(type, (string?)written["config"]!["dtype"]);
        CollectionAssert.AreEqual(Enumerable.Repeat(1f, 8).ToArray(), Predict(read));
    }

    private static (SymbolicTensor Ids, Embedding Embedding, Lstm Lstm) Parts() =>
        (Model.Input([4], DType.Int64, "ids"), new Embedding(5, 3, embeddingsInitializer: Initializer.GlorotUniform, maskZero: true), new Lstm(2));

    private static IEnumerable<JsonObject> Layers(JsonNode json) => json["config"]!["layers"]!.AsArray().Select(layer => layer!.AsObject());

    private static JsonNode Call(JsonNode json, string layer) => Layers(json).Single(item => (string)item["class_name"]! == layer)["inbound_nodes"]![0]!;

    private static Model Copy(string json, Model original)
    {
        var copy = Model.FromJson(json);
        foreach (var (to, from) in copy.Weights.Zip(original.Weights)) to.Value = from.Value;
        return copy;
    }

    private static float[] Predict(Model model) => model.Predict(s_ids).ToArray();
}
