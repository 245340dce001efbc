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

    /// <summary>
    /// A container of Linux limits all memory, ONNX Runtime's too, which is outside the heap. The limits are too small for the file, for the model beside it,
    /// and for a session beside both.
    /// </summary>
    [TestMethod]
    [DataRow("convert", 100)]
    [DataRow("convert", 220)]
    [DataRow("verify", 100)]
    [DataRow("verify", 220)]
    [DataRow("verify", 300)]
    public void In_a_container_that_is_too_small_a_sentence_names_what_does_not_fit(string command, int megabytes)
    {
        using var container = MemoryContainer.TryCreate(megabytes * (1L << 20));
        if (container is null) Assert.Inconclusive("Needs Linux, and the right to create a memory cgroup (as root, with the controller mounted).");
        using var folder = new TemporaryFolder();
        var input = Model.Input([4000]);
        var model = new Model(input, input.Apply(new Dense(4000, name: "wide")));
        var file = folder.File(command == "convert" ? "model.keras" : "model.onnx");
        if (command == "convert") model.Save(file);
        else model.ExportOnnx(file, new ExportOptions { Verify = false });
        string[] target = command == "convert" ? [folder.File("out.onnx")] : [];
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "onnxf.dll"), command, file, .. target];
        var (code, output) = container.Run("dotnet", arguments);
        Assert.AreEqual(1, code, output);
        StringAssert.StartsWith(output, "There is not enough memory");
        StringAssert.Contains(output, "64", "the bytes of the file, or of its only large weight");
        CollectionAssert.AreEqual(new[] { file }, Directory.GetFiles(folder.Path));
    }
}
