#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var inputs = Model.Input([784]);
var x = new Dense(64, Activation.Relu).Call(inputs);
x = new Dense(64, Activation.Relu).Call(x);
var outputs = new Dense(10).Call(x);
var model = new Model(inputs, outputs, name: "mnist_model");

var (xTrain, yTrain) = LoadData(6000, seed: 1);
var (xTest, yTest) = LoadData(1000, seed: 2);

var trainer = model.Compile(
    loss: new SparseCategoricalCrossentropy(fromLogits: true),
    optimizer: new RmsProp(),
    metrics: [Metric.Accuracy]);

var history = trainer.Fit(xTrain, yTrain, batchSize: 64, epochs: 2, validationSplit: 0.2);

var testScores = trainer.Evaluate(xTest, yTest, verbose: 2);
Console.WriteLine($"Test loss: {testScores[0]}");
Console.WriteLine($"Test accuracy: {testScores[1]}");

// Ten pictures of 28 x 28 random pixels stand for the digits; each sample is one of them under noise.
(float[,] X, int[] Y) LoadData(int samples, int seed)
{
    var (digits, random) = (new Random(0), new Random(seed));
    var pictures = new float[10, 784];
    for (var i = 0; i < 7840; i++) pictures[i / 784, i % 784] = digits.NextSingle();
    var (x, y) = (new float[samples, 784], new int[samples]);
    for (var i = 0; i < samples; i++)
    {
        y[i] = random.Next(10);
        for (var j = 0; j < 784; j++) x[i, j] = (pictures[y[i], j] + random.NextSingle()) / 2;
    }

    return (x, y);
}
