#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

var inputs = Model.Input([32, 32, 3], name: "img");
var x = new Conv2D(32, 3, activation: Activation.Relu).Call(inputs);
x = new Conv2D(64, 3, activation: Activation.Relu).Call(x);
var block1Output = new MaxPooling2D(3).Call(x);

x = new Conv2D(64, 3, activation: Activation.Relu, padding: Padding.Same).Call(block1Output);
x = new Conv2D(64, 3, activation: Activation.Relu, padding: Padding.Same).Call(x);
var block2Output = new Add().Call(x, block1Output);

x = new Conv2D(64, 3, activation: Activation.Relu, padding: Padding.Same).Call(block2Output);
x = new Conv2D(64, 3, activation: Activation.Relu, padding: Padding.Same).Call(x);
var block3Output = new Add().Call(x, block2Output);

x = new Conv2D(64, 3, activation: Activation.Relu).Call(block3Output);
x = new GlobalAveragePooling2D().Call(x);
x = new Dense(256, Activation.Relu).Call(x);
x = new Dropout(0.5).Call(x);
var outputs = new Dense(10).Call(x);

var model = new Model(inputs, outputs, name: "toy_resnet");
model.Summary();

// Random pictures and classes, as many as a test has time for.
const int Samples = 160;
var random = new Random(1);
var xTrain = new float[Samples, 32, 32, 3];
var yTrain = new int[Samples];
for (var i = 0; i < Samples; i++)
{
    yTrain[i] = random.Next(10);
    for (var j = 0; j < 3072; j++) xTrain[i, j / 96, j / 3 % 32, j % 3] = random.NextSingle();
}

var trainer = model.Compile(
    optimizer: new RmsProp(1e-3),
    loss: new CategoricalCrossentropy(fromLogits: true),
    metrics: [Metric.Accuracy]);
var history = trainer.Fit(xTrain, DataPreparation.ToCategorical(yTrain, 10), batchSize: 64, epochs: 1, validationSplit: 0.2);
Console.WriteLine(history);
Console.WriteLine(model.ExportOnnx("toy_resnet.onnx"));
