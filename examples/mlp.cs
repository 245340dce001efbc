#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var inputs = Model.Input([10]);                              // without the batch dimension
var x = new Dense(32, Activation.Relu).Call(inputs);
x = new Dense(64, Activation.Relu).Call(x);
x = new Dense(32, Activation.Relu).Call(x);
var outputs = new Dense(1, Activation.Sigmoid).Call(x);
var model = new Model(inputs, outputs);
model.Summary();

// Is the sum of ten numbers positive?
var random = new Random(1);
var features = new float[1000, 10];
var labels = new float[1000];
for (var i = 0; i < 1000; i++)
{
    for (var j = 0; j < 10; j++) labels[i] += features[i, j] = random.NextSingle() - 0.5f;
    labels[i] = labels[i] > 0 ? 1 : 0;
}

var trainer = model.Compile(new Adam(), Loss.BinaryCrossentropy, metrics: [Metric.Accuracy]);
var history = trainer.Fit(features, labels, epochs: 20, batchSize: 32, validationSplit: 0.2,
                          callbacks: [new EarlyStopping(patience: 3), new ModelCheckpoint("best.onnx")]);
Console.WriteLine($"validation accuracy {history["val_accuracy"][^1]:F3}");

var report = model.ExportOnnx("mlp.onnx");                   // writes and verifies: ONNX Runtime = engine, layer by layer
Console.WriteLine(report);

using var onnx = OnnxModel.Load("mlp.onnx", ExecutionProvider.Cpu);
var y = onnx.Predict(new float[1, 10]);
Console.WriteLine($"ten zeros: {y[0, 0]:F3}");
