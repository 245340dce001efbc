#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// 569 tumours, 30 measurements of each, malignant (0) or benign (1): https://archive.ics.uci.edu/dataset/17
var folder = args.Length > 0 ? args[0] : "../shared/data";
var table = CsvTable.Read(Path.Combine(folder, "breast_cancer.csv"), hasHeader: false, skipLines: 1);
NDArray measurements = table.GetFloatsExcept("30");
NDArray benign = table.GetFloats("30");
int[] train = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 != 4)];
int[] test = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 == 4)];

var normalization = new Normalization();                     // mean and variance become part of the model, and of the file
normalization.Adapt(measurements.Take(train));
var input = Model.Input([30], name: "measurements");
var output = input.Apply(
    normalization,
    new Dense(32, Activation.Relu),
    new Dropout(0.3),
    new Dense(16, Activation.Relu),
    new Dense(1, Activation.Sigmoid, name: "benign"));
var model = new Model(input, output, name: "breast_cancer", seed: 1);

var trainer = model.Compile(new AdamW(3e-3), Loss.BinaryCrossentropy, metrics: [Metric.BinaryAccuracy, Metric.Auc]);
trainer.Fit(measurements.Take(train), benign.Take(train), epochs: 40, batchSize: 32, verbose: 0);
var result = trainer.Evaluate(measurements.Take(test), benign.Take(test));
Console.WriteLine($"held out: accuracy {result["binary_accuracy"]:F4}, area under the curve {result["auc"]:F4}");
Console.WriteLine(model.ExportOnnx("breast_cancer.onnx"));
