using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OnnxFunctional.Tests.Publishing;

/// <summary>The packages that <c>dotnet pack</c> makes, and programs that know nothing but them.</summary>
[TestClass]
public sealed partial class PackageTests
{
    // No other test and no user has this version, so it is in no cache.
    private const string Version = "0.1.0-packed";

    private static readonly string[] s_packages =
    [
        "OnnxFunctional", "OnnxFunctional.Builder", "OnnxFunctional.Export", "OnnxFunctional.MLNet", "OnnxFunctional.Training",
        "OnnxFunctional.Visualization", "onnxf",
    ];

    private static TemporaryFolder? s_folder;

    [ClassInitialize]
    public static void Pack(TestContext context)
    {
        s_folder = new TemporaryFolder();
        var configuration = Regex.Match(AppContext.BaseDirectory, @"[/\\]bin[/\\](\w+)[/\\]").Groups[1].Value;
        foreach (var project in Projects())
        {
            string[] options = ["-c", configuration, "--no-build", "-o", s_folder.File("feed"), $"-p:PackageVersion={Version}", "--nologo"];
            var (code, output) = Subprocess.Run("dotnet", ["pack", Repository.PathOf(project), .. options], s_folder.Path);
            Assert.AreEqual(0, code, output);
        }

        // Everything else is in the folder of the packages that the tests were built with.
        var global = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(s_folder.File("nuget.config"), $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{s_folder.File("feed")}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="global" value="{global}" /></fallbackPackageFolders>
            </configuration>
            """);
    }

    [ClassCleanup]
    public static void Delete() => s_folder?.Dispose();

    [TestMethod]
    public void Only_what_is_for_users_is_packed()
    {
        var files = Directory.GetFiles(s_folder!.File("feed")).Select(Path.GetFileName).ToHashSet();
        string[] expected =
        [
            .. s_packages.Select(name => $"{name}.{Version}.nupkg"),
            .. s_packages.Where(name => name != "OnnxFunctional").Select(name => $"{name}.{Version}.snupkg"),
        ];
        Assert.IsEmpty(files.Except(expected), "unexpected");
        Assert.IsEmpty(expected.Except(files!), "missing");
        string[] unpacked = ["tests/OnnxFunctional.Tests.csproj", "tools/Benchmarks/Benchmarks.csproj", "tools/CudaCheck/CudaCheck.csproj"];
        Assert.IsEmpty(unpacked.Except(Repository.Files("*.csproj", "src", "tests", "tools").Except(Projects())));
    }

    [TestMethod]
    public void Each_package_says_what_it_is_and_carries_its_license()
    {
        foreach (var name in s_packages)
        {
            using var package = ZipFile.OpenRead(Path.Combine(s_folder!.File("feed"), $"{name}.{Version}.nupkg"));
            var metadata = XDocument.Parse(Text(name + ".nuspec")).Root!.Elements().First();
            string Value(string element) => metadata.Elements().Single(found => found.Name.LocalName == element).Value;
            Assert.AreEqual((name, "MIT", "README.md", "icon.png"), (Value("id"), Value("license"), Value("readme"), Value("icon")));
            Assert.IsGreaterThan(40, Value("description").Length, name);
            Assert.StartsWith("MIT License", Text("LICENSE").TrimStart());
            Assert.AreEqual(File.ReadAllText(Repository.PathOf("NOTICE")), Text("NOTICE"));
            Assert.IsNotNull(package.GetEntry("icon.png"));
            foreach (Match link in Link().Matches(Text("README.md"))) Assert.StartsWith("https://", link.Groups[1].Value, $"{name}: a relative link");
            var ours = metadata.Descendants().Where(found => found.Name.LocalName == "dependency")
                .Where(found => found.Attribute("id")!.Value.StartsWith("OnnxFunctional", StringComparison.Ordinal));
            Assert.IsEmpty(ours.Where(found => found.Attribute("version")!.Value != Version), name);
            if (name.StartsWith("OnnxFunctional.", StringComparison.Ordinal)) Assert.IsNotNull(package.GetEntry($"lib/net10.0/{name}.dll"), name);

            string Text(string entry)
            {
                using var reader = new StreamReader(package.GetEntry(entry)!.Open());
                return reader.ReadToEnd();
            }
        }
    }

    /// <summary>All a program needs is one package, of whose natives it gets those of its own machine.</summary>
    [TestMethod]
    public void A_console_program_references_one_package()
    {
        var folder = Program("console", "Microsoft.NET.Sdk", "OnnxFunctional", ReadmeProgram("src/Package/README.md"));
        var output = Built(folder);
        var (code, said) = Subprocess.Run("dotnet", [Path.Combine(output, "console.dll")], folder);
        Assert.AreEqual(0, code, said);
        Assert.IsTrue(File.Exists(Path.Combine(folder, "xor.onnx")), said);
        string[] natives = [.. Directory.GetDirectories(Path.Combine(output, "runtimes")).Select(path => Path.GetFileName(path)!)];
        if (natives.Contains(System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier)) Assert.HasCount(1, natives);
    }

    /// <summary>A published program may be meant for another machine.</summary>
    [TestMethod]
    public void A_program_published_for_any_machine_has_the_natives_of_all_that_run_it()
    {
        var folder = Program("portable", "Microsoft.NET.Sdk", "OnnxFunctional", "Console.WriteLine(1);");
        Dotnet(folder, "publish", "-c", "Release", "-o", "out", "--nologo");
        string[] natives = [.. Directory.GetDirectories(Path.Combine(folder, "out", "runtimes")).Select(path => Path.GetFileName(path)!)];
        Assert.IsEmpty(natives.Except(["linux-arm64", "linux-x64", "osx-arm64", "win-arm64", "win-x64"]), "not for programs of .NET alone");
        Assert.HasCount(5, natives);
    }

    [TestMethod]
    public void A_web_service_references_one_package()
    {
        var folder = Program("web", "Microsoft.NET.Sdk.Web", "OnnxFunctional", """
            using OnnxFunctional;
            using OnnxFunctional.Export;
            using OnnxFunctional.Layers;

            var inputs = Model.Input([3]);
            new Model(inputs, new Dense(2, Activation.Softmax).Call(inputs)).ExportOnnx("model.onnx");

            var builder = WebApplication.CreateBuilder(args);
            builder.Services.AddOnnxModel("model.onnx");
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            await using var app = builder.Build();
            app.MapPost("/predict", (float[] row, OnnxModel onnx) => onnx.Predict(new[] { row }).ToArray());
            await app.StartAsync();
            using var client = new HttpClient();
            var answer = await client.PostAsJsonAsync(app.Urls.First() + "/predict", new float[] { 1, 2, 3 });
            var shares = (await answer.Content.ReadFromJsonAsync<float[]>())!;
            Console.WriteLine($"sum {shares.Sum():0.000}");
            """);
        var (code, said) = Subprocess.Run("dotnet", [Path.Combine(Built(folder), "web.dll")], folder);
        Assert.AreEqual(0, code, said);
        Assert.Contains("sum 1.000", said);
    }

    [TestMethod]
    public void The_command_line_is_a_tool()
    {
        var tools = s_folder!.File("tools");
        Dotnet(s_folder.Path, "tool", "install", "onnxf", "--tool-path", tools, "--version", Version, "--configfile", s_folder.File("nuget.config"));
        var program = Path.Combine(tools, OperatingSystem.IsWindows() ? "onnxf.exe" : "onnxf");
        var (code, said) = Subprocess.Run(program, ["quickstart", "--epochs", "1"], s_folder.Path);
        Assert.AreEqual(0, code, said);
        Assert.IsTrue(File.Exists(s_folder.File("digits.onnx")), said);
        Assert.AreEqual(0, Subprocess.Run(program, ["verify", "digits.onnx"], s_folder.Path).Code);

        // The project it makes builds and runs.
        (code, said) = Subprocess.Run(program, ["new", "Starter", "--source", s_folder.File("feed")], s_folder.Path);
        Assert.AreEqual(0, code, said);
        var starter = s_folder.File("Starter");
        File.Copy(s_folder.File("nuget.config"), Path.Combine(starter, "nuget.config"), overwrite: true);
        Dotnet(starter, "build", "-c", "Release", "-o", "out", "--nologo", $"-p:RestorePackagesPath={s_folder.File("packages")}");
        (code, said) = Subprocess.Run("dotnet", [Path.Combine(starter, "out", "Starter.dll")], starter);
        Assert.AreEqual(0, code, said);
        Assert.Contains("ONNX Runtime and the engine agree on", said);
    }

    private static IEnumerable<string> Projects() =>
        [.. Repository.Files("*.csproj", "src"), "tools/Visualization/OnnxFunctional.Visualization.csproj", "tools/Cli/Cli.csproj"];

    private static string Program(string name, string sdk, string package, string text)
    {
        var folder = Directory.CreateDirectory(s_folder!.File(name)).FullName;
        File.WriteAllText(Path.Combine(folder, "Program.cs"), text);
        File.WriteAllText(Path.Combine(folder, name + ".csproj"), $"""
            <Project Sdk="{sdk}">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <UseAppHost>false</UseAppHost>
                <RestorePackagesPath>{s_folder.File("packages")}</RestorePackagesPath>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="{package}" Version="{Version}" /></ItemGroup>
            </Project>
            """);
        return folder;
    }

    private static string Built(string folder)
    {
        Dotnet(folder, "build", "-c", "Release", "-o", "out", "--nologo");
        return Path.Combine(folder, "out");
    }

    private static void Dotnet(string folder, params string[] arguments)
    {
        var (code, output) = Subprocess.Run("dotnet", arguments, folder);
        Assert.AreEqual(0, code, output);
    }

    private static string ReadmeProgram(string path) => Code().Match(Repository.Read(path)).Groups[1].Value;

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();
}
