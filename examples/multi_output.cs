#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var image = Model.Input([12, 12, 1], name: "image");
var audio = Model.Input([30], name: "audio");
var features = new Concatenate().Call(
    image.Apply(new Conv2D(8, 3, activation: Activation.Relu), new Flatten()),
    new Dense(16, Activation.Relu).Call(audio));

var classes = new Dense(10, Activation.Softmax, name: "class").Call(features);
var value = new Dense(1, name: "value").Call(features);
var model = new Model([image, audio], [classes, value]);
var trainer = model.Compile(new Adam(),
    loss: new() { ["class"] = Loss.CategoricalCrossentropy, ["value"] = Loss.MeanSquaredError },
    lossWeights: new() { ["value"] = 0.5 });

var random = new Random(1);
var images = new float[50, 12, 12, 1];
var sounds = new float[50, 30];
var oneHot = new float[50, 10];
var values = new float[50];
for (var i = 0; i < 50; i++)
{
    for (var j = 0; j < 144; j++) images[i, j / 12, j % 12, 0] = random.NextSingle();
    for (var j = 0; j < 30; j++) values[i] += sounds[i, j] = random.NextSingle() - 0.5f;
    oneHot[i, i % 10] = 1;
}

trainer.Fit(
    new() { ["image"] = images, ["audio"] = sounds },
    new() { ["class"] = oneHot, ["value"] = values },
    epochs: 3);
Console.WriteLine(model.ExportOnnx("multi.onnx"));
