using OnnxFunctional.Export;
using OnnxFunctional.Export.Keras;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Parity;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>Whole models and weights in .h5 files: which array is which weight, the texts, and what is refused.</summary>
[TestClass]
public sealed class LegacyFileTests
{
    /// <summary>A file that Keras 3.16 wrote with h5py, with the outputs of predict.</summary>
    [TestMethod]
    public void A_file_of_Keras_gives_its_numbers_and_is_verified()
    {
        var file = ParityModel.Read(HuntFolder.PathOf("legacy_h5/sequential_compiled.h5"));
        file.PredictsAsKeras();
        file.PredictsTheSameWhenSavedAgain();
        file.IsVerifiedWithKerasData();
    }

    [TestMethod]
    [DataRow(0, 1)]
    [DataRow(0, 3)]
    [DataRow(64, 1)]
    [DataRow(64, 2)]
    public void Weights_are_read_whatever_form_the_texts_have(int textLength, int parts)
    {
        var model = Sample(seed: 3);
        var sample = new LegacySample { TextLength = textLength, Parts = parts }.Add(model);
        AreEqual(model, Loaded(Sample(seed: 4), sample.WeightsAlone()));
        AreEqual(model, Loaded(Sample(seed: 4), sample.Whole()));
    }

    [TestMethod]
    public void A_whole_model_is_read_with_its_weights()
    {
        var model = Sample(seed: 3);
        var sample = new LegacySample { Texts = { ["model_config"] = model.ToJson(), ["keras_version"] = "3.15.1" } }.Add(model);
        AreEqual(model, Opened("whole.h5", sample.Whole()));
    }

    [TestMethod]
    public void Layers_are_matched_by_their_names_where_those_agree_and_else_by_their_order()
    {
        var model = Two("a", "b", seed: 3);
        var turned = new LegacySample();
        foreach (var layer in model.Layers.Reverse()) turned.Add(layer.Name, KerasStore.WeightsOf(layer).Select(weight => (weight.Name, weight)));
        AreEqual(model, Loaded(Two("a", "b", seed: 4), turned.WeightsAlone()));
        AreEqual(model, Loaded(Two("c", "d", seed: 4), new LegacySample().Add(model).WeightsAlone()));

        static Model Two(string first, string second, ulong seed)
        {
            var x = Model.Input([3], name: "x");
            return new Model(x, new Dense(3, name: second).Call(new Dense(3, name: first).Call(x)), seed: seed);
        }
    }

    /// <summary>Keras writes the weights that are trained first; all four of a normalization have one shape, so only their names tell them apart.</summary>
    [TestMethod]
    [DataRow(false, false)]
    [DataRow(false, true)]
    [DataRow(true, false)]
    [DataRow(true, true)]
    public void A_part_that_was_frozen_has_its_weights_in_another_order(bool wasFrozen, bool isFrozen)
    {
        var model = Nested(seed: 3, wasFrozen);
        AreEqual(model, Loaded(Nested(seed: 4, isFrozen), new LegacySample().Add(model).WeightsAlone()));

        static Model Nested(ulong seed, bool frozen)
        {
            var inner = new Sequential([3], new BatchNormalization(), new Dense(3), new BatchNormalization()) { Trainable = !frozen };
            var x = Model.Input([3], name: "x");
            var model = new Model(x, inner.Call(x), seed: seed);
            var random = new Random((int)seed);
            foreach (var weight in model.Weights) foreach (ref var value in weight.Overwritten()) value = random.NextSingle() + 0.5f;
            return model;
        }
    }

    [TestMethod]
    public void What_does_not_fit_is_named_and_changes_nothing()
    {
        var model = Sample(seed: 3);
        var before = model.Weights.Select(weight => weight.Storage.ToArray()).ToArray();
        var dense = model.Layers.OfType<Dense>().First();
        Refused(new LegacySample().Add("other", ("kernel", dense.Weights[0])), "the file has weights of 1 layers (other), the model 3 layers with weights");
        var short_ = new LegacySample();
        foreach (var layer in model.Layers) short_.Add(model.NameOf(layer), KerasStore.WeightsOf(layer).Take(1).Select(weight => (weight.Name, weight)));
        Refused(short_, "has 1 arrays, expected");
        var turned = new LegacySample();
        foreach (var layer in model.Layers) turned.Add(model.NameOf(layer), KerasStore.WeightsOf(layer).Reverse().Select(weight => (weight.Name, weight)));
        Refused(turned, "has shape");
        for (var i = 0; i < before.Length; i++) CollectionAssert.AreEqual(before[i], model.Weights[i].Storage);

        void Refused(LegacySample sample, string expected) =>
            Assert.Contains(expected, Assert.ThrowsExactly<ModelException>(() => Loaded(model, sample.WeightsAlone())).Message);
    }

    [TestMethod]
    public void A_file_of_weights_is_no_model_and_says_what_to_do()
    {
        var model = Sample(seed: 3);
        Assert.Contains(
            "model.LoadWeights(\"w.h5\")",
            Assert.ThrowsExactly<ModelException>(() => Opened("w.h5", new LegacySample().Add(model).WeightsAlone())).Message);
        using var folder = new TemporaryFolder();
        model.SaveWeights(folder.File("a.weights.h5"));
        Assert.Contains("holds weights, but no model", Assert.ThrowsExactly<ModelException>(() => Model.Load(folder.File("a.weights.h5"))).Message);
    }

    /// <summary>Lengths and places of texts that lead out of the file, or round in it.</summary>
    [TestMethod]
    public void Damaged_texts_are_refused()
    {
        var model = Sample(seed: 3);
        var content = new LegacySample { Texts = { ["model_config"] = model.ToJson(), ["keras_version"] = "3.15.1" } }.Add(model).Whole();
        var heaps = 0;
        for (var at = content.AsSpan().IndexOf("GCOL"u8); at >= 0;)
        {
            foreach (var (offset, value) in ((int, byte)[])[(0, 0), (15, 255), (31, 255)])
            {
                var damaged = content.ToArray();
                damaged[at + offset] = value;
                Assert.ThrowsExactly<ModelException>(() => Opened("damaged.h5", damaged), $"collection {heaps}, byte {offset}");
            }

            heaps++;
            var next = content.AsSpan(at + 1).IndexOf("GCOL"u8);
            at = next < 0 ? -1 : at + 1 + next;
        }

        Assert.IsGreaterThan(0, heaps);
    }

    private static Model Sample(ulong seed)
    {
        var x = Model.Input([6, 3], name: "x");
        var y = new Bidirectional(new Lstm(2, returnSequences: true)).Call(x);
        y = new BatchNormalization().Call(y);
        var model = new Model(x, new Dense(2).Call(new Flatten().Call(y)), seed: seed);
        foreach (var weight in model.Weights) weight.Storage[0] += seed;
        return model;
    }

    private static Model Loaded(Model model, byte[] content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("a.h5"), content);
        model.LoadWeights(folder.File("a.h5"));
        return model;
    }

    private static Model Opened(string name, byte[] content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File(name), content);
        return Model.Load(folder.File(name));
    }

    private static void AreEqual(Model expected, Model actual)
    {
        Assert.HasCount(expected.Weights.Count, actual.Weights);
        for (var i = 0; i < expected.Weights.Count; i++) CollectionAssert.AreEqual(expected.Weights[i].Storage, actual.Weights[i].Storage, $"weight {i}");
    }
}
