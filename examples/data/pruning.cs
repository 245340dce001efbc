#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// MNIST: 70,000 handwritten digits of 28 x 28 pixels: http://yann.lecun.com/exdb/mnist
var folder = Path.Combine(args.Length > 0 ? args[0] : "../shared/data", "mnist");
NDArray Images(string name) => Idx.ReadImages(Path.Combine(folder, name + "-images-idx3-ubyte.gz"));
NDArray Labels(string name) => Idx.ReadLabels(Path.Combine(folder, name + "-labels-idx1-ubyte.gz"));
var (images, digits) = (Images("train"), Labels("train"));
var (testImages, testDigits) = (Images("t10k"), Labels("t10k"));

var image = Model.Input([28, 28], name: "image");
var x = image.Apply(
    new Reshape([28, 28, 1]),
    new Conv2D(32, 3, activation: Activation.Relu), new MaxPooling2D(2),
    new Conv2D(64, 3, activation: Activation.Relu), new MaxPooling2D(2),
    new Flatten(), new Dense(128, Activation.Relu), new Dense(10, Activation.Softmax, name: "digit"));
var model = new Model(image, x, name: "mnist", seed: 1);

double Train(Model network, int epochs)
{
    var steps = epochs * ((images.Count + 127) / 128);
    var trainer = network.Compile(new Adam(Schedule.CosineDecay(2e-3, steps)), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
    trainer.Fit(images, digits, epochs: epochs, batchSize: 128);
    return trainer.Evaluate(testImages, testDigits)["accuracy"];
}

var before = Train(model, epochs: 2);

// Removes half of the filters and units, those with the smallest weights, and the weights that read them.
var pruned = model.Prune(0.5);
Console.WriteLine(pruned);
var after = Train(pruned.Model, epochs: 1);

Console.WriteLine(PruningReport.Measure(model, pruned.Model));
Console.WriteLine(pruned.Model.ExportOnnx("mnist_pruned.onnx"));
Console.WriteLine($"held out: before {before:F4}, with half of the channels and one more epoch accuracy {after:F4}");
