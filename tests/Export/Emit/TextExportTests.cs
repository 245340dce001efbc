using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Files that take or return text.</summary>
[TestClass]
public sealed class TextExportTests
{
    private static readonly string[] s_words = ["earth", "wind", "and", "fire"];

    private static readonly string[] s_texts =
    [
        "Earth, wind AND fire!", "", "   ", "fire's\tof\nearth", "É and é", "don't-stop", "...", "and;and,and and", "[wind]", "FIRE", "wind\v\fwind\rand",
    ];

    [TestMethod]
    [DataRow(TextStandardization.LowerAndStripPunctuation, TextSplit.Whitespace)]
    [DataRow(TextStandardization.Lower, TextSplit.Whitespace)]
    [DataRow(TextStandardization.StripPunctuation, TextSplit.Whitespace)]
    [DataRow(TextStandardization.None, TextSplit.Whitespace)]
    [DataRow(TextStandardization.Lower, TextSplit.None)]
    [DataRow(TextStandardization.None, TextSplit.None)]
    public void A_file_vectorizes_texts_as_the_engine_does(TextStandardization standardize, TextSplit split)
    {
        foreach (var length in new[] { 1, 3, 17 })
        {
            var layer = new TextVectorization(standardize: standardize, split: split, outputSequenceLength: length, vocabulary: s_words);
            Same(layer, s_texts);
        }
    }

    [TestMethod]
    [DataRow(EncodingMode.MultiHot)]
    [DataRow(EncodingMode.Count)]
    [DataRow(EncodingMode.TfIdf)]
    public void A_file_counts_words_as_the_engine_does(EncodingMode mode)
    {
        foreach (var padded in new[] { false, true })
        {
            var layer = new TextVectorization(9, outputMode: mode, padToMaxTokens: padded);
            layer.Adapt(["earth wind", "and fire and", "earth"]);
            Same(layer, s_texts);
            Same(layer, ["", "  "]);
        }
    }

    [TestMethod]
    public void A_file_looks_words_up_and_returns_them()
    {
        string[] words = ["earth", "stone", "", "fire", "[PAD]"];
        Same(new StringLookup(vocabulary: s_words), words);
        Same(new StringLookup(maskToken: "[PAD]", vocabulary: s_words), words);
        Same(new StringLookup(numOovIndices: 0, vocabulary: s_words), ["wind", "and"]);
        Same(new StringLookup(vocabulary: s_words, outputMode: EncodingMode.MultiHot), words);
        Same(new StringLookup(vocabulary: s_words, outputMode: EncodingMode.OneHot), words);

        using var folder = new TemporaryFolder();
        var input = Model.Input([2], DType.Int64);
        var model = new Model(input, new StringLookup(vocabulary: s_words, invert: true).Call(input));
        Assert.IsTrue(model.ExportOnnx(folder.File("words.onnx")).IsVerified);
        using var file = OnnxModel.Load(folder.File("words.onnx"));
        var labels = Tensor.Create([2L, 0, 99, 4], [2, 2]);
        string[,] expected = { { "wind", "[UNK]" }, { "[UNK]", "fire" } };
        CollectionAssert.AreEqual(expected, (string[,])model.Predict(labels));
        CollectionAssert.AreEqual(expected, (string[,])file.Predict(labels));
    }

    [TestMethod]
    public void What_ONNX_lacks_is_refused_with_a_sentence()
    {
        using var folder = new TemporaryFolder();
        void Refused(Layer layer, string part, int opset = 21)
        {
            var input = Model.Input([1], DType.String);
            var refusal = Assert.ThrowsExactly<ExportException>(
                () => new Model(input, layer.Call(input)).ExportOnnx(folder.File("x.onnx"), new ExportOptions { Opset = opset }));
            Assert.Contains(part, refusal.Message);
        }

        Refused(new Hashing(7), "no hash of text");
        Refused(new StringLookup(numOovIndices: 3, vocabulary: s_words), "numOovIndices: 1");
        Refused(new TextVectorization(split: TextSplit.Character, outputSequenceLength: 3, vocabulary: s_words), "TextSplit.Whitespace");
        Refused(new TextVectorization(ngrams: 2, outputSequenceLength: 3, vocabulary: s_words), "n-grams");
        Refused(new TextVectorization(split: TextSplit.None, outputSequenceLength: 3, vocabulary: s_words), "standardize");
        Refused(new TextVectorization(outputSequenceLength: 3, vocabulary: s_words), "opset 20", 19);

        var text = Model.Input([1], DType.String, "text");
        var model = new Model(text, text.Apply(new StringLookup(vocabulary: s_words), new Embedding(5, 2)));
        var trainer = model.Compile(new Sgd(), Loss.MeanSquaredError);
        Assert.Contains("Input 'text' takes text", Assert.ThrowsExactly<ExportException>(() => trainer.ExportTraining(folder.Path)).Message);
    }

    /// <summary>The engine and the file give the same numbers for these texts, and for those of the verification.</summary>
    private static void Same(Layer layer, string[] texts)
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([1], DType.String);
        var model = new Model(input, layer.Call(input));
        Assert.IsTrue(model.ExportOnnx(folder.File("text.onnx")).IsVerified);
        using var file = OnnxModel.Load(folder.File("text.onnx"));
        CollectionAssert.AreEqual(model.Predict(texts).ToArray(), file.Predict(texts).ToArray(), layer.ToString());
    }
}
