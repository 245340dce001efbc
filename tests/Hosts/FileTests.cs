using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Documentation;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Hosts;

/// <summary>Files of float32, float16 and int8 give the same in every host.</summary>
[TestClass]
[DoNotParallelize]
public sealed class FileTests
{
    private const int Pixels = 64;
    private const int Samples = 3;

    // Hosts have other versions of ONNX Runtime, and other sums; a wrong type or layout is far beyond.
    private static readonly Dictionary<string, float> s_tolerances = new()
    {
        ["float32.onnx"] = 1e-5f,
        ["float16.onnx"] = 2e-3f,
        ["float16-weights.onnx"] = 1e-5f,
        ["bfloat16-weights.onnx"] = 1e-5f,
        ["int8.onnx"] = 0.02f,
    };

    [TestMethod]
    public void Node_gives_what_CSharp_gives()
    {
        NodeProgram.Need("onnxruntime-node");
        using var folder = new TemporaryFolder();
        Compare(Written(folder), Run(folder, Path.Combine("node", "files.mjs")));
    }

    [TestMethod]
    public void A_page_gives_what_CSharp_gives()
    {
        NodeProgram.Need("onnxruntime-web", "playwright-core");
        NodeProgram.NeedBrowser();
        using var folder = new TemporaryFolder();
        Compare(Written(folder), Run(folder, Path.Combine("web", "check-files.mjs")));
    }

    /// <summary>ML.NET 5 refuses a file that stores numbers of 16 bits; when it no longer does, docs/deployment.md has to say so.</summary>
    [TestMethod]
    public void A_pipeline_of_MLNet_gives_what_CSharp_gives_and_refuses_16_bits()
    {
        using var folder = new TemporaryFolder();
        var expected = Written(folder);
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable(Enumerable.Range(0, Samples).Select(i => new Digit { Pixels = Batch()[(i * Pixels)..((i + 1) * Pixels)] }));
        var known = expected.Where(entry => !entry.Key.Contains("float16", StringComparison.Ordinal)).ToDictionary();
        Compare(known, known.Keys.ToDictionary(file => file, Predict));
        foreach (var file in expected.Keys.Except(known.Keys))
            Assert.Contains("Unsupported ONNX scalar type", Assert.ThrowsExactly<InvalidOperationException>(() => Predict(file)).Message, file);

        float[] Predict(string file)
        {
            var pipeline = context.Transforms.ApplyOnnxModel(outputColumnNames: ["scores"], inputColumnNames: ["pixels"], modelFile: folder.File(file));
            return [.. context.Data.CreateEnumerable<Scored>(pipeline.Fit(data).Transform(data), reuseRowObject: false).SelectMany(row => row.Scores)];
        }
    }

    [TestMethod]
    public void A_service_of_ASPNET_gives_what_CSharp_gives()
    {
        if (ExamplePrograms.WebFolder is null)
            Assert.Inconclusive("ASP.NET is not installed; install the ASP.NET Core runtime of this version of .NET to run this test.");
        using var folder = new TemporaryFolder();
        var expected = Written(folder);
        const string Program = """
            using OnnxFunctional.Export;

            var builder = WebApplication.CreateBuilder();
            foreach (var file in args[1..]) builder.Services.AddOnnxModel(Path.Combine(args[0], file), serviceKey: file);
            await using var app = builder.Build();
            app.Urls.Add("http://127.0.0.1:0");
            app.MapPost("/{file}", (string file, float[][] rows, IServiceProvider services) =>
                services.GetRequiredKeyedService<OnnxModel>(file).Predict(rows).ToArray());
            await app.StartAsync();
            using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
            using var batch = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(args[0], "files.json")));
            var rows = batch.RootElement.GetProperty("values").EnumerateArray().Select(value => value.GetSingle()).Chunk(64).ToArray();
            foreach (var file in args[1..])
                Console.WriteLine("result " + await (await client.PostAsJsonAsync("/" + file, rows)).EnsureSuccessStatusCode().Content.ReadAsStringAsync());
            await app.StopAsync();
            """;
        var written = ExamplePrograms.Run("service", Program, [folder.Path, .. expected.Keys], isWeb: true);
        var results = written.Split('\n').Where(line => line.StartsWith("result ", StringComparison.Ordinal)).Select(line => line["result ".Length..]);
        Compare(expected, expected.Keys.Zip(results).ToDictionary(entry => entry.First, entry => JsonSerializer.Deserialize<float[]>(entry.Second)!));
    }

    /// <summary>Writes the files and the batch; returns what ONNX Runtime in this process gives for each.</summary>
    private static Dictionary<string, float[]> Written(TemporaryFolder folder)
    {
        var input = Model.Input([Pixels], name: "pixels");
        var model = new Model(input, input.Apply(
            new Reshape([8, 8, 1]), new Conv2D(8, 3, activation: Activation.Relu), new BatchNormalization(), new MaxPooling2D(), new Flatten(),
            new Dense(16, Activation.Gelu), new Dense(10, Activation.Softmax, name: "scores")));
        var x = NDArray.Create(Batch(), [Samples, Pixels]);
        model.ExportOnnx(folder.File("float32.onnx"));
        model.ToHalf(x).ExportOnnx(folder.File("float16.onnx"));
        model.ToHalf(x, new() { Kind = HalfKind.WeightOnlyFloat16 }).ExportOnnx(folder.File("float16-weights.onnx"));
        model.ToHalf(x, new() { Kind = HalfKind.WeightOnlyBFloat16 }).ExportOnnx(folder.File("bfloat16-weights.onnx"));
        model.Quantize(x).ExportOnnx(folder.File("int8.onnx"));
        File.WriteAllText(folder.File("files.json"), JsonSerializer.Serialize(
            new { input = "pixels", shape = (int[])[Samples, Pixels], values = Batch(), files = s_tolerances.Keys }));
        return s_tolerances.Keys.ToDictionary(file => file, file =>
        {
            using var onnx = OnnxModel.Load(folder.File(file));
            return onnx.Predict(x).ToArray();
        });
    }

    private static float[] Batch()
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, Samples * Pixels).Select(_ => random.NextSingle())];
    }

    private static Dictionary<string, float[]> Run(TemporaryFolder folder, string program)
    {
        var (status, output, errors) = NodeProgram.Run([Path.Combine(NodeProgram.Hosts, program), folder.Path])!.Value;
        Assert.AreEqual(0, status, output + errors);
        return JsonSerializer.Deserialize<Dictionary<string, float[]>>(output) ?? [];
    }

    private static void Compare(Dictionary<string, float[]> expected, Dictionary<string, float[]> actual)
    {
        CollectionAssert.AreEquivalent(expected.Keys, actual.Keys);
        foreach (var (file, values) in expected)
        {
            Assert.HasCount(Samples * 10, actual[file]);
            var difference = values.Zip(actual[file], (a, b) => MathF.Abs(a - b)).Max();
            Console.WriteLine($"{file}: {difference}");
            Assert.IsLessThanOrEqualTo(s_tolerances[file], difference, file);
        }
    }

    private sealed class Digit
    {
        [ColumnName("pixels"), VectorType(1, FileTests.Pixels)]
        public float[] Pixels { get; set; } = [];
    }

    private sealed class Scored
    {
        [ColumnName("scores")]
        public float[] Scores { get; set; } = [];
    }
}
