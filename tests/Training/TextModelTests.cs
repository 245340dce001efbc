using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training;

/// <summary>Models that take text.</summary>
[TestClass]
public sealed class TextModelTests
{
    [TestMethod]
    public void A_model_takes_texts()
    {
        var vectorize = new TextVectorization(outputSequenceLength: 4, vocabulary: ["earth", "wind", "and", "fire"]);
        var input = Model.Input([1], DType.String);
        var model = new Model(input, vectorize.Call(input));
        string[] texts = ["Earth, wind & fire!", "fire\tAND\nwater and earth and wind", "", "É and"];
        CollectionAssert.AreEqual(
            new float[,] { { 2, 3, 5, 0 }, { 5, 4, 1, 4 }, { 0, 0, 0, 0 }, { 1, 4, 0, 0 } }, (float[,])model.Predict(texts));
        CollectionAssert.AreEqual(new float[,] { { 4, 0, 0, 0 } }, (float[,])model.Predict(new[,] { { "and" } }));
        Assert.AreEqual(0, model.Predict(Array.Empty<string>()).Count);
    }

    [TestMethod]
    public void Batches_and_shuffled_training_read_their_own_texts()
    {
        string[] words = ["red", "green", "blue", "none"];
        var lookup = new StringLookup(vocabulary: words[..3]);
        var input = Model.Input([1], DType.String);
        var x = input.Apply(lookup, new Embedding(lookup.VocabularySize, 4), new Flatten(), new Dense(4, Activation.Softmax));
        var model = new Model(input, x);
        string[] texts = [.. Enumerable.Range(0, 203).Select(i => words[i % 4])];
        int[] labels = [.. Enumerable.Range(0, 203).Select(i => i % 4)];
        var trainer = model.Compile(new Adam(0.1), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
        trainer.Fit(texts, labels, epochs: 8, verbose: Verbosity.Silent);
        Assert.AreEqual(1, trainer.Evaluate(texts, labels, batchSize: 7)["accuracy"]);
    }

    /// <summary>The example in Keras' documentation of the layer; integers count as they are, and the order of features counts.</summary>
    [TestMethod]
    public void Crossed_features_fall_into_the_bins_of_Keras()
    {
        string[] words = ["A", "B", "A", "B", "A"];
        long[] numbers = [101, 101, 101, 102, 102];
        var (word, number) = (Model.Input([], DType.String), Model.Input([], DType.Int64));
        NDArrays data = [words, numbers];
        float[] expected = [1, 4, 1, 1, 3];
        CollectionAssert.AreEqual(expected, new Model([word, number], new HashedCrossing(5).Call(word, number)).Predict(data).ToArray());
        var vectors = new Model([word, number], new HashedCrossing(5, EncodingMode.OneHot).Call(word, number)).Predict(data);
        Assert.AreEqual(Shape.Of(5, 5), vectors.Shape);
        for (var i = 0; i < 25; i++) Assert.AreEqual(expected[i / 5] == i % 5 ? 1 : 0, vectors.ToArray()[i]);
        var turned = new Model([word, number], new HashedCrossing(1000).Call(number, word)).Predict(data).ToArray();
        CollectionAssert.AreNotEqual(new Model([word, number], new HashedCrossing(1000).Call(word, number)).Predict(data).ToArray(), turned);

        Assert.Contains("two features", Assert.Throws<ModelException>(() => new HashedCrossing(5).Call(word)).Message);
        Assert.Contains("text or integers", Assert.Throws<ModelException>(() => new HashedCrossing(5).Call(word, Model.Input([]))).Message);
        Assert.Contains("Int or OneHot", Assert.Throws<ModelException>(() => new HashedCrossing(5, EncodingMode.Count)).Message);
    }

    /// <summary>The examples in Keras' documentation of the layer.</summary>
    [TestMethod]
    public void Words_fall_into_the_bins_of_Keras()
    {
        string[] words = ["A", "B", "C", "D", "E"];
        Bins(new Hashing(3), words, [1, 0, 1, 1, 2]);
        Bins(new Hashing(3, maskValue: ""), ["A", "B", "", "C", "D"], [1, 1, 0, 2, 2]);
        Bins(new Hashing(3, salt: (133, 137)), words, [1, 2, 1, 0, 2]);
        Bins(new Hashing(3, salt: 133), words, [0, 0, 2, 1, 0]);

        // An integer is hashed as its digits.
        var ids = Model.Input([1], DType.Int64);
        var model = new Model(ids, new Hashing(1000).Call(ids));
        var texts = Model.Input([1], DType.String);
        var same = new Model(texts, new Hashing(1000).Call(texts));
        CollectionAssert.AreEqual(same.Predict(new[] { "7", "-12" }).ToArray(), model.Predict(new long[] { 7, -12 }).ToArray());

        static void Bins(Hashing layer, string[] words, float[] expected)
        {
            var input = Model.Input([1], DType.String);
            CollectionAssert.AreEqual(expected, new Model(input, layer.Call(input)).Predict(words).ToArray(), layer.ToString());
        }
    }

    /// <summary>Before a model, and in one.</summary>
    [TestMethod]
    [DataRow(EncodingMode.Int)]
    [DataRow(EncodingMode.MultiHot)]
    [DataRow(EncodingMode.Count)]
    [DataRow(EncodingMode.TfIdf)]
    public void Apply_and_Encode_give_what_the_layer_gives(EncodingMode mode)
    {
        string[] texts = ["a b a", "", "c, A b d d d d", "d"];
        var isInt = mode == EncodingMode.Int;
        var layer = new TextVectorization(6, outputMode: mode, outputSequenceLength: isInt ? 3 : null, padToMaxTokens: !isInt);
        layer.Adapt(["a b", "a c"]);
        var input = Model.Input([1], DType.String);
        float[] expected = isInt ? [.. layer.Apply(texts).ToArray().Select(index => (float)index)] : layer.Encode(texts).ToArray();
        CollectionAssert.AreEqual(expected, new Model(input, layer.Call(input)).Predict(texts).ToArray());
    }

    [TestMethod]
    public void Messages_name_the_layer_that_was_written()
    {
        var words = Model.Input([1], DType.String);
        var vectorize = new TextVectorization(outputSequenceLength: 3);
        Assert.StartsWith("TextVectorization", Assert.Throws<ModelException>(() => vectorize.Apply(["a"])).Message);
        Assert.Contains("TextVectorization", Assert.Throws<ModelException>(() => vectorize.Call(words)).Message);
        Assert.DoesNotContain("StringLookup", Assert.Throws<ModelException>(() => vectorize.Call(words)).Message);
    }

    [TestMethod]
    public void Text_converts_and_is_read_and_printed()
    {
        NDArray[] arrays = [new[] { "a", "b" }, new List<string> { "a", "b" }, System.Numerics.Tensors.Tensor.Create(["a", "b"], [2])];
        foreach (var array in arrays) CollectionAssert.AreEqual(new[] { "a", "b" }, (string[])array);
        NDArray table = new[,] { { "a", "b" }, { "c", "d" }, { "e", "f" } };
        CollectionAssert.AreEqual(new[,] { { "e", "f" }, { "a", "b" } }, (string[,])table.Take([2, 0]));
        Assert.Contains("['a' 'b']", table.ToString());
    }

    [TestMethod]
    public void Wrong_uses_of_text_are_refused_with_a_sentence()
    {
        var words = Model.Input([1], DType.String);
        var lookup = new Model(words, new StringLookup(vocabulary: ["a"]).Call(words));
        var numbers = Model.Input([1]);
        var dense = new Model(numbers, new Dense(1).Call(numbers));
        Said(["takes text", "string[]"], () => lookup.Predict(new float[] { 1 }));
        Said(["text", "StringLookup"], () => dense.Predict(new[] { "a" }));
        Said(["text", "StringLookup"], () => dense.Compile(new Sgd(), Loss.MeanSquaredError).Fit(new float[] { 1 }, new[] { "a" }));
        Said(["text", "StringLookup"], () => new Dense(1).Call(words));
        Said(["text", "StringLookup"], () => _ = words * 2);
        Said(["takes text", "float32"], () => new StringLookup(vocabulary: ["a"]).Call(numbers));
        Said(["takes text", "float32"], () => new TextVectorization(outputSequenceLength: 2, vocabulary: ["a"]).Call(numbers));
        Said(["outputSequenceLength"], () => new TextVectorization(vocabulary: ["a"]).Call(words));
        Said(["text or integers"], () => new Hashing(3).Call(numbers));
        Said(["no vocabulary yet", "Adapt"], () => new StringLookup().Call(words));
        Said(["'b'", "numOovIndices: 1"], () => Strict().Predict(new[] { "b" }));

        Model Strict() => new(words, new StringLookup(numOovIndices: 0, vocabulary: ["a"]).Call(words));

        static void Said(string[] parts, Action use)
        {
            var message = Assert.Throws<ModelException>(use).Message;
            foreach (var part in parts) Assert.Contains(part, message);
        }
    }
}
