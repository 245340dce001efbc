using System.Diagnostics;
using System.Globalization;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Export;

/// <summary>The memory of an export, in a process of its own, which runs <see cref="Inside_its_own_process"/>.</summary>
[TestClass]
public sealed class ExportMemoryTests
{
    private const string Variable = "ONNXF_EXPORT_MEMORY";

    public TestContext TestContext { get; set; } = null!;

    // Activations, the graph, buffers of the file.
    private const long Rest = 64 << 20;

    // What comparing layers may take in the model of images.
    private const long Comparing = 256 << 20;

    [TestMethod]
    [DataRow("images", false)]
    [DataRow("dense", false)]
    [DataRow("dense", true)]
    [DataRow("convolutions", false)]
    [OSCondition(OperatingSystems.Linux)]
    [Timeout(600_000)]
    public void A_verified_export_takes_at_most_three_times_the_file_and_what_comparing_may_take(string kind, bool external)
    {
        Run(kind, external);
    }

    /// <summary>It takes minutes, 6 GB of memory and 3 GB of disk: tools/large-export.sh.</summary>
    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_model_of_two_and_a_half_gigabytes_is_verified_within_six()
    {
        if (Environment.GetEnvironmentVariable("ONNXF_LARGE_EXPORT") is not { Length: > 0 }) Assert.Inconclusive("tools/large-export.sh runs it.");
        TestContext.WriteLine(Run("huge", external: true));
    }

    /// <summary>Exports a model and compares the peak of this process with the file.</summary>
    [TestMethod]
    public void Inside_its_own_process()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(' ', 3) is not [var kind, var external, var path])
        {
            Assert.Inconclusive("It is run by the test above, in a process of its own.");
            return;
        }

        var before = Peak();
        if (kind == "images")
        {
            // All layers of seven samples take 300 MB, and existed eight times.
            Assert.IsTrue(Images().ExportOnnx(path, new ExportOptions { VerificationMemory = Comparing }).Passed);

            // Beside other work on the machine, garbage is collected later.
            Assert.IsLessThanOrEqualTo(Comparing + (2 * Rest), Peak() - before);
            return;
        }

        if (kind == "huge")
        {
            var huge = Huge().ExportOnnx(path, new ExportOptions { BatchSizes = [1, 2] });
            Assert.IsTrue(huge.Passed);
            Assert.IsNotNull(huge.ExternalDataPath);
            Assert.IsGreaterThan(2_500_000_000, huge.FileBytes);
            TestContext.WriteLine($"{huge.FileBytes / 1e9:F2} GB of files, {Peak() / 1e9:F2} GB of memory at most.");
            Assert.IsLessThanOrEqualTo(6_000_000_000, Peak());
            return;
        }

        var options = new ExportOptions { ExternalData = bool.Parse(external), BatchSizes = [1, 2] };
        var report = (kind == "dense" ? Dense() : Convolutions()).ExportOnnx(path, options);
        Assert.IsTrue(report.Passed);
        Assert.IsGreaterThan(150_000_000, report.FileBytes);
        var taken = Peak() - before;
        Assert.IsLessThanOrEqualTo((3 * report.FileBytes) + Rest, taken, $"{taken / 1e6:F0} MB for a file of {report.FileBytes / 1e6:F0} MB");
    }

    /// <summary>Runs an export in a process of its own, and returns what that wrote.</summary>
    private static string Run(string kind, bool external)
    {
        using var folder = new TemporaryFolder();
        var tests = typeof(ExportMemoryTests).Assembly.Location;
        var filter = $"--TestCaseFilter:FullyQualifiedName={typeof(ExportMemoryTests).FullName}.{nameof(Inside_its_own_process)}";
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["vstest", tests, filter, "--logger:console;verbosity=detailed"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
            Environment = { [Variable] = $"{kind} {external} {folder.File("large.onnx")}" },
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, output.Result + error.Result);
        Assert.IsTrue(File.Exists(folder.File("large.onnx")), output.Result + error.Result);
        return output.Result;
    }

    private static Model Dense()
    {
        var x = Model.Input([1024]);
        return new Model(x, x.Apply([.. Enumerable.Range(0, 40).Select(_ => new Dense(1024, Activation.Relu)), new Dense(3)]));
    }

    private static Model Huge()
    {
        var x = Model.Input([8192]);
        return new Model(x, x.Apply([.. Enumerable.Range(0, 10).Select(_ => new Dense(8192, Activation.Relu)), new Dense(3)]));
    }

    private static Model Images()
    {
        var x = Model.Input([144, 144, 3]);
        Layer[] layers = [.. Enumerable.Range(0, 8).SelectMany(_ => (Layer[])[new Conv2D(32, 3, padding: Padding.Same), new Relu()])];
        return new Model(x, x.Apply([.. layers, new GlobalAveragePooling2D()]));
    }

    private static Model Convolutions()
    {
        var x = Model.Input([6, 6, 512]);
        Layer[] layers = [.. Enumerable.Range(0, 17).Select(_ => new Conv2D(
            512,
            3,
            padding: Padding.Same,
            activation: Activation.Relu)), new GlobalAveragePooling2D()];
        return new Model(x, x.Apply(layers));
    }

    private static long Peak()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
