#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var model = new Sequential(
    [
        new Dense(2, Activation.Relu, name: "layer1"),
        new Dense(3, Activation.Relu, name: "layer2"),
        new Dense(4, name: "layer3"),
    ]);
Console.WriteLine(model.Predict(new float[3, 3]).Shape);

model = new Sequential(name: "my_sequential");
model.Add(new Dense(2, Activation.Relu));
model.Add(new Dense(3, Activation.Relu));
model.Add(new Dense(4));
model.Pop();
Console.WriteLine($"{model.Layers.Count} layers");

// A layer has weights when it knows the shape of its input.
var layer = new Dense(3);
Console.WriteLine($"{layer.Weights.Count} weights");
layer.Call(Ops.Ones([1, 4]));
Console.WriteLine($"{layer.Weights.Count} weights");

model = new Sequential();
model.Add(Model.Input([4]));
model.Add(new Dense(2, Activation.Relu));
model.Summary();
