#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

var inputs = Model.Input([784], name: "digits");
var x = new Dense(64, Activation.Relu, name: "dense_1").Call(inputs);
x = new Dense(64, Activation.Relu, name: "dense_2").Call(x);
var outputs = new Dense(10, Activation.Softmax, name: "predictions").Call(x);
var model = new Model(inputs: inputs, outputs: outputs);

var (xTrain, yTrain) = LoadData(3000, seed: 1);
var (xTest, yTest) = LoadData(500, seed: 2);

// Reserve samples for validation.
var xVal = xTrain[^500..];
var yVal = yTrain[^500..];
xTrain = xTrain[..^500];
yTrain = yTrain[..^500];

var trainer = model.Compile(
    optimizer: new RmsProp(),
    loss: new SparseCategoricalCrossentropy(),
    metrics: [new SparseCategoricalAccuracy()]);

var history = trainer.Fit(
    xTrain,
    yTrain,
    batchSize: 64,
    epochs: 2,
    validationData: (xVal, yVal));
Console.WriteLine(history);

var results = trainer.Evaluate(xTest, yTest, batchSize: 128);
Console.WriteLine($"test loss, test acc: {results}");

var predictions = trainer.Predict(xTest[..3]);
Console.WriteLine($"predictions shape: {predictions.Shape}");

// Ten pictures of random pixels stand for the digits; each sample is one of them under noise.
(NDArray X, NDArray Y) LoadData(int samples, int seed)
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
