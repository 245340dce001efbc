#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var inputs = Model.Input([32]);
var x = new Dense(64, Activation.Relu).Call(inputs);
var outputs = new Dense(10).Call(x);
var functional = new Model(inputs, outputs);

// The same as a class. It has weights once it was called.
var mlp = new Mlp();
var y = mlp.Predict(new float[1, 32]);
Console.WriteLine($"{y.Shape}, {functional.CountParams()} and {mlp.CountParams()} weights");

sealed class Mlp : Model
{
    private readonly Dense _dense1 = new(64, Activation.Relu);
    private readonly Dense _dense2 = new(10);

    protected override SymbolicTensor Forward(SymbolicTensor inputs)
    {
        var x = _dense1.Call(inputs);
        return _dense2.Call(x);
    }
}
