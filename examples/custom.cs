#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using System.Numerics.Tensors;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

Loss logCosh = Loss.From((yTrue, yPred) => Ops.Mean(Ops.Log(Ops.Cosh(yPred - yTrue)), axis: -1));

var input = Model.Input([3]);
var model = new Model(input, input.Apply(new Jitter(0.1f), new ScaledDense(8), new Dense(1)));
float[,] x = { { 1, 2, 3 }, { 0, -1, 2 }, { 1, 0, 1 } };
float[,] y = { { 1 }, { 0 }, { 0.5f } };
var trainer = model.Compile(new Adam(0.01), logCosh);
trainer.Fit(x, y, epochs: 5);

IReadOnlyDictionary<string, Tensor<float>> gradients = trainer.ComputeGradients(x, y);
foreach (var name in gradients.Keys) Console.WriteLine(name);
Console.WriteLine(GradientCheck.Run(model, Loss.MeanSquaredError, x, y));
Console.WriteLine(model.ExportOnnx("custom.onnx"));

sealed class ScaledDense(int units, string? name = null) : Layer(name)
{
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        var kernel = Weight("kernel", [x.Shape[^1], units], Initializer.GlorotUniform);
        var scale = Weight("scale", [units], Initializer.Ones);
        return Ops.MatMul(x, kernel) * scale;
    }
}

// Draws new random numbers in every training step; predictions and the file use the input itself.
sealed class Jitter(float stddev, string? name = null) : Layer(name)
{
    protected override SymbolicTensor Forward(SymbolicTensor x) => Ops.WhenTraining(x + Ops.RandomNormal(x, stddev: stddev), x);
}
