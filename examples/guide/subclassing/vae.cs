#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

// Pictures of a bright square at one of many places.
var random = new Random(1);
var xTrain = new float[512, 784];
for (var i = 0; i < 512; i++)
{
    var (top, left) = (random.Next(20), random.Next(20));
    for (var j = 0; j < 64; j++) xTrain[i, ((top + (j / 8)) * 28) + left + (j % 8)] = 1;
}

var vae = new VariationalAutoEncoder(784, 64, 32);

var optimizer = new Adam(learningRate: 1e-3);
var trainer = vae.Compile(optimizer, loss: new MeanSquaredError());

var history = trainer.Fit(xTrain, xTrain, epochs: 2, batchSize: 64);
Console.WriteLine(history);
Console.WriteLine($"the loss falls: {history["loss"][1] < history["loss"][0]}");
Console.WriteLine(vae.ExportOnnx("vae.onnx"));

// Draws z around its mean in training; predictions and the file use the mean.
sealed class Sampling : MergeLayer
{
    protected override SymbolicTensor Forward(IReadOnlyList<SymbolicTensor> tensors)
    {
        var (zMean, zLogVar) = (tensors[0], tensors[1]);
        var epsilon = Ops.RandomNormal(zMean);
        return Ops.WhenTraining(zMean + Ops.Exp(0.5 * zLogVar) * epsilon, zMean);
    }
}

sealed class Encoder(int latentDim = 32, int intermediateDim = 64, string name = "encoder") : MultiOutputLayer(name)
{
    private readonly Dense _denseProj = new(intermediateDim, Activation.Relu);
    private readonly Dense _denseMean = new(latentDim);
    private readonly Dense _denseLogVar = new(latentDim);
    private readonly Sampling _sampling = new();

    protected override SymbolicTensors Forward(SymbolicTensors inputs)
    {
        var x = _denseProj.Call(inputs[0]);
        var zMean = _denseMean.Call(x);
        var zLogVar = _denseLogVar.Call(x);
        var z = _sampling.Call(zMean, zLogVar);
        return [zMean, zLogVar, z];
    }
}

sealed class Decoder(int originalDim, int intermediateDim = 64, string name = "decoder") : Layer(name)
{
    private readonly Dense _denseProj = new(intermediateDim, Activation.Relu);
    private readonly Dense _denseOutput = new(originalDim, Activation.Sigmoid);

    protected override SymbolicTensor Forward(SymbolicTensor inputs)
    {
        var x = _denseProj.Call(inputs);
        return _denseOutput.Call(x);
    }
}

sealed class VariationalAutoEncoder(int originalDim, int intermediateDim = 64, int latentDim = 32, string name = "autoencoder") : Model(name)
{
    private readonly Encoder _encoder = new(latentDim: latentDim, intermediateDim: intermediateDim);
    private readonly Decoder _decoder = new(originalDim, intermediateDim: intermediateDim);

    protected override SymbolicTensor Forward(SymbolicTensor inputs)
    {
        var (zMean, zLogVar, z) = _encoder.Call(inputs);
        var reconstructed = _decoder.Call(z);
        var klLoss = -0.5 * Ops.Mean(zLogVar - Ops.Square(zMean) - Ops.Exp(zLogVar) + 1);
        AddLoss(klLoss);
        return reconstructed;
    }
}
