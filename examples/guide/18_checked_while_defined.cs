#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;

var inputs = Model.Input([28, 28, 1], name: "img");
var x = new Conv2D(16, 3, activation: Activation.Relu).Call(inputs);
var outputs = new Dense(10).Call(new Flatten().Call(x));
var model = new Model(inputs, outputs);

model.Summary();

// Every call checks its input: a mistake shows where it is made, before there is any data.
try
{
    new Lstm(8).Call(x);
}
catch (ModelException error)
{
    Console.WriteLine(error.Message);
}
