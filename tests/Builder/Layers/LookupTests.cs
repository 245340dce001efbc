using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Tests.Builder.Layers;

/// <summary>Lookups, bins and text, with the results Keras gives.</summary>
[TestClass]
public sealed class LookupTests
{
    [TestMethod]
    public void Integers_become_places_in_the_vocabulary_and_back()
    {
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 0, 0 }, Run(new IntegerLookup(vocabulary: [12, 36, 1138]), 12, 36, 1138, 42, -5));
        CollectionAssert.AreEqual(new float[] { 2, 0, 1 }, Run(new IntegerLookup(maskToken: 0, vocabulary: [12]), 12, 0, 7));
        CollectionAssert.AreEqual(
            new float[] { 4, 1, 2, 3 },
            Run(new IntegerLookup(numOovIndices: 3, maskToken: 0, vocabulary: [5_000_000]), 5_000_000, 3, 4, 5));
        CollectionAssert.AreEqual(new float[] { 12, -1, -1 }, Run(new IntegerLookup(vocabulary: [12], invert: true), 1, 0, 9));
        CollectionAssert.AreEqual(new float[] { 1, 1, 2 }, Run(new IntegerLookup(vocabulary: [12, 36], outputMode: EncodingMode.Count), 36, 12, 36, 7));
    }

    [TestMethod]
    public void Vocabulary_is_learned_by_frequency()
    {
        var lookup = new IntegerLookup(maxTokens: 3);
        lookup.Adapt(Tensor.Create([7L, 7, 9, 9, 9, 4], [6]));
        CollectionAssert.AreEqual(new long[] { 9, 7 }, lookup.Vocabulary!.ToArray());

        var words = new StringLookup();
        words.Adapt([["a", "c"], ["d", "d"], ["z", "c"]]);
        CollectionAssert.AreEqual(new[] { "[UNK]", "d", "c", "z", "a" }, words.Vocabulary!.ToArray());
        CollectionAssert.AreEqual(new long[] { 4, 0, 1 }, words.Apply(Tensor.Create(["a", "m", "d"], [3])).ToArray());
        CollectionAssert.AreEqual(new[] { "c", "[UNK]" }, words.ToWords(Tensor.Create([2L, 77], [2])).ToArray());
    }

    [TestMethod]
    public void Learned_frequencies_are_kept_in_files()
    {
        var lookup = new IntegerLookup(outputMode: EncodingMode.TfIdf);
        lookup.Adapt(Tensor.Create([7L, 7, 9, 9, 9, 4], [3, 2]));
        var input = Model.Input([2], DType.Int64);
        var model = new Model(input, lookup.Call(input));
        var data = NDArray.Create([7L, 4, 9, 1], Shape.Of(2, 2));
        CollectionAssert.AreEqual(model.Predict(data).ToArray(), Model.FromJson(model.ToJson()).Predict(data).ToArray());
    }

    [TestMethod]
    public void Text_is_made_uniform_split_and_looked_up()
    {
        var text = new TextVectorization(outputSequenceLength: 4, vocabulary: ["earth", "wind", "and", "fire"]);
        CollectionAssert.AreEqual(new long[] { 2, 3, 4, 5, 1, 4, 2, 0 }, text.Apply(["Earth, wind AND fire!", "fish and earth"]).ToArray());
        Assert.AreEqual(6, text.VocabularySize);

        var pairs = new TextVectorization(ngrams: 2, outputMode: EncodingMode.Count);
        pairs.Adapt(["a b a"]);
        CollectionAssert.AreEqual(new[] { "[UNK]", "a", "b a", "b", "a b" }, pairs.Vocabulary!.ToArray());
        CollectionAssert.AreEqual(new float[] { 2, 1, 1, 1, 0 }, pairs.Encode(["b a x"]).ToArray());
    }

    [TestMethod]
    public void Bins_are_counted_from_boundaries_and_learned_from_data()
    {
        CollectionAssert.AreEqual(new float[] { 0, 2, 3, 1 }, Run(new Discretization([0, 1, 2]), -1.5f, 1, 3.4f, 0.5f));
        var learned = new Discretization(numBins: 4, epsilon: 0.01);
        learned.Adapt(Tensor.Create([-1.5f, 1, 3.4f, 0.5f, 0, 3, 1.3f, 0], [2, 4]));
        CollectionAssert.AreEqual(new float[] { 0, 2, 3, 2, 1, 3, 3, 1 }, Run(learned, -1.5f, 1, 3.4f, 0.5f, 0, 3, 1.3f, 0));
    }

    [TestMethod]
    public void Categories_are_encoded()
    {
        CollectionAssert.AreEqual(new float[] { 1, 0, 1, 0 }, Run(new CategoryEncoding(4), 0, 2, 2));
        CollectionAssert.AreEqual(new float[] { 1, 0, 2, 0 }, Run(new CategoryEncoding(4, EncodingMode.Count), 0, 2, 2));
        CollectionAssert.AreEqual(new float[] { 0, 0, 1, 1, 0, 0 }, Run(new CategoryEncoding(3, EncodingMode.OneHot), 2, 0));
        var (x, weights) = (Model.Input([2], DType.Int64), Model.Input([2]));
        var model = new Model([x, weights], new CategoryEncoding(3, EncodingMode.Count).Call(x, weights));
        NDArray ids = Tensor.Create([1L, 1], [1, 2]), counts = Tensor.Create([0.5f, 2], [1, 2]);
        CollectionAssert.AreEqual(new float[] { 0, 2.5f, 0 }, model.Predict(NDArrays.Create([ids, counts])).ToArray());
    }

    [TestMethod]
    [DataRow(-1)]
    [DataRow(3)]
    public void Ids_out_of_range_are_refused_by_the_name_of_the_layer(int id)
    {
        foreach (var layer in new Layer[]
        {
            new Embedding(3, 2, name: "ids"), new CategoryEncoding(3, name: "ids"), new CategoryEncoding(3, EncodingMode.OneHot, name: "ids"),
            new IntegerLookup(numOovIndices: 0, vocabulary: [0, 1, 2], name: "ids"),
        })
        {
            var error = Assert.ThrowsExactly<ModelException>(() => Run(layer, 0, id, 2), layer.GetType().Name);
            StringAssert.Contains(error.Message, "layer 'ids'", layer.GetType().Name);
            if (layer is not IntegerLookup) StringAssert.Contains(error.Message, $"Index {id}", layer.GetType().Name);
        }
    }

    [TestMethod]
    public void A_class_out_of_range_is_refused_by_losses_of_probabilities_too()
    {
        var x = Model.Input([3]);
        foreach (var loss in new Loss[] { Loss.SparseCategoricalCrossentropy, new CategoricalGeneralizedCrossEntropy() })
        {
            var trainer = new Model(x, Ops.Sigmoid(x)).Compile(new Sgd(), loss);
            NDArray data = Tensor.Create(new float[3], [1, 3]), wrong = Tensor.Create([-1L], [1]);
            Assert.ThrowsExactly<ModelException>(() => trainer.Evaluate(data, wrong), loss.GetType().Name);
        }
    }

    [TestMethod]
    public void The_mask_token_of_an_encoded_lookup_is_no_category()
    {
        var lookup = new IntegerLookup(maskToken: 0, vocabulary: [12, 36], outputMode: EncodingMode.MultiHot);
        CollectionAssert.AreEqual(new float[] { 0, 1, 0 }, Run(lookup, 0, 12, 0));
        CollectionAssert.AreEqual(new float[] { 0, 2, 1 }, Run(new IntegerLookup(numOovIndices: 0, maskToken: 0, vocabulary: [12, 36]), 0, 36, 12));
    }

    private static float[] Run(Layer layer, params float[] data)
    {
        var integers = layer is not Discretization;
        var input = Model.Input([data.Length], integers ? DType.Int64 : DType.Float32);
        var model = new Model(input, Ops.Cast(layer.Call(input), DType.Float32));
        NDArray x = integers ? Tensor.Create([.. data.Select(number => (long)number)], [1, data.Length]) : Tensor.Create(data, [1, data.Length]);
        return model.Predict(x).ToArray();
    }
}
