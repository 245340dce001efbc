using OnnxFunctional.Export;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>A .keras file with one changed bit, or one that was cut, is refused or still gives the same model.</summary>
[TestClass]
public sealed class ChecksumTests
{
    [TestMethod]
    public void No_bit_of_a_keras_file_changes_a_model()
    {
        // Calls of nested models are counted differently in files that others wrote, so what says who wrote a file matters too.
        var z = Model.Input([2], name: "z");
        var inner = new Model(z, z.Apply(new Dense(2)));
        var x = Model.Input([2], name: "x");
        var model = new Model(x, x.Apply(inner, inner, new Dense(1)));
        var content = Mutations.ModelSamples.File("m.keras", path => model.Save(path));
        Assert.IsGreaterThan(20, Damage.EachBit(content, Read));
        Damage.EachCut(content, Read);
    }

    /// <summary>HDF5 has no checksum here, but says where its file ends.</summary>
    [TestMethod]
    public void A_weight_file_that_was_cut_is_refused()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([2], name: "x");
        var model = new Model(x, x.Apply(new Dense(2), new BatchNormalization()));
        Damage.EachCut(Mutations.ModelSamples.File("m.weights.h5", path => model.SaveWeights(path)), content =>
        {
            File.WriteAllBytes(folder.File("cut.weights.h5"), content);
            model.LoadWeights(folder.File("cut.weights.h5"));
            return Weights(model);
        });
    }

    private static string Read(byte[] content)
    {
        var model = KerasFile.Load(new MemoryStream(content));
        return model.ToJson() + Weights(model);
    }

    private static string Weights(Model model) => string.Concat(model.WeightPaths().Select(weight =>
        $"\n{weight.Path}: {string.Join(' ', weight.Weight.Storage.ToArray().Select(BitConverter.SingleToInt32Bits))}"));
}
