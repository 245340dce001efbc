using OnnxFunctional.Export;
using OnnxFunctional.Tests.Publishing;

namespace OnnxFunctional.Tests.Cli;

/// <summary>--target and what belongs to it, and that files do not depend on where they are made.</summary>
[TestClass]
[DoNotParallelize]
public sealed class TargetTests
{
    private static readonly string s_keras = Repository.PathOf("tests", "Reference", "keras-parity", "models", "mlp.keras");

    [TestMethod]
    public void A_target_chooses_the_operator_set_or_refuses_in_the_words_of_the_command_line()
    {
        using var folder = new TemporaryFolder();
        string[] convert = ["convert", s_keras, folder.File("m.onnx")];
        StringAssert.Contains(CommandRun.Of([.. convert, "--target", "1.17"]).Succeeded().Output, "opset 20");
        StringAssert.Contains(CommandRun.Of([.. convert, "--target", "1.20:cuda"]).Succeeded().Output, "opset 18");
        CommandRun.Of([.. convert, "--target", "1.17:nnapi"]).Refused("NNAPI takes fixed sizes; give 'batch' by --size NAME=SIZE of onnxf convert.");
        CommandRun.Of([.. convert, "--target", "1.17", "--opset", "21"]).Refused("runs operator set 20, and --opset is 21; leave --opset out");
        CommandRun.Of([.. convert, "--target", "0.9"]).Refused("the version 0.9 of ONNX Runtime is not known; expected 1.13 to 1.31, or latest.");
        CommandRun.Of([.. convert, "--target", "1.17:cudda"]).Misused("--target: 'cudda' is no provider; expected cpu, cuda, web, coreml, nnapi or directml.");
        CommandRun.Of([.. convert, "--size", "batch"]).Misused("--size is 'batch'; expected NAME=SIZE");
        CommandRun.Of([.. convert, "--size", "batch=1", "--size", "batch=2"]).Misused("--size names 'batch' twice.");
        CommandRun.Of([.. convert, "--size", "batch=3"]).Succeeded();
        using var three = OnnxModel.Load(folder.File("m.onnx"));
        Assert.AreEqual(3, three.Inputs[0].Dimensions[0].Value);
    }

    [TestMethod]
    public void What_runs_on_the_processor_beside_a_provider_is_listed()
    {
        using var folder = new TemporaryFolder();
        var lstm = Repository.PathOf("tests", "Reference", "keras-parity", "models", "lstm.keras");
        var text = CommandRun.Of("convert", lstm, folder.File("m.onnx"), "--target", "latest:coreml", "--cpu-fallback").Succeeded().Output;
        StringAssert.Contains(text, "Runs on the processor: layer '");
        StringAssert.Contains(text, "LSTM is not taken in Core ML.");
    }

    [TestMethod]
    public void A_changed_file_fails_its_verification()
    {
        using var folder = new TemporaryFolder();
        CommandRun.Of("convert", s_keras, folder.File("m.onnx")).Succeeded();
        StringAssert.Contains(CommandRun.Of("verify", folder.File("m.onnx")).Succeeded().Output, "The file is as it was written (SHA-256).");
        var bytes = File.ReadAllBytes(folder.File("m.onnx"));
        bytes[bytes.AsSpan().IndexOf("OnnxFunctional"u8)] = (byte)'o';
        File.WriteAllBytes(folder.File("m.onnx"), bytes);
        var run = CommandRun.Of("verify", folder.File("m.onnx"));
        Assert.AreEqual(1, run.Code);
        StringAssert.Contains(run.Output, "The file was changed after it was written");
    }

    /// <summary>This process, and another one in another folder: trained, converted, quantized.</summary>
    [TestMethod]
    public void Two_processes_in_two_folders_write_the_same_bytes()
    {
        using var here = new TemporaryFolder();
        using var there = new TemporaryFolder();
        string[] data = [SampleFiles.Flowers(here), SampleFiles.Flowers(there)];
        string[][] commands =
        [
            ["train", "mlp", "--data", "flowers.csv", "--target", "species", "--epochs", "1", "--out", "m.onnx"],
            ["convert", "m.onnx", "old.onnx", "--target", "1.13"],
            ["quantize", "m.onnx", "--data", "flowers.csv", "--max-drop", "1", "--out", "int8.onnx"],
        ];
        Assert.IsTrue(data.All(File.Exists));
        foreach (var command in commands)
        {
            CommandRun.Of([.. command.Select(word => Path.GetExtension(word) is ".onnx" or ".csv" ? here.File(word) : word)]).Succeeded();
            var (code, output) = Subprocess.Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "onnxf.dll"), .. command], there.Path);
            Assert.AreEqual(0, code, output);
        }

        foreach (var file in (string[])["m.onnx", "old.onnx", "int8.onnx"])
            CollectionAssert.AreEqual(File.ReadAllBytes(here.File(file)), File.ReadAllBytes(there.File(file)), file);
    }
}
