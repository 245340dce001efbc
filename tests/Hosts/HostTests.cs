using System.Globalization;
using System.Numerics.Tensors;
using System.Text.RegularExpressions;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Documentation;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Hosts;

/// <summary>An exported step is trained in ONNX Runtime outside .NET; the result equals that of the C# host and becomes a model again.</summary>
[TestClass]
[DoNotParallelize]
public sealed class HostTests
{
    private static string Hosts => NodeProgram.Hosts;

    [TestMethod]
    [TestCategory(DataFolder.Category)]
    public void Node_learns_what_the_CSharp_host_learns() => Check(["onnxruntime-node"], Path.Combine("node", "train.mjs"), needsBrowser: false);

    [TestMethod]
    [TestCategory(DataFolder.Category)]
    public void Page_learns_what_the_CSharp_host_learns()
    {
        var written = Check(["onnxruntime-web", "playwright-core"], Path.Combine("web", "check.mjs"), needsBrowser: true);
        Assert.Contains("a drawn seven: This is a 7.", written);
    }

    /// <summary>The two programs around a host, on generated digits: this needs nothing installed.</summary>
    [TestMethod]
    public void A_folder_is_exported_and_a_state_comes_back()
    {
        using var mnist = new TemporaryFolder();
        using var folder = new TemporaryFolder();
        foreach (var (part, count) in new[] { ("train", 5_000), ("t10k", 1_000) })
        {
            var random = new Random(count);
            var pixels = new byte[count * 28 * 28];
            random.NextBytes(pixels);
            File.WriteAllBytes(mnist.File(part + "-images-idx3-ubyte"), IdxBytes.Of([count, 28, 28], pixels));
            File.WriteAllBytes(
                mnist.File(part + "-labels-idx1-ubyte"),
                IdxBytes.Of([count], [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(10))]));
        }

