#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

// A small network in place of VGG19, whose weights are a download of 575 MB.
var inputs = Model.Input([64, 64, 3]);
var vgg = new Model(inputs, inputs.Apply(
    new Conv2D(8, 3, activation: Activation.Relu, padding: Padding.Same, name: "block1_conv1"),
    new MaxPooling2D((2, 2), strides: (2, 2), name: "block1_pool"),
    new Conv2D(16, 3, activation: Activation.Relu, padding: Padding.Same, name: "block2_conv1"),
    new MaxPooling2D((2, 2), strides: (2, 2), name: "block2_pool"),
    new Flatten(name: "flatten"),
    new Dense(10, Activation.Softmax, name: "predictions")));

SymbolicTensor[] featuresList = [.. vgg.Layers.Select(layer => layer.Output)];
var featExtractionModel = new Model(inputs: vgg.Input, outputs: featuresList);

var img = new float[1, 64, 64, 3];
var extractedFeatures = featExtractionModel.PredictAll(img);
foreach (var features in extractedFeatures) Console.WriteLine(features.Shape);
