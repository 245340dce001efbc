#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var (xTrain, yTrain) = LoadData(500, seed: 1);

var inputs = Model.Input([784], name: "digits");
var x = new Dense(64, Activation.Relu, name: "dense_1").Call(inputs);
x = new ActivityRegularizationLayer().Call(x);
x = new Dense(64, Activation.Relu, name: "dense_2").Call(x);
var outputs = new Dense(10, name: "predictions").Call(x);

var model = new Model(inputs: inputs, outputs: outputs);
var trainer = model.Compile(optimizer: new RmsProp(learningRate: 1e-3), loss: new SparseCategoricalCrossentropy(fromLogits: true));
Console.WriteLine(trainer.Fit(xTrain, yTrain, batchSize: 64, epochs: 1));

// A layer that takes the targets as an input and adds the loss itself: no loss in Compile, no targets in Fit.
inputs = Model.Input([3], name: "inputs");
var targets = Model.Input([10], name: "targets");
var logits = new Dense(10).Call(inputs);
var predictions = new LogisticEndpoint(name: "predictions").Call(targets, logits);

model = new Model(inputs: [inputs, targets], outputs: predictions);
trainer = model.Compile(optimizer: new Adam());
float[,] values = { { 0.1f, 0.2f, 0.3f }, { 0.4f, 0.5f, 0.6f }, { 0.7f, 0.8f, 0.9f } };
Console.WriteLine(trainer.Fit(new() { ["inputs"] = values, ["targets"] = new float[3, 10] }, epochs: 2));

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

sealed class ActivityRegularizationLayer : Layer
{
    protected override SymbolicTensor Forward(SymbolicTensor inputs)
    {
        AddLoss(Ops.Mean(inputs) * 0.1);
        return inputs;
    }
}

sealed class LogisticEndpoint(string? name = null) : MergeLayer(name)
{
    private readonly Loss _lossFn = new BinaryCrossentropy(fromLogits: true);

    protected override SymbolicTensor Forward(IReadOnlyList<SymbolicTensor> tensors)
    {
        var (targets, logits) = (tensors[0], tensors[1]);
        AddLoss(_lossFn.Call(targets, logits));
        return Ops.Softmax(logits);
    }
}
