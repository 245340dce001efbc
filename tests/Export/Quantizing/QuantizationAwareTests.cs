using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Quantizing;

/// <summary>Training with the arithmetic of the int8 file.</summary>
[TestClass]
public sealed class QuantizationAwareTests
{
    [TestMethod]
    [DataRow("residual")]
    [DataRow("sequence")]
    [DataRow("several inputs")]
    [DataRow("recurrent")]
    [DataRow("tokens")]
    public void What_is_trained_computes_as_the_file_that_is_made_of_it(string name)
    {
        using var folder = new TemporaryFolder();
        var model = QuantizedNetworks.Create(name);
        var x = QuantizedNetworks.Data(model, 24);
        var aware = model.ToQuantizationAware(x);
        Halve(model, aware, x, epochs: 3);
        var (trained, quantized) = (aware.PredictAll(x), aware.Quantize(x));
        Assert.IsTrue(quantized.ExportOnnx(folder.File("q.onnx")).Passed);
        var file = quantized.PredictAll(x);
        for (var i = 0; i < trained.Count; i++)
        {
            // A step of the last integers, where the bias is rounded in the file and not in training.
            var (ours, theirs) = (trained[i].ToArray(), file[i].ToArray());
            Assert.IsLessThan(0.02f * Math.Max(1, ours.Max(Math.Abs)), ours.Zip(theirs, (a, b) => Math.Abs(a - b)).Max());
        }
    }

    [TestMethod]
    public void Weights_and_scales_learn_so_that_the_file_errs_less_than_one_that_is_quantized_afterwards()
    {
        var model = QuantizedNetworks.Create("residual");
        var x = QuantizedNetworks.Data(model, 24);
        var options = new QuantizationOptions { PerChannel = false, ReduceRange = true };
        var aware = model.ToQuantizationAware(x, options);
        var first = aware.Weights.Select(weight => weight.Value).ToArray();
        NDArray[] targets = Halve(model, aware, x, epochs: 60);
        var names = aware.Weights.Select(weight => weight.Name).ToArray();
        for (var i = 0; i < first.Length; i++)
        {
            var stays = names[i].StartsWith("moving", StringComparison.Ordinal);
            Assert.AreEqual(stays, first[i].SequenceEqual(aware.Weights[i].Value), names[i]);
        }

        Assert.IsTrue(names.Any(name => name.StartsWith("range", StringComparison.Ordinal)) && names.Contains("kernel"));

        // The same model without the integers of the file in its training, quantized with ranges from calibration.
        Assert.IsLessThan(Loss(model.Quantize(x, options)), Loss(aware.Quantize(x)));

        double Loss(QuantizedModel quantized) =>
            quantized.PredictAll(x)[0].ToArray().Zip(targets[0].ToArray(), (a, b) => ((double)a - b) * (a - b)).Sum();
    }

    [TestMethod]
    public void Layers_that_are_kept_and_options_that_training_decides_are_told_apart()
    {
        var model = QuantizedNetworks.Create("residual");
        var x = QuantizedNetworks.Data(model, 9);
        var aware = model.ToQuantizationAware(x, new() { KeepFloat = ["conv*"] });
        CollectionAssert.AreEqual((bool[])[false, false, false, true, true], aware.Quantize(x).Layers.Select(layer => layer.IsQuantized).ToArray());
        Refused("leave out options", () => aware.Quantize(x, new()));
        Refused("learns the scales of StaticInt8", () => model.ToQuantizationAware(x, new() { Kind = QuantizationKind.DynamicInt8 }));
        Refused("leave out Equalize", () => model.ToQuantizationAware(x, new() { Equalize = true }));
        Refused("KeepFloat names 'other'", () => model.ToQuantizationAware(x, new() { KeepFloat = ["other"] }));

        static void Refused(string words, Action act) => Assert.Contains(words, Assert.ThrowsExactly<ExportException>(act).Message);
    }

    /// <summary>Trains towards half of what the model gives.</summary>
    private static NDArray[] Halve(Model model, Model aware, NDArrays x, int epochs)
    {
        NDArray[] targets = [.. model.PredictAll(x).Select(output => NDArray.Create(Array.ConvertAll(output.ToArray(), value => value / 2), output.Shape))];
        aware.Compile(new Adam(1e-3), Loss.MeanSquaredError).Fit(x, targets, batchSize: 8, epochs: epochs, verbose: Verbosity.Silent);
        return targets;
    }
}
