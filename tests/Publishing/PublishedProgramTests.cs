using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Publishing;

/// <summary>A program that builds, trains, writes and reads models works as well when it is published trimmed or as native code.</summary>
[TestClass]
public sealed partial class PublishedProgramTests
{
    private const string Program = """
        using OnnxFunctional;
        using OnnxFunctional.Export;
        using OnnxFunctional.Layers;
        using OnnxFunctional.Training;
        using OnnxFunctional.Training.Data;

        var input = Model.Input([6, 6, 1]);
        var output = input.Apply(
            new Conv2D(4, 3), new Relu(), new MaxPooling2D(2), new BatchNormalization(), new Flatten(), new Dense(3, Activation.Softmax));
        var model = Model.FromJson(new Model(input, output).ToJson(indented: true));
        var x = NDArray.Create(Enumerable.Range(0, 8 * 36).Select(i => (i % 7) / 7f).ToArray(), [8, 6, 6, 1]);
        int[] y = [0, 1, 2, 0, 1, 2, 0, 1];
        var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
        trainer.Fit(x, y, epochs: 2, verbose: 2);
        model.Summary();
        var expected = model.Predict(x).ToArray();

        Console.WriteLine(model.ExportOnnx("model.onnx"));
        Same("a model from an ONNX file", Model.Load("model.onnx"));
        using (var onnx = OnnxModel.Load("model.onnx"))
            Console.WriteLine(onnx.Predict(x.ToTensor()).Lengths[1] == 3 ? "ONNX Runtime ran" : throw new Exception("ONNX Runtime"));
        trainer.Save("run.onnx");
        Same("a resumed training", Trainer.Load("run.onnx").Model);
        trainer.ExportTraining("step");
        try
        {
            model.Save("model.keras");
            Same("a model from a .keras file", Model.Load("model.keras"));
        }
        catch (ModelException refusal) when (args is ["native"] && refusal.Message.Contains("native AOT"))
        {
            Console.WriteLine("no .keras file");
        }

        if (args is ["native"]) Same("a model from a .keras file of another program", Model.Load("../trimmed.keras"), compared: false);
        File.WriteAllText("table.csv", "a,b,y\n0.5,red,1\n1.5,blue,0\n");
        var rows = CsvRows.Open("table.csv", new CsvOptions { Targets = ["y"], Columns = { ["b"] = TableColumn.OneHot() } });
        var isRead = CsvTable.Read("table.csv").GetFloats("a")[1, 0] == 1.5f && rows.Batches.Single().X[0][0, 2] == 1;
        Console.WriteLine(isRead ? "a table" : throw new Exception("table"));
        Console.WriteLine("done");

        void Same(string what, Model other, bool compared = true)
        {
            var same = other.Predict(x).ToArray().AsSpan().SequenceEqual(expected);
            Console.WriteLine(same || !compared ? what : throw new Exception(what));
        }
        """;

    [TestMethod]
    public void A_serializer_without_reflection_writes_and_reads_all_layers()
    {
        var dotnet = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
        var (code, output) = Subprocess.Run(dotnet, [typeof(NoReflectionWorker).Assembly.Location, NoReflectionWorker.Command], Path.GetTempPath());
        Assert.AreEqual(0, code, output);
        StringAssert.Matches(output, ManyModels());
    }

    [TestMethod]
    public void It_works_trimmed()
    {
        using var folder = new TemporaryFolder();
        RunPublished(folder, "trimmed", "<PublishTrimmed>true</PublishTrimmed><SelfContained>true</SelfContained>");
    }

    /// <summary>Takes a minute of two cores, so it is run when asked for.</summary>
    [TestMethod]
    public void It_works_as_native_code()
    {
        if (Environment.GetEnvironmentVariable("ONNXF_NATIVE") != "1") Assert.Inconclusive("Takes a minute: run tools/published.sh.");
        var compiler = OperatingSystem.IsWindows() ? "" : Array.Find(["clang", "gcc"], IsInstalled);
        if (compiler is null) Assert.Inconclusive("Needs a linker for native code: install clang (or gcc).");
        using var folder = new TemporaryFolder();
        var model = new Sequential([Model.Input([6, 6, 1]), new OnnxFunctional.Layers.Flatten(), new OnnxFunctional.Layers.Dense(3)]);
        OnnxFunctional.Export.KerasFile.Save(model, folder.File("trimmed.keras"));
        var linker = compiler == "gcc" ? "<CppCompilerAndLinker>gcc</CppCompilerAndLinker>" : "";
        RunPublished(folder, "native", "<PublishAot>true</PublishAot>" + linker);
    }

    private static void RunPublished(TemporaryFolder folder, string kind, string properties)
    {
        var project = Directory.CreateDirectory(folder.File(kind)).FullName;
        File.WriteAllText(Path.Combine(project, "program.cs"), Program);
        string[] packages = ["Google.Protobuf", "Microsoft.ML.OnnxRuntime", "PureHDF", "Sep", "System.Numerics.Tensors"];
        File.WriteAllText(Path.Combine(project, kind + ".csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <RuntimeIdentifier>{RuntimeInformation.RuntimeIdentifier}</RuntimeIdentifier>
                <InvariantGlobalization>true</InvariantGlobalization>
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                {properties}
              </PropertyGroup>
              <ItemGroup>
                <Reference Include="{AppContext.BaseDirectory}OnnxFunctional.Builder.dll;{AppContext.BaseDirectory}OnnxFunctional.Training.dll" />
                <Reference Include="{AppContext.BaseDirectory}OnnxFunctional.Export.dll" />
                {string.Concat(packages.Select(name => $"<PackageReference Include=\"{name}\" Version=\"{VersionOf(name)}\" />"))}
              </ItemGroup>
            </Project>
            """);
        var (code, output) = Subprocess.Run("dotnet", ["publish", "-c", "Release", "-o", "out", "--nologo"], project);
        if (code != 0 && MissingPackage().IsMatch(output)) Assert.Inconclusive("Needs packages of .NET's publishing from nuget.org: " + output);
        Assert.AreEqual(0, code, output);
        Assert.IsEmpty(OwnWarning().Matches(output).Select(match => match.Value));
        var (ended, said) = Subprocess.Run(Path.Combine(project, "out", OperatingSystem.IsWindows() ? kind + ".exe" : kind), [kind], project);
        Console.WriteLine(said);
        Assert.AreEqual(0, ended, said);
        StringAssert.EndsWith(said.TrimEnd(), "done");
    }

    private static string VersionOf(string package) =>
        Regex.Match(Repository.Read("Directory.Packages.props"), $"Include=\"{Regex.Escape(package)}\" Version=\"([^\"]+)\"").Groups[1].Value;

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    [GeneratedRegex("^[1-9][0-9]{2,} models")]
    private static partial Regex ManyModels();

    [GeneratedRegex("error NU1(101|102|301|801)")]
    private static partial Regex MissingPackage();

    /// <summary>A warning of the trimmer or the native compiler about our code.</summary>
    [GeneratedRegex(@"^.*warning IL\d+: OnnxFunctional\..*$", RegexOptions.Multiline)]
    private static partial Regex OwnWarning();
}
