#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;

var query = Model.Input([7, 16], name: "query");
var key = Model.Input([11, 16], name: "key");
var value = Model.Input([11, 16], name: "value");
var scores = new Softmax().Call(new Dot((2, 2)).Call(query, key));   // (batch, queries, keys)
var context = new Dot((2, 1)).Call(scores, value);                   // (batch, queries, features)
var model = new Model([query, key, value], context);
Console.WriteLine(model.ExportOnnx("attention.onnx"));
