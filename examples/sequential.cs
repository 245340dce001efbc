#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var encoder = new Sequential([10], new Dense(32, Activation.Relu), new Dense(64));
var input = Model.Input([10]);
var model = new Model(input, new Dense(3, Activation.Softmax).Call(encoder.Call(input)));   // a model is called like a layer

var trainer = model.Compile(new Adam(clipnorm: 1), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
trainer.Fit(new float[30, 10], new int[30], epochs: 1);
model.Summary();
Console.WriteLine(model.ExportOnnx("sequential.onnx"));
