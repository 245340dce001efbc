#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

var (xTrain, yTrain) = LoadData(1000, seed: 1);
var (xVal, yVal) = LoadData(200, seed: 2);

var trainDataset = Dataset.From(xTrain, yTrain);
trainDataset = trainDataset.Shuffle(bufferSize: 1024).Batch(64);
var valDataset = Dataset.From(xVal, yVal).Batch(64);

var trainer = GetCompiledModel();
trainer.Fit(trainDataset, epochs: 3);
Console.WriteLine($"dataset: {trainer.Evaluate(valDataset)}");
Console.WriteLine(trainer.Predict(valDataset).Shape);

GetCompiledModel().Fit(trainDataset, epochs: 3, stepsPerEpoch: 10);
GetCompiledModel().Fit(trainDataset, epochs: 1, validationData: valDataset, validationSteps: 1);

// A custom class that yields batches.
GetCompiledModel().Fit(new ExampleDataset(xTrain, yTrain, batchSize: 32), epochs: 1, validationData: valDataset);

// Class 5 counts twice, by class and by sample.
var history = GetCompiledModel().Fit(xTrain, yTrain, classWeight: new() { [5] = 2.0 }, batchSize: 64, epochs: 1);
double[] sampleWeight = [.. yTrain.ToArray().Select(y => y == 5 ? 2.0 : 1.0)];
var weighted = GetCompiledModel().Fit(xTrain, yTrain, sampleWeight: sampleWeight, batchSize: 64, epochs: 1);
Console.WriteLine($"the same by class and by sample: {history["loss"][0] == weighted["loss"][0]}");
GetCompiledModel().Fit(Dataset.From(xTrain, yTrain, sampleWeight).Shuffle(bufferSize: 1024).Batch(64), epochs: 1);

Model GetUncompiledModel()
{
    var inputs = Model.Input([784], name: "digits");
    var x = new Dense(64, Activation.Relu, name: "dense_1").Call(inputs);
    x = new Dense(64, Activation.Relu, name: "dense_2").Call(x);
    var outputs = new Dense(10, Activation.Softmax, name: "predictions").Call(x);
    return new Model(inputs: inputs, outputs: outputs);
}

Trainer GetCompiledModel() => GetUncompiledModel().Compile(
    optimizer: new RmsProp(),
    loss: new SparseCategoricalCrossentropy(),
    metrics: [new SparseCategoricalAccuracy()]);

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

sealed class ExampleDataset(NDArray x, NDArray y, int batchSize) : IEnumerable<Batch>
{
    public IEnumerator<Batch> GetEnumerator()
    {
        for (var i = 0; i < x.Count; i += batchSize)
        {
            var rows = i..Math.Min(i + batchSize, x.Count);
            yield return new Batch(x[rows], y[rows]);
        }
    }

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}
