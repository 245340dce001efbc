#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;

var left = Model.Input([20, 8], name: "left");
var right = Model.Input([20, 8], name: "right");
var lstm = new Lstm(64);
var a = lstm.Call(left);
var b = lstm.Call(right);
var same = new Dense(1, Activation.Sigmoid).Call(new Concatenate().Call(a, b));
var model = new Model([left, right], same);
model.Summary();
Console.WriteLine(model.ExportOnnx("shared.onnx"));
