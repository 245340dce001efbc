using System.Text.Json;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Losses;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Saving;

/// <summary>Options in files: numbers with the digits of float32, in which they are computed, given names, and spellings of earlier files.</summary>
[TestClass]
public sealed class CompileOptionTests
{
    [TestMethod]
    public void Numbers_have_the_digits_of_float32()
    {
        var optimizer = Written(new Adam(1.0 / 3, beta1: 0.1f, epsilon: 1e-7, clipnorm: 0.5)).GetProperty("optimizer").GetProperty("config");
        Assert.AreEqual("0.33333334", optimizer.GetProperty("learning_rate").GetRawText());
        Assert.AreEqual("0.1", optimizer.GetProperty("beta1").GetRawText());
        Assert.AreEqual("1E-07", optimizer.GetProperty("epsilon").GetRawText());
        Assert.AreEqual("0.5", optimizer.GetProperty("clipnorm").GetRawText());
    }

    [TestMethod]
    public void Names_are_written_if_they_are_given_and_read_back()
    {
        var plain = Written(new Sgd());
        Assert.IsFalse(plain.GetProperty("optimizer").GetProperty("config").TryGetProperty("name", out _));
        Assert.IsFalse(plain.GetProperty("loss").GetProperty("y").GetProperty("config").TryGetProperty("name", out _));
        var json = Written(new Sgd(name: "mine"), new Huber(0.5, name: "gap"));
        var read = CompileConfig.Compile(json, Network(), seed: 1, threads: 1);
        Assert.AreEqual("mine", read.Optimizer.Name);
        Assert.AreEqual("gap", read.Compiled.Losses[0]!.Name);
        Assert.AreEqual(0.5, ((Huber)read.Compiled.Losses[0]!).Delta);
    }

    [TestMethod]
    public void Earlier_spellings_of_options_are_read()
    {
        var text = Written(new Sgd(clipvalue: 2)).GetRawText().Replace("\"clipvalue\"", "\"clip_value\"", StringComparison.Ordinal);
        Assert.AreEqual(2.0, CompileConfig.Compile(JsonElement.Parse(text), Network(), seed: 1, threads: 1).Optimizer.Clipvalue);

        // Files written before Muon wrote its weight decay have its default.
        text = Written(new Muon()).GetRawText().Replace("\"weight_decay\":0.004,", "", StringComparison.Ordinal);
        Assert.AreEqual(0.004, CompileConfig.Compile(JsonElement.Parse(text), Network(), seed: 1, threads: 1).Optimizer.WeightDecay);
    }

    private static JsonElement Written(Optimizer optimizer, Loss? loss = null) =>
        JsonElement.Parse(CompileConfig.Write(Network().Compile(optimizer, loss ?? Loss.MeanSquaredError).Compiled).ToJsonString());

    private static Model Network()
    {
        var x = Model.Input([2]);
        return new Model(x, new Dense(1, name: "y").Call(x));
    }
}
