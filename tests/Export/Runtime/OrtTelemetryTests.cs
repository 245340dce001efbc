using System.Diagnostics;
using System.Text.Json.Nodes;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Export.Runtime;

[TestClass]
public sealed class OrtTelemetryTests
{
    [TestMethod]
    public void A_session_writes_nothing_outside_and_the_switch_turns_telemetry_on()
    {
        if (!OperatingSystem.IsLinux()) Assert.Inconclusive("ONNX Runtime's telemetry writes files on Linux only.");
        Assert.IsEmpty(FilesWritten(telemetry: false));
        Assert.Contains(
            file => file.EndsWith("deviceid", StringComparison.Ordinal),
            FilesWritten(telemetry: true),
            "a version of ONNX Runtime without these files needs another way to see its telemetry");
    }

    private static string[] FilesWritten(bool telemetry)
    {
        using var folder = new TemporaryFolder();
        var inputs = Model.Input([3]);
        new Model(inputs, inputs.Apply(new Dense(2))).ExportOnnx(folder.File("model.onnx"));
        var home = Directory.CreateDirectory(folder.File("home")).FullName;

        var configuration = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "onnxf.runtimeconfig.json")))!;
        var options = configuration["runtimeOptions"]!;
        options["configProperties"] ??= new JsonObject();
        options["configProperties"]![OrtTelemetry.Switch] = telemetry;
        File.WriteAllText(folder.File("runtimeconfig.json"), configuration.ToJsonString());

        var program = Path.Combine(AppContext.BaseDirectory, "onnxf.dll");
        var start = new ProcessStartInfo(
            "dotnet",
            ["exec", "--runtimeconfig", folder.File("runtimeconfig.json"), program, "verify", folder.File("model.onnx")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // ONNX Runtime turns telemetry off by itself where a variable of a CI service is set, so the program sees none but those that .NET needs.
        var needed = start.Environment.Keys.Where(name => name is "PATH" or "LD_LIBRARY_PATH" || name.StartsWith("DOTNET_", StringComparison.Ordinal));
        foreach (var name in start.Environment.Keys.Except(needed).ToArray()) start.Environment.Remove(name);
        start.Environment["HOME"] = start.Environment["XDG_CACHE_HOME"] = home;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, output.Result + error.Result);
        return Directory.GetFiles(home, "*", SearchOption.AllDirectories);
    }
}
