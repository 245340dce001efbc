#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

// The same seed gives the same model, so each member has one of its own.
Model GetModel(ulong seed)
{
    var inputs = Model.Input([128]);
    var outputs = new Dense(1).Call(inputs);
    return new Model(inputs, outputs, seed: seed);
}

var model1 = GetModel(1);
var model2 = GetModel(2);
var model3 = GetModel(3);

var inputs = Model.Input([128]);
var y1 = model1.Call(inputs);
var y2 = model2.Call(inputs);
var y3 = model3.Call(inputs);
var outputs = new Average().Call(y1, y2, y3);
var ensembleModel = new Model(inputs, outputs);

var samples = new float[1, 128];
for (var i = 0; i < 128; i++) samples[0, i] = i / 128f;
var members = new[] { model1, model2, model3 }.Select(model => model.Predict(samples)[0, 0]).ToList();
Console.WriteLine($"members {string.Join(", ", members)}, ensemble {ensembleModel.Predict(samples)[0, 0]}");
Console.WriteLine($"members differ: {members.Distinct().Count() == 3}");
Console.WriteLine($"the ensemble is their mean: {Math.Abs(ensembleModel.Predict(samples)[0, 0] - members.Average()) < 1e-5}");
