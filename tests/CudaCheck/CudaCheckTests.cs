using System.Text.RegularExpressions;
using System.Xml.Linq;
using OnnxFunctional.Tests.Publishing;

namespace OnnxFunctional.Tests.CudaCheck;

/// <summary>The program of tools/cuda-check.sh, as far as a machine without a card goes.</summary>
[TestClass]
public sealed partial class CudaCheckTests
{
    [TestMethod]
    public void It_compares_and_times_on_the_processor_what_it_would_on_a_card()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in new[] { "models/mlp.keras", "models/mlp.npz", "layers/dense.json" }) Copy(file, folder);
        var (code, output) = Run("--provider", "cpu", "--parity", folder.Path, "--steps", "2", "--cases", "mlp", "--batches", "3", "--rounds", "1");
        Assert.AreEqual(0, code, output);
        Assert.Contains("Keras' models: 2 compared", output);
        Assert.HasCount(6, Step().Matches(output), output);
        Assert.MatchesRegex(@"\| mlp \| 3 \|( [\d.E+-]+ \|){3}", output);
        Assert.Contains("all checks passed", output);
    }

    [TestMethod]
    public void It_fails_when_outputs_are_not_those_of_Keras()
    {
        using var folder = new TemporaryFolder();
        Copy("layers/dense.json", folder);
        var path = folder.File("layers/dense.json");
        var text = File.ReadAllText(path);
        var at = text.IndexOf("\"outputs\"", StringComparison.Ordinal);
        File.WriteAllText(path, text[..at] + FirstNumber().Replace(text[at..], "\"data\": [7.5", 1));
        var (code, output) = Run("--provider", "cpu", "--parity", folder.Path, "--steps", "0", "--rounds", "0");
        Assert.AreEqual(1, code, output);
        Assert.Contains("failed: layers/dense.json: its outputs differ from Keras'", output);
    }

    [TestMethod]
    public void Without_a_card_it_says_so_and_succeeds()
    {
        if (File.Exists("/dev/nvidia0")) Assert.Inconclusive("This machine has a card: run tools/cuda-check.sh.");
        var (code, output) = Run();
        Assert.AreEqual(0, code, output);
        Assert.StartsWith("skipped: ", output);
    }

    /// <summary>ONNX Runtime's packages have one managed part, so natives of another minor version would miss functions or have too many.</summary>
    [TestMethod]
    public void Every_choice_of_ONNX_Runtime_is_pinned_to_the_same_minor_version()
    {
        var pinned = XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value.Split('.')[..2]);
        var managed = pinned["Microsoft.ML.OnnxRuntime.Managed"];
        string[] chosen =
        [
            .. new[] { "README.md", "Directory.Build.props", "src/Export/README.md", "src/Package/README.md", "tools/cuda-check.sh" }
                .SelectMany(file => Choice().Matches(Repository.Read(file))).Select(match => match.Value).Distinct(),
        ];
        Assert.IsGreaterThanOrEqualTo(3, chosen.Length, string.Join(", ", chosen));
        foreach (var package in chosen)
        {
            Assert.IsTrue(pinned.TryGetValue(package, out var version), $"{package} is not in Directory.Packages.props");
            CollectionAssert.AreEqual(managed, version, package);
        }
    }

    /// <summary>The package takes 245 MB, so it is not loaded for this test: tools/cuda-check.sh does so.</summary>
    [TestMethod]
    public void The_package_of_CUDA_restores_where_it_was_restored_once()
    {
        const string Package = "Microsoft.ML.OnnxRuntime.Gpu.Linux";
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var wanted = Path.Combine(packages, Package.ToLowerInvariant());
        if (!Directory.Exists(wanted) && Environment.GetEnvironmentVariable("ONNXF_CUDA") is null)
            Assert.Inconclusive($"{wanted} is not here. Run tools/cuda-check.sh once, or set ONNXF_CUDA to load it.");
        using var folder = new TemporaryFolder();
        foreach (var file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" })
            File.Copy(Repository.PathOf(file), folder.File(file));
        File.WriteAllText(folder.File("card.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><UsesOnnxRuntime>true</UsesOnnxRuntime><NuGetAudit>false</NuGetAudit></PropertyGroup></Project>
            """);
        var (code, output) = Subprocess.Run("dotnet", ["restore", "card.csproj", $"-p:OnnxRuntimePackage={Package}"], folder.Path);
        Assert.AreEqual(0, code, output);
        Assert.Contains($"\"{Package}/", File.ReadAllText(folder.File("obj/project.assets.json")));
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        var configuration = Regex.Match(AppContext.BaseDirectory, @"[/\\]bin[/\\](\w+)[/\\]").Groups[1].Value;
        var program = Repository.PathOf("tools", "CudaCheck", "bin", configuration, "net10.0", "cuda-check.dll");
        return Subprocess.Run("dotnet", [program, .. arguments], Repository.Root);
    }

    private static void Copy(string file, TemporaryFolder folder)
    {
        var target = folder.File(file);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(Repository.PathOf("tests", "Reference", "keras-parity", file), target);
    }

    [GeneratedRegex(@"\| \d\.\de[+-]\d\d \| \d\.\de[+-]\d\d")]
    private static partial Regex Step();

    [GeneratedRegex("\"data\": ?\\[[^,\\]]+")]
    private static partial Regex FirstNumber();

    [GeneratedRegex(@"Microsoft\.ML\.OnnxRuntime(\.Gpu(\.Linux)?)?(?![\w.]*[A-Za-z])")]
    private static partial Regex Choice();
}
