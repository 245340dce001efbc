using OnnxFunctional.Export;

namespace OnnxFunctional.Tests.Cli;

/// <summary>onnxf quantize.</summary>
[TestClass]
[DoNotParallelize]
public sealed class QuantizeTests
{
    [TestMethod]
    public void The_quickstarts_file_is_quantized_on_its_data()
    {
        using var folder = new TemporaryFolder();
        CommandRun.Of("quickstart", "--epochs", "2", "--out", folder.File("digits.onnx")).Succeeded();
        var digits = Path.Combine(Repository.Root, "tools/Cli/Data/digits.csv.gz");
        var run = CommandRun.Of("quantize", folder.File("digits.onnx"), "--data", digits, "--max-drop", "0.01", "--out", folder.File("int8.onnx"), "--json");
        var result = run.Succeeded().Json();
        Assert.IsTrue((bool)result["verified"]!);
        Assert.AreEqual("accuracy", (string)result["metric"]!);
        Assert.IsGreaterThanOrEqualTo((double)result["float32"]!["score"]! - 0.0101, (double)result["quantized"]!["score"]!);
        Assert.IsLessThan(0.35 * (double)result["float32"]!["bytes"]!, (double)result["quantized"]!["bytes"]!);
        Assert.HasCount(4, result["layers"]!.AsArray());

        // What the file says of its data stays, so that it predicts the same words.
        CollectionAssert.AreEqual(
            OnnxFile.ReadMetadata(folder.File("digits.onnx"))["onnxfunctional.data"].ToCharArray(),
            OnnxFile.ReadMetadata(folder.File("int8.onnx"))["onnxfunctional.data"].ToCharArray());
        StringAssert.Contains(CommandRun.Of("evaluate", folder.File("int8.onnx"), "--data", digits).Succeeded().Output, "accuracy");
        StringAssert.Contains(CommandRun.Of("verify", folder.File("int8.onnx")).Succeeded().Output, "agree");
    }

    [TestMethod]
    public void The_quickstarts_file_is_made_half_as_large()
    {
        using var folder = new TemporaryFolder();
        CommandRun.Of("quickstart", "--epochs", "2", "--out", folder.File("digits.onnx")).Succeeded();
        var digits = Path.Combine(Repository.Root, "tools/Cli/Data/digits.csv.gz");
        foreach (var type in (string[])["float16", "float16-weights", "bfloat16-weights"])
        {
            var run = CommandRun.Of("quantize", folder.File("digits.onnx"), "--data", digits, "--type", type, "--out", folder.File("half.onnx"), "--json");
            var result = run.Succeeded().Json();
            Assert.IsTrue((bool)result["verified"]!);
            Assert.IsGreaterThanOrEqualTo((double)result["float32"]!["score"]! - 0.0101, (double)result["quantized"]!["score"]!);
            Assert.IsLessThan(0.6 * (double)result["float32"]!["bytes"]!, (double)result["quantized"]!["bytes"]!);
            Assert.IsTrue(result["layers"]!.AsArray().Where(layer => (long)layer!["weights"]! > 0).All(layer => (bool)layer!["half"]!));
        }

        StringAssert.Contains(CommandRun.Of("evaluate", folder.File("half.onnx"), "--data", digits).Succeeded().Output, "accuracy");
    }

    [TestMethod]
    public void A_regression_is_judged_by_its_error_and_layers_can_be_kept()
    {
        using var folder = new TemporaryFolder();
        var houses = SampleFiles.Houses(folder);
        CommandRun.Of("train", "mlp", "--data", houses, "--target", "price", "--epochs", "3", "--out", folder.File("m.onnx")).Succeeded();
        string[] call = ["quantize", folder.File("m.onnx"), "--data", houses, "--out", folder.File("q.onnx")];
        var text = CommandRun.Of([.. call, "--max-drop", "1e6", "--method", "percentile", "--keep", "dense"]).Succeeded().Output;
        StringAssert.Contains(text, "mean_absolute_error");
        StringAssert.Contains(text, "float32");
        StringAssert.Contains(text, "Wrote ");

        foreach (var (kind, form) in new[] { ("dynamic-int8", "int8"), ("int8-weights", "int8 weights"), ("int4-weights", "int4 weights") })
        {
            string[] options = ["--max-drop", "1e6", "--type", kind, "--gptq", "--correct-bias", "--block-size", "16", "--json"];
            var result = CommandRun.Of([.. call, .. options]).Succeeded().Json();
            Assert.AreEqual(kind, (string)result["quantized"]!["form"]!);
            Assert.AreEqual(form, (string)result["layers"]![0]!["form"]!);
        }

        CommandRun.Of([.. call, "--type", "dynamic-int8", "--equalize"]).Refused("Equalize goes with StaticInt8");
        CommandRun.Of([.. call, "--keep", "none"]).Refused("KeepFloat names 'none'");
        CommandRun.Of([.. call, "--max-drop", "-1"]).Misused("--max-drop");
        CommandRun.Of([.. call, "--method", "best"]).Misused("--method is 'best'");
        CommandRun.Of([.. call, "--type", "float16", "--per-tensor"]).Refused("--per-tensor is for --type int8");
        CommandRun.Of([.. call, "--type", "int7"]).Misused("--type is 'int7'");
        CommandRun.Of("quantize", folder.File("m.onnx"), "--data", houses, "--out", folder.File("m.onnx")).Refused("is the model");
    }
}
