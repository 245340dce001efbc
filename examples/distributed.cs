#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using System.Globalization;
using System.Security.Cryptography;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

// mpirun -n 4 dotnet run examples/distributed.cs -- --shards 8 --out cnn.onnx
// Any number of processes that is at most the number of shards writes the same bytes.
string? Option(string name) => Array.IndexOf(args, name) is var i and >= 0 && i + 1 < args.Length ? args[i + 1] : null;
var (shards, output) = (int.Parse(Option("--shards") ?? "8", CultureInfo.InvariantCulture), Option("--out") ?? "distributed.onnx");

// Started without mpirun it is the only process, which cuts its batches alike.
var distribution = Distribution.IsStartedByMpi ? Distribution.Mpi(shards) : Distribution.OneProcess(shards);

var image = Model.Input([16, 16, 1]);
var model = new Model(image, image.Apply(
    new Conv2D(16, 3, useBias: false), new BatchNormalization(), new ActivationLayer(Activation.Relu), new MaxPooling2D(2),
    new Conv2D(32, 3, activation: Activation.Relu), new Flatten(), new Dropout(0.3), new Dense(10, Activation.Softmax)), seed: 1);

// Ten classes: a bright stripe in one of ten places. Every process generates the same data and computes its part of each batch.
var random = new Random(1);
var pixels = new float[640, 16, 16, 1];
var labels = new int[640];
for (var i = 0; i < 640; i++)
{
    labels[i] = i % 10;
    for (var row = 0; row < 16; row++)
    {
        for (var column = 0; column < 16; column++) pixels[i, row, column, 0] = (column * 10 / 16 == labels[i] ? 1 : 0) + random.NextSingle();
    }
}

var trainer = model.Compile(
    new Adam(3e-3), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy], threads: 1, seed: 1, distribution: distribution);
trainer.Fit(pixels, labels, epochs: 4, batchSize: 64, callbacks: [new ReduceLROnPlateau(monitor: "loss", patience: 1)]);
if (distribution.Rank == 0)
{
    Console.WriteLine(model.ExportOnnx(output));
    var digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(output)));
    Console.WriteLine($"{distribution.Size} process(es), {distribution.Shards} shard(s): {digest[..16]}");
}
