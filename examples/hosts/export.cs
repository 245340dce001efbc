#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using System.Buffers.Binary;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Metrics;

// MNIST's four idx files, gzipped or not, are read from the first folder; everything a host needs is written to the second.
var mnist = args.Length > 0 ? args[0] : "../shared/data/mnist";
var folder = args.Length > 1 ? args[1] : "digits";

// Pixels from 0 to 255 go in unscaled: no host has to know a scale.
// Hosts round differently. Silu and averages carry that on without jumps: after 313 steps the weights of two builds of ONNX Runtime differ by 1e-6. With relu
// and maxima a near tie falls one way here and another way there, and Adam makes 0.2 of it.
var image = Model.Input([28, 28, 1], name: "image");
var digit = image.Apply(
    new Rescaling(1.0 / 255),
    new Conv2D(16, 5, activation: Activation.Silu), new AveragePooling2D(2),
    new Conv2D(32, 5, activation: Activation.Silu), new AveragePooling2D(2),
    new Flatten(), new Dropout(0.25), new Dense(10, Activation.Softmax, name: "digit"));
var model = new Model(image, digit, name: "digits", seed: 1);
var trainer = model.Compile(new Adam(5e-3), new SparseCategoricalCrossentropy(), metrics: [new SparseCategoricalAccuracy()], seed: 1);

// The step, and the untrained model for import.cs, which brings the weights back.
Console.WriteLine(trainer.ExportTraining(folder));
Console.WriteLine(model.ExportOnnx(Path.Combine(folder, "model.onnx")));

WriteIdx("train", 5_000);
WriteIdx("t10k", 1_000);
Console.WriteLine($"{Path.GetFullPath(folder)}: 5,000 digits to learn from, 1,000 held out");

// The first digits of a part, as plain idx files of bytes.
void WriteIdx(string part, int count)
{
    var images = Idx.ReadImages(Find(part + "-images-idx3-ubyte"), scale: 1);
    var labels = Idx.ReadLabels(Find(part + "-labels-idx1-ubyte"));
    Write(part + "-images.idx", [count, 28, 28], [.. images.Take(count * 28 * 28).Select(pixel => (byte)pixel)]);
    Write(part + "-labels.idx", [count], [.. labels.Take(count).Select(label => (byte)label)]);
}

// 0, 0, type (8: bytes), number of dimensions; the dimensions, big-endian; the bytes.
void Write(string name, int[] dimensions, byte[] values)
{
    using var file = File.Create(Path.Combine(folder, name));
    file.Write([0, 0, 8, (byte)dimensions.Length]);
    Span<byte> length = stackalloc byte[4];
    foreach (var dimension in dimensions)
    {
        BinaryPrimitives.WriteInt32BigEndian(length, dimension);
        file.Write(length);
    }

    file.Write(values);
}

string Find(string name) => Path.Combine(mnist, name) is var path && File.Exists(path) ? path : path + ".gz";
