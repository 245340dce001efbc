using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Pruning;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Pruning;

/// <summary>Every layer, between one whose channels are to be removed and one that reads them: either it is fenced, or the outputs do not change.</summary>
[TestClass]
public sealed class EveryLayerTests
{
    // A missing rule would only fence more, and go unnoticed.
    private static readonly string[] s_open =
    [
        "Dense", "Dense_rank3", "Flatten", "Flatten_channels_first", "Dropout", "BatchNormalization",
        "BatchNormalization_axis1", "BatchNormalization_renorm", "Relu", "PRelu", "PRelu_shared", "Conv1D_causal", "Conv2D",
        "Conv3D", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D",
        "AdaptiveAveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "Add", "Multiply", "Concatenate",
        "Concatenate_axis1", "Dot", "Permute", "RepeatVector", "ZeroPadding2D", "Cropping2D", "UpSampling2D_bilinear",
        "Resizing", "SpatialDropout2D", "GaussianNoise", "Identity", "TimeDistributed", "TimeDistributed_dense",
    ];

    public static IEnumerable<object[]> Rows => LayerCases.All
        .Where(row => row.InputType == DType.Float32 && row.Build().Outputs.Any(output => output.DType == DType.Float32))
        .Select(row => new object[] { row.Name, row });

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Channels_of_zeros_pass_through_a_layer_or_stay(string name, object row)
    {
        var through = PassesThrough((LayerCase)row, model => model);
        if (s_open.Contains(name)) Assert.IsTrue(through);
    }

    public static IEnumerable<object[]> AllRows => LayerCases.All.Select(row => new object[] { row.Name, row });

    /// <summary>A fraction of 0 gives a copy: the same summary, file and outputs, and nothing shared.</summary>
    [TestMethod]
    [DynamicData(nameof(AllRows))]
    public void A_copy_is_the_same_model(string name, object row)
    {
        var model = ((LayerCase)row).Build();
        var copy = model.Prune(0).Model;
        Assert.AreEqual(model.ToString(), copy.ToString(), name);

        // The output of a recurrent layer may also be its last state; a file may then refer to either.
        if (model.Outputs.Distinct().Count() == model.Outputs.Count) Assert.AreEqual(Json(model), Json(copy));
        Assert.IsFalse(model.Weights.Intersect(copy.Weights).Any());
        Assert.IsFalse(model.Layers.Intersect(copy.Layers).Any());
        foreach (var ((path, weight), (copyPath, copied)) in model.WeightPaths().Zip(copy.WeightPaths()))
        {
            Assert.AreEqual(path, copyPath);
            CollectionAssert.AreEqual(weight.Storage, copied.Storage, path);
        }

        static string Json(Model model)
        {
            try
            {
                return model.ToJson();
            }
            catch (ModelException refusal)
            {
                return refusal.Message;
            }
        }
    }

    /// <summary>Models saved by Keras, with operations between layers: they become smaller, or an error says why not.</summary>
    [TestMethod]
    [TestCategory("KerasParity")]
    [DynamicData(nameof(ParityModelTests.Models), typeof(ParityModelTests))]
    public void Keras_models_become_smaller_or_say_why_not(string file)
    {
        var read = ParityModel.Read(ParityFolder.PathOf(file));
        var (model, inputs) = (read.Model, read.Inputs);
        try
        {
            var small = model.Prune(0.3).Model;
            foreach (var (before, after) in model.PredictAll(inputs).Zip(small.PredictAll(inputs)))
                CollectionAssert.AreEqual(before.Shape.ToArray(), after.Shape.ToArray());
            using var folder = new TemporaryFolder();
            small.ExportOnnx(folder.File("small.onnx"));
        }
        catch (ModelException refusal)
        {
            StringAssert.StartsWith(refusal.Message, "Prune: no channel can be removed.");
        }
    }

    /// <summary>Whether half of the channels of the layer's inputs were removed; asserts that the outputs did not change.</summary>
    /// <param name="row">The layer.</param>
    /// <param name="made">What is pruned of the model around it.</param>
    internal static bool PassesThrough(LayerCase row, Func<Model, Model> made)
    {
        var channels = row.Inputs.Select(shape => shape[^1] ?? 1).ToArray();
        var zeros = channels.Select((count, i) => ("maker_" + i, Enumerable.Range(0, count).Where(channel => channel % 2 == 1).ToArray())).ToArray();
        var @case = new PruningCase(row.Name, () => made(Build(row, channels)), zeros);
        var model = @case.Make();
        var flow = new ChannelFlow(model);
        var makers = ChannelMaker.AllOf(model, flow);

        // A layer may turn a zero channel into another value, as sigmoid does; nobody reads it.
        HashSet<int> gone = [.. makers
            .SelectMany(maker => (maker.Channels ?? []).Where((_, i) => zeros.Any(zero => IsOf(maker, zero.Item1) && zero.Item2.Contains(i))))
            .Select(flow.Classes.Find)];
        foreach (var (path, weight) in model.WeightPaths()
            .Where(named => named.Path.StartsWith("reader", StringComparison.Ordinal) && named.Path.EndsWith("/kernel", StringComparison.Ordinal)))
        {
            var rows = flow.OfWeight(weight)[0]!;
            for (var i = 0; i < rows.Length; i++)
            {
                if (gone.Contains(flow.Classes.Find(rows[i]))) weight.Storage.AsSpan(i * 2, 2).Clear();
            }
        }

        var before = PruningCase.Outputs(model);
        CollectionAssert.AreEqual(before, PruningCase.Outputs(model.Prune(0).Model));
        PrunedModel pruned;
        try
        {
            pruned = model.Prune(
                0.5,
                new() { Keep = [.. makers.Select(maker => maker.Name).Where(maker => !maker.StartsWith("maker_", StringComparison.Ordinal))] });
        }
        catch (ModelException refusal) when (refusal.Message.StartsWith("Prune: no channel can be removed.", StringComparison.Ordinal))
        {
            return false;
        }

        var after = PruningCase.Outputs(pruned.Model);
        Assert.HasCount(before.Length, after);
        for (var i = 0; i < before.Length; i++)
        {
            if (!float.IsNaN(before[i]) || !float.IsNaN(after[i]))
                Assert.AreEqual(before[i], after[i], 1e-5f * MathF.Max(1, MathF.Abs(before[i])), $"{row.Name}, output {i}\n{pruned}");
        }

        return true;

        // The nodes of a file have names of their own.
        static bool IsOf(ChannelMaker maker, string layer) => maker.Name == layer || maker.Kernel.Name == layer + "/kernel";
    }

    private static Model Build(LayerCase row, int[] channels)
    {
        SymbolicTensors inputs = row.Inputs.Select((shape, i) => Model.Input(shape, row.InputType, "input_" + i, row.BatchSize)).ToArray();
        var results = row.Create().CallAll(inputs.Select((input, i) => input.Apply(new Dense(channels[i], name: "maker_" + i))).ToArray(), row.Options);
        SymbolicTensors outputs = results.Where(result => result.DType == DType.Float32 && result.Shape.Count > 1).Select((result, i) =>
            result.Shape.Skip(1).All(dim => dim is not null)
                ? result.Apply(new Flatten(), new Dense(2, name: "reader_" + i))
                : result.Apply(new Dense(2, name: "reader_" + i))).ToArray();
        return new Model(inputs, outputs, row.Name.ToLowerInvariant());
    }
}