        ExamplePrograms.Run("export.cs", ExamplePrograms.Source(Path.Combine(Hosts, "export.cs")), [mnist.Path, folder.Path]);
        var state = folder.File("first.npz");
        using (var trainer = OnnxTrainer.Load(folder.Path)) trainer.Save(state);
        var written = ExamplePrograms.Run("import.cs", ExamplePrograms.Source(Path.Combine(Hosts, "import.cs")), [folder.Path, state]);
        Assert.AreEqual(313, Number(written, @"^C# host: (\d+) steps"), written);
        Assert.Contains($"{state}: 0 steps", written);
        Assert.IsGreaterThan(
            1e-3,
            Number(written, @"^largest difference of all weights and optimizer values: (\S+)"),
            "a state without a step is not the trained one");
        Assert.Contains("ONNX Runtime and the engine agree on", written);
    }

    /// <summary>Hosts write states and read none; what they write has names and checksums that are compared.</summary>
    [TestMethod]
    public void No_bit_of_a_state_of_a_host_changes_a_number()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("state.npz");
        const string Program = """
            const { writeNpz } = await import(process.argv[1]);
            const { writeFileSync } = await import('node:fs');
            const kernel = { name: 'dense/kernel', shape: [2, 2], values: Float32Array.of(1, -2, 0.5, 3e-9) };
            writeFileSync(process.argv[2], writeNpz([kernel, { name: 'steps', shape: [], values: Float32Array.of(7) }]));
            """;
        var module = new Uri(Path.Combine(Hosts, "shared", "npz.mjs")).AbsoluteUri;
        if (NodeProgram.Run(["--input-type=module", "-e", Program, module, path]) is not { } run)
        {
            Assert.Inconclusive("Node.js is not installed; install version 20 or later to run this test.");
            return;
        }

        Assert.AreEqual(0, run.Status, run.Errors);
        Assert.AreEqual("dense/kernel: 1 -2 0.5 3E-09; steps: 7", Describe(File.ReadAllBytes(path)));
        Damage.EachBit(File.ReadAllBytes(path), Describe);

        string Describe(byte[] content)
        {
            File.WriteAllBytes(folder.File("changed.npz"), content);
            return string.Join("; ", Npz.ReadAll<float>(folder.File("changed.npz")).Select(array =>
                string.Create(CultureInfo.InvariantCulture, $"{array.Key}: {string.Join(' ', Elements(array.Value))}")));
        }

        static IEnumerable<string> Elements(Tensor<float> values) => values.Select(value => value.ToString(CultureInfo.InvariantCulture));
    }

    [TestMethod]
    public void A_state_in_a_second_file_is_refused_by_a_host()
    {
        using var folder = new TemporaryFolder();
        var x = Model.Input([40]);
        new Model(x, x.Apply(new Dense(50))).Compile(new Sgd(), Loss.MeanSquaredError)
            .ExportTraining(folder.Path, new TrainingExportOptions { Verify = false, MostInside = 1000 });
        const string Program = """
            const { OnnxTrainer } = await import(process.argv[1]);
            const { readFile } = await import('node:fs/promises');
            await OnnxTrainer.load({}, (name) => readFile(process.argv[2] + '/' + name));
            """;
        var module = new Uri(Path.Combine(Hosts, "shared", "onnx-trainer.mjs")).AbsoluteUri;
        if (NodeProgram.Run(["--input-type=module", "-e", Program, module, folder.Path]) is not { } run)
        {
            Assert.Inconclusive("Node.js is not installed; install version 20 or later to run this test.");
            return;
        }

        Assert.AreNotEqual(0, run.Status);
        Assert.Contains("The state lies in init.onnx.", run.Errors);
        Assert.Contains("Train with OnnxTrainer in .NET", run.Errors);
    }

    [TestMethod]
    [DataRow("onnxruntime-node")]
    [DataRow("onnxruntime-web")]
    public void A_program_of_the_page_on_deployment_runs_a_file(string package)
    {
        NodeProgram.Need(package);
        var program = PageBlock.Of("docs/deployment.md").Single(block => block.Language == "js" && block.Content.Contains(package, StringComparison.Ordinal));
        using var folder = new TemporaryFolder();
        var x = Model.Input([4], name: "measurements");
        var model = new Model(x, x.Apply(new Dense(3, Activation.Softmax, name: "species")));
        model.ExportOnnx(folder.File("iris.onnx"));
        File.WriteAllText(folder.File("program.mjs"), program.Content);
        Directory.CreateSymbolicLink(folder.File("node_modules"), Path.Combine(Hosts, "node_modules"));
        var (status, written, errors) = NodeProgram.Run([folder.File("program.mjs")], folder.Path)!.Value;
        Assert.AreEqual(0, status, errors);
        var first = model.Predict(new float[,] { { 5.1f, 3.5f, 1.4f, 0.2f } })[0, 0];
        Assert.AreEqual(first, Number(written, @"Float32Array\(3\) \[\s*([\d.]+)"), 1e-6, written);
    }

    private static string Check(string[] packages, string program, bool needsBrowser)
    {
        var mnist = DataFolder.PathOf("mnist");
        NodeProgram.Need(packages);
        if (needsBrowser) NodeProgram.NeedBrowser();

        using var folder = new TemporaryFolder();
        var state = folder.File("learned.npz");
        ExamplePrograms.Run("export.cs", ExamplePrograms.Source(Path.Combine(Hosts, "export.cs")), [mnist, folder.Path]);
        var (status, hostWrote, errors) = NodeProgram.Run([Path.Combine(Hosts, program), folder.Path, "--out", state])!.Value;
        Assert.AreEqual(0, status, hostWrote + errors);
        Assert.IsGreaterThanOrEqualTo(0.90, Number(hostWrote, @"^held out: accuracy (\S+)"), hostWrote);

        var written = ExamplePrograms.Run("import.cs", ExamplePrograms.Source(Path.Combine(Hosts, "import.cs")), [folder.Path, state]);
        Assert.IsGreaterThanOrEqualTo(0.90, Number(written, @"^C# host: .* accuracy (\S+)"), written);
        Assert.IsLessThanOrEqualTo(1e-3, Number(written, @"^largest difference of all weights and optimizer values: (\S+)"), written);
        Assert.Contains("ONNX Runtime and the engine agree on", written);
        Console.WriteLine(hostWrote + written);
        return hostWrote;
    }

    private static double Number(string text, string pattern)
    {
        var match = Regex.Match(text, pattern, RegexOptions.Multiline);
        Assert.IsTrue(match.Success, text);
        return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
