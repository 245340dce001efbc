#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var inputs = Model.Input([10]);
var model = new Model(inputs, inputs.Apply(new Dense(32, Activation.Relu), new Dense(16, Activation.Relu), new Dense(4, Activation.Softmax)));

var features = model.GetLayer("dense_1").Output;
var head = new Dense(1, Activation.Sigmoid).Call(new Dense(64, Activation.Relu).Call(features));
var transfer = new Model(model.Inputs, head);
foreach (var layer in model.Layers) layer.Trainable = false;

var sample = new float[2, 10];
var before = model.Predict(sample);
transfer.Compile(new Sgd(0.1), Loss.BinaryCrossentropy).Fit(sample, new float[] { 0, 1 }, epochs: 2);
Console.WriteLine($"the base stayed: {before[0, 0] == model.Predict(sample)[0, 0]}");

var debug = new Model(model.Inputs, [.. model.Layers.Take(3).Select(layer => layer.Output)]);
foreach (var (name, values) in debug.PredictNamed(sample)) Console.WriteLine($"{name}: [{string.Join(", ", values.Lengths.ToArray())}]");
Console.WriteLine(transfer.ExportOnnx("transfer.onnx"));
