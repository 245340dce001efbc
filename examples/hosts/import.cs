#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// The folder that export.cs wrote, and the state that a host trained.
var folder = args.Length > 0 ? args[0] : "digits";
var state = args.Length > 1 ? args[1] : Path.Combine(folder, "node.npz");
const int BatchSize = 16; // BATCH_SIZE in shared/digits.mjs

var (x, y) = Read("train");
var (testX, testY) = Read("t10k");
using var host = OnnxTrainer.Load(folder);
host.Restore(state);

// The same steps in this host: one epoch, digits in the order of the file.
using var here = OnnxTrainer.Load(folder);
var clock = System.Diagnostics.Stopwatch.StartNew();
for (var start = 0; start < y.Count; start += BatchSize)
{
    int[] rows = [.. Enumerable.Range(start, Math.Min(BatchSize, y.Count - start))];
    here.TrainOnBatch(x.Take(rows), y.Take(rows));
}

var accuracy = here.Evaluate(testX, testY)["sparse_categorical_accuracy"];
Console.WriteLine($"C# host: {here.Iterations} steps in {clock.Elapsed.TotalSeconds:F1} s, held out: accuracy {accuracy:F4}");
Console.WriteLine($"{state}: {host.Iterations} steps, held out: accuracy {host.Evaluate(testX, testY)["sparse_categorical_accuracy"]:F4}");
var largest = here.StateNames.Max(name => here.GetState(name).Zip(host.GetState(name), (a, b) => MathF.Abs(a - b)).Max());
Console.WriteLine($"largest difference of all weights and optimizer values: {largest:0.0e+00}");

// The trained state becomes a model again: to predict, to train further, to export and verify.
var model = Model.Load(Path.Combine(folder, "model.onnx"));
Console.WriteLine(host.ToModel(model).ExportOnnx(Path.Combine(folder, "trained.onnx")));

(NDArray X, NDArray Y) Read(string part)
{
    var images = Idx.ReadImages(Path.Combine(folder, part + "-images.idx"), scale: 1);
    return (NDArray.Create([.. images], [(int)images.Lengths[0], 28, 28, 1]), Idx.ReadLabels(Path.Combine(folder, part + "-labels.idx")));
}
