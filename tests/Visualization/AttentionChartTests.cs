using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization;
using OnnxFunctional.Visualization.Inside;
using OnnxFunctional.Visualization.Tiles;
using static OnnxFunctional.Tests.Visualization.InsideChartTests;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>Attention maps: their numbers against a computation by hand, masks, and names.</summary>
[TestClass]
public sealed class AttentionChartTests
{
    [TestMethod]
    public void Weights_of_each_head_are_those_computed_by_hand()
    {
        const int Heads = 2, KeyDim = 3, Features = 4;
        var (query, value) = (Model.Input([5, Features], name: "query"), Model.Input([7, Features], name: "value"));
        var model = new Model([query, value], new MultiHeadAttention(Heads, KeyDim, dropout: 0.5).Call(query, value));
        var (q, v) = (Numbers([2, 5, Features]), Numbers([2, 7, Features]));
        var weights = Weights(model, [q, v], sample: 1);
        CollectionAssert.AreEqual(new[] { Heads, 5, 7 }, weights.Sizes);
        var projections = model.WeightPaths().ToDictionary(entry => entry.Path.Split('/', 2)[1], entry => entry.Weight.Storage.ToArray());
        for (var head = 0; head < Heads; head++)
        {
            for (var i = 0; i < 5; i++)
            {
                var scores = new double[7];
                for (var j = 0; j < 7; j++)
                {
                    for (var d = 0; d < KeyDim; d++) scores[j] += Project("query", q, i, head, d) * Project("key", v, j, head, d) / Math.Sqrt(KeyDim);
                }

                var total = scores.Sum(Math.Exp);
                for (var j = 0; j < 7; j++)
                    Assert.AreEqual(Math.Exp(scores[j]) / total, weights.Elements[(((head * 5) + i) * 7) + j], 1e-5, $"{head}, {i}, {j}");
            }
        }

        var chart = Charts.AttentionMaps(model, [q, v], sample: 1, keyTokens: ["a", "b", "c", "d", "e", "f", "g"]);
        var tiles = Tiles(chart);
        Assert.HasCount(Heads, tiles);
        Assert.AreEqual((7, 5), (tiles[0].Pixels.Width, tiles[0].Pixels.Height));
        var most = Array.IndexOf(weights.Elements, weights.Elements.Max());
        Assert.AreEqual(Shade.Blue(1), tiles[most / 35].Pixels[most % 7, most / 7 % 5]);
        StringAssert.Contains(chart.Description, $"head {most / 35} most from {most / 7 % 5} to {"abcdefg"[most % 7]}");
        var texts = ChartTexts.Of(chart);
        foreach (var text in (string[])["head 0", "head 1", "0", "4", "a", "g"]) CollectionAssert.Contains(texts, text);
        Refused("tokens has 2 names, but the layer has 5 queries", () => Charts.AttentionMaps(model, [q, v], tokens: ["a", "b"]));

        double Project(string name, NDArray x, int position, int head, int d)
        {
            double sum = projections[name + "/bias"][(head * KeyDim) + d];
            for (var f = 0; f < Features; f++) sum += x[1, position, f] * projections[name + "/kernel"][(((f * Heads) + head) * KeyDim) + d];
            return sum;
        }
    }

    [TestMethod]
    public void Masked_keys_get_nothing_and_rows_of_all_kinds_add_up_to_one()
    {
        var ids = Model.Input([6], dtype: DType.Int32);
        var x = new Embedding(9, 8, maskZero: true).Call(ids);
        x = new MultiHeadAttention(2, 4, name: "multi").Call(x, x);
        x = new GroupQueryAttention(4, 4, 2, name: "grouped").Call(x, x);
        x = new OnnxFunctional.Layers.Attention(name: "luong").Call(x, x);
        x = new AdditiveAttention(name: "additive").Call(x, x);
        var model = new Model(ids, x);
        int[,] data = { { 3, 1, 4, 1, 5, 2 }, { 8, 7, 5, 2, 0, 0 } };
        foreach (var (name, heads) in ((string, int)[])[("multi", 2), ("grouped", 4), ("luong", 1), ("additive", 1)])
        {
            var (elements, sizes) = Weights(model, data, 1, name);
            Assert.AreEqual((6, 6), (sizes[^2], sizes[^1]));
            Assert.HasCount(heads * 36, elements);
            foreach (var (row, numbers) in elements.Chunk(6).Index())
            {
                if (row % 6 >= 4) continue;
                Assert.AreEqual(1, numbers.Sum(), 1e-5, $"{name}, row {row}");
                Assert.AreEqual(0, numbers[4] + numbers[5], 1e-6, $"{name}, row {row}");
            }

            Assert.HasCount(heads, Tiles(Charts.AttentionMaps(model, data, name, 1)));
        }

        var tokens = (string[])["the", "quick", "fox", "jumps", "(pad)", "line\nbreak"];
        var texts = ChartTexts.Of(Charts.AttentionMaps(model, data, sample: 1, tokens: tokens));
        foreach (var token in tokens) Assert.HasCount(4, texts.Where(text => text == token.Replace('\n', ' ')), token);
        Refused(
            "no attention layer over one axis 'mult'. Did you mean 'multi'? It has: multi, grouped, luong, additive.",
            () => Charts.AttentionMaps(model, data, "mult"));
    }

    [TestMethod]
    public void Queries_that_may_attend_to_nothing_are_white_if_the_weights_are_an_output()
    {
        var (x, mask) = (Model.Input([3, 4], name: "x"), Model.Input([3, 3], dtype: DType.Bool, name: "mask"));
        var (output, scores) = new MultiHeadAttention(1, 2).CallWithScores(x, x, attentionMask: mask);
        var model = new Model([x, mask], [output, scores]);
        bool[] seen = [true, true, false, false, false, false, true, false, false];
        NDArrays data = [Numbers([1, 3, 4]), NDArray.Create(seen, [1, 3, 3])];
        var weights = Weights(model, data, 0).Elements;
        Assert.AreEqual(1, weights[0] + weights[1], 1e-6);
        CollectionAssert.AreEqual(new float[] { 0, 0, 0, 0, 1, 0, 0 }, weights[2..]);
        var tile = Tiles(Charts.AttentionMaps(model, data)).Single();
        Assert.AreEqual(Shade.Blue(0), tile.Pixels[1, 1]);
        Assert.AreEqual(Shade.Blue(1), tile.Pixels[0, 2]);
    }

    private static (float[] Elements, int[] Sizes) Weights(Model model, NDArrays x, int sample, string? name = null)
    {
        var layers = InnerLayers.Attentions(model);
        var layer = name is null ? layers.Single() : layers.Single(each => each.Path == name);
        var data = OneSample.Of(model, x, sample);
        return data.Part(ValueProbe.Compute(model, data.Inputs, [layer.Value])[0]);
    }
}
