using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Cases;

namespace OnnxFunctional.Tests.Builder.Layers;

[TestClass]
public sealed class LayerShapeTests
{
    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Output_shape_and_number_of_weights_are_as_in_the_table(LayerCase row)
    {
        var model = row.Build();
        Assert.AreEqual(row.Output, model.Outputs[0].Shape);
        Assert.AreEqual(row.Weights, model.Weights.Count, string.Join(", ", model.WeightPaths().Select(named => named.Path)));
    }

    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Layer_survives_in_its_model_and_replays_inside_another(LayerCase row)
    {
        var model = row.Build();
        Assert.HasCount(row.Inputs.Length + 1, model.Layers, "every input and the layer are steps of the model");
        SymbolicTensors inputs = row.Inputs.Select(shape => Model.Input(shape, row.InputType, batchSize: row.BatchSize)).ToArray();
        var outer = new Model(inputs, model.Call(inputs));
        Assert.AreEqual(model.Outputs[0].Shape, outer.Outputs[0].Shape);
        Assert.AreEqual(model.Weights.Count, outer.Weights.Count);
    }

    [TestMethod]
    [DynamicData(nameof(LayerCases.Rows), typeof(LayerCases))]
    public void Layer_goes_through_a_file_with_all_its_options(LayerCase row)
    {
        var model = row.Build();
        if (model.Layers[^1] is Lambda) return;
        var json = model.ToJson();
        var back = Model.FromJson(json);
        Assert.AreEqual(json, back.ToJson());
        Assert.AreEqual(row.Output, back.Outputs[0].Shape);
        CollectionAssert.AreEqual(
            model.WeightPaths().Select(named => named.Path + named.Weight.Shape).ToArray(),
            back.WeightPaths().Select(named => named.Path + named.Weight.Shape).ToArray());
    }

    [TestMethod]
    public void Every_public_layer_has_a_row()
    {
        var covered = LayerCases.All.Select(row => row.Create().GetType()).Concat(LayerCases.OfText).ToHashSet();
        var missing = typeof(Layer).Assembly.GetExportedTypes()
            .Where(type => type is { IsAbstract: false, Namespace: "OnnxFunctional.Layers" }
                && (type.IsSubclassOf(typeof(Layer)) || type.IsSubclassOf(typeof(MergeLayer)))
                && !covered.Contains(type))
            .Select(type => type.Name);
        Assert.AreEqual("", string.Join(", ", missing), "layers without a row in LayerCases");
    }
}
