#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// 178 wines of three growers, 13 chemical measurements of each: https://archive.ics.uci.edu/dataset/109
var folder = args.Length > 0 ? args[0] : "../shared/data";
var table = CsvTable.Read(Path.Combine(folder, "wine_data.csv"), hasHeader: false, skipLines: 1);
NDArray measurements = table.GetFloatsExcept("13");
NDArray grower = table.GetLabels("13");
int[] train = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 != 4)];
int[] test = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 == 4)];

var normalization = new Normalization();
normalization.Adapt(measurements.Take(train));
var model = new Sequential([13], normalization, new Dense(32, Activation.Relu), new Dropout(0.3), new Dense(3, Activation.Softmax));

var trainer = model.Compile(new Adam(5e-3), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
trainer.Fit(measurements.Take(train), grower.Take(train), epochs: 40, batchSize: 16, verbose: 0);
model.Summary();
Console.WriteLine($"held out: accuracy {trainer.Evaluate(measurements.Take(test), grower.Take(test))["accuracy"]:F4}");
Console.WriteLine(model.ExportOnnx("wine.onnx"));
