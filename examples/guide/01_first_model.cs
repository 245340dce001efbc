#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;

var inputs = Model.Input([784]);
Console.WriteLine($"{inputs.Shape} {inputs.DType}");
var dense = new Dense(64, Activation.Relu);
var x = dense.Call(inputs);
x = new Dense(64, Activation.Relu).Call(x);
var outputs = new Dense(10).Call(x);
var model = new Model(inputs, outputs, name: "mnist_model");

model.Summary();
