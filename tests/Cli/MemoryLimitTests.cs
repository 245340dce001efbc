using System.Diagnostics;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Cli;

/// <summary>Commands in a process whose heap is limited: a sentence, exit code 1, and no file.</summary>
[TestClass]
[DoNotParallelize]
public sealed class MemoryLimitTests
{
    // The process itself takes about 30 MB; the file has 64.
    private const string Limit = "0x5000000";

    [TestMethod]
    [DataRow("convert")]
    [DataRow("verify")]
    [DataRow("summary")]
    public void A_file_that_does_not_fit_is_named(string command)
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([4000]);
        var model = new Model(input, input.Apply(new Dense(4000, name: "wide")));
        var file = folder.File(command == "convert" ? "model.keras" : "model.onnx");
        if (command == "convert") model.Save(file);
        else model.ExportOnnx(file, new ExportOptions { Verify = false });
        var target = folder.File("converted.onnx");
        File.WriteAllText(target, "older");

        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "onnxf.dll"), command, file, .. command == "convert" ? new[] { target } : []];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_GCHeapHardLimit"] = Limit;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        Assert.AreEqual(1, process.ExitCode, output.Result + error.Result);
        StringAssert.StartsWith(error.Result, "There is not enough memory");
        StringAssert.Contains(error.Result, "83.9 MB in all");
        Assert.DoesNotContain("   at ", error.Result);
        Assert.AreEqual("older", File.ReadAllText(target));
        CollectionAssert.AreEquivalent(new[] { file, target }, Directory.GetFiles(folder.Path));
    }
}
