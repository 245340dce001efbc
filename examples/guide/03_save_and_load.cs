#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var inputs = Model.Input([784]);
var x = new Dense(64, Activation.Relu).Call(inputs);
x = new Dense(64, Activation.Relu).Call(x);
var outputs = new Dense(10).Call(x);
var model = new Model(inputs, outputs, name: "mnist_model");

var pixels = new float[2, 784];
for (var i = 0; i < 784; i++) pixels[1, i] = i / 784f;
var before = model.Predict(pixels);

model.Save("my_model.keras");
model = Model.Load("my_model.keras");

var after = model.Predict(pixels);
Console.WriteLine($"equal after loading: {before.ToArray().SequenceEqual(after.ToArray())}");
