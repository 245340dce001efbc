#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// 1,797 handwritten digits of 8 x 8 pixels, each 0 to 16: https://archive.ics.uci.edu/dataset/80
var folder = args.Length > 0 ? args[0] : "../shared/data";
var table = CsvTable.Read(Path.Combine(folder, "digits.csv.gz"), hasHeader: false);
var pixels = new float[table.Rows * 64];
table.GetFloatsExcept("64").FlattenTo(pixels);
var images = NDArray.Create(pixels, [table.Rows, 8, 8, 1]);
NDArray digits = table.GetLabels("64");
int[] train = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 != 4)];
int[] test = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 == 4)];

var image = Model.Input([8, 8, 1], name: "image");
var x = image.Apply(
    new Rescaling(1.0 / 16),
    new Conv2D(32, 3, padding: Padding.Same, useBias: false), new BatchNormalization(momentum: 0.9), new Relu(),
    new Conv2D(64, 3, padding: Padding.Same, useBias: false), new BatchNormalization(momentum: 0.9), new Relu(),
    new MaxPooling2D(2), new Dropout(0.3), new Flatten(),
    new Dense(128, Activation.Relu), new Dropout(0.4), new Dense(10, Activation.Softmax, name: "digit"));
var model = new Model(image, x, name: "digits", seed: 1);

const int Epochs = 20;
var steps = Epochs * ((train.Length + 31) / 32);
var trainer = model.Compile(new Adam(Schedule.CosineDecay(2e-3, steps)), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
trainer.Fit(images.Take(train), digits.Take(train), epochs: Epochs, batchSize: 32);
Console.WriteLine($"held out: accuracy {trainer.Evaluate(images.Take(test), digits.Take(test))["accuracy"]:F4}");
Console.WriteLine(model.ExportOnnx("digits.onnx"));
