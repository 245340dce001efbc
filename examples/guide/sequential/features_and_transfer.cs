#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var initialModel = new Sequential(
    [
        Model.Input([250, 250, 3]),
        new Conv2D(32, 5, strides: 2, activation: Activation.Relu),
        new Conv2D(32, 3, activation: Activation.Relu, name: "my_intermediate_layer"),
        new Conv2D(32, 3, activation: Activation.Relu),
    ]);
var featureExtractor = new Model(
    inputs: initialModel.Inputs,
    outputs: [.. initialModel.Layers.Select(layer => layer.Output)]);
foreach (var features in featureExtractor.PredictAll(new float[1, 250, 250, 3])) Console.WriteLine(features.Shape);

featureExtractor = new Model(
    inputs: initialModel.Inputs,
    outputs: initialModel.GetLayer(name: "my_intermediate_layer").Output);
Console.WriteLine(featureExtractor.Predict(new float[1, 250, 250, 3]).Shape);

// All layers but the last keep their weights.
foreach (var layer in initialModel.Layers.SkipLast(1)) layer.Trainable = false;
Console.WriteLine($"{initialModel.TrainableWeights.Count} of {initialModel.Weights.Count} weights are trained");

// A trained model under a new head.
var baseModel = new Sequential([Model.Input([784]), new Dense(32, Activation.Relu)]);
baseModel.Trainable = false;
var model = new Sequential(
    [
        baseModel,
        new Dense(1000),
    ]);
Console.WriteLine($"{model.Predict(new float[1, 784]).Shape}, {model.TrainableWeights.Count} of {model.Weights.Count} weights are trained");
