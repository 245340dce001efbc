#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

var (xTrain, yTrain) = LoadData(500, seed: 1);
var yTrainOneHot = DataPreparation.ToCategorical(yTrain, numClasses: 10);

SymbolicTensor CustomMeanSquaredError(SymbolicTensor yTrue, SymbolicTensor yPred) => Ops.Mean(Ops.Square(yTrue - yPred), axis: -1);

var trainer = GetUncompiledModel().Compile(optimizer: new Adam(), loss: Loss.From(CustomMeanSquaredError));
trainer.Fit(xTrain, yTrainOneHot, batchSize: 64, epochs: 1);

trainer = GetUncompiledModel().Compile(optimizer: new Adam(), loss: new CustomMse());
trainer.Fit(xTrain, yTrainOneHot, batchSize: 64, epochs: 1);

trainer = GetUncompiledModel().Compile(
    optimizer: new RmsProp(learningRate: 1e-3),
    loss: new SparseCategoricalCrossentropy(),
    metrics: [new CategoricalTruePositives()]);
var history = trainer.Fit(xTrain, yTrain, batchSize: 64, epochs: 3);
Console.WriteLine(history);

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

// A loss with an option: it also draws predictions towards one half.
sealed class CustomMse(double regularizationFactor = 0.1, string name = "custom_mse") : Loss(name: name)
{
    protected override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var mse = Ops.Mean(Ops.Square(yTrue - yPred), axis: -1);
        var reg = Ops.Mean(Ops.Square(0.5 - yPred), axis: -1);
        return mse + reg * regularizationFactor;
    }
}

// How many samples are classified correctly. Keras' update_state is Sums, which are added up over the batches; its result is Result.
sealed class CategoricalTruePositives(string name = "categorical_true_positives") : Metric(name)
{
    protected override SymbolicTensors Sums(SymbolicTensor yTrue, SymbolicTensor yPred, SymbolicTensor? weights)
    {
        var classes = Ops.ExpandDims(Ops.ArgMax(yPred, axis: 1), -1);
        var values = Ops.Cast(Ops.Equal(Ops.Cast(Ops.Reshape(yTrue, -1, 1), DType.Int64), classes), DType.Float32);
        if (weights is not null) values = values * weights;
        return Ops.Sum(values);
    }

    protected override double Result(IReadOnlyList<double[]> totals) => totals[0][0];
}
