#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;
using OnnxFunctional.Training.Metrics;

var (xTrain, yTrain) = LoadData(500, seed: 1);
var lossHistory = new LossHistory();
Callback[] callbacks =
[
    new EarlyStopping(monitor: "val_loss", minDelta: 1e-2, patience: 2, verbose: 1),
    new ModelCheckpoint(filepath: "mymodel_{epoch}.keras", saveBestOnly: true, monitor: "val_loss", verbose: 1),
    new LearningRateScheduler(epoch => epoch < 5 ? 1e-3 : 1e-6),
    new TensorBoard(logDir: "logs", histogramFreq: 0),
    lossHistory,
];
var trainer = GetUncompiledModel().Compile(new RmsProp(), new SparseCategoricalCrossentropy(), metrics: [new SparseCategoricalAccuracy()]);
var history = trainer.Fit(xTrain, yTrain, epochs: 20, batchSize: 64, callbacks: callbacks, validationSplit: 0.2);
Console.WriteLine($"{history.Epochs.Count} epochs, {lossHistory.PerBatchLosses.Count} batches");

var saved = Directory.GetFiles(".", "mymodel_*.keras").Order().First();
Console.WriteLine($"{saved}: {Model.Load(saved).Predict(xTrain[..1]).Shape}");
Console.WriteLine($"logs: {Directory.GetFiles("logs", "*", SearchOption.AllDirectories).Length > 0}");

var lrSchedule = Schedule.ExponentialDecay(0.1, decaySteps: 100000, decayRate: 0.96, staircase: true);
trainer = GetUncompiledModel().Compile(new RmsProp(learningRate: lrSchedule), new SparseCategoricalCrossentropy());
trainer.Fit(xTrain, yTrain, epochs: 1, batchSize: 64);

Model GetUncompiledModel()
{
    var inputs = Model.Input([784], name: "digits");
    var x = new Dense(64, Activation.Relu, name: "dense_1").Call(inputs);
    x = new Dense(64, Activation.Relu, name: "dense_2").Call(x);
    var outputs = new Dense(10, Activation.Softmax, name: "predictions").Call(x);
    return new Model(inputs: inputs, outputs: outputs);
}

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

sealed class LossHistory : Callback
{
    public List<float> PerBatchLosses { get; private set; } = [];

    public override void OnTrainBegin() => PerBatchLosses = [];

    public override void OnBatchEnd(int batch, float loss) => PerBatchLosses.Add(loss);
}
