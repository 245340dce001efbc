#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;

var pixels = Model.Input([64]);
var encoder = new Encoder();
var model = new Model(pixels, new Dense(64, Activation.Sigmoid).Call(encoder.Call(pixels)));
model.Summary();
Console.WriteLine(model.ExportOnnx("subclass.onnx"));

var block = new ResidualBlock(64);
var deep = new Model(pixels, block.Call(block.Call(pixels)));       // called twice: the weights are shared
foreach (var weight in deep.Weights) Console.WriteLine($"{weight.Name} {weight.Shape}");
Console.WriteLine(deep.ExportOnnx("deep.onnx"));

// A model as a class: fields for its layers, and what it computes with them. It is built when it is called, or given a shape: encoder.Build([64]).
sealed class Encoder : Model
{
    private readonly Dense _hidden = new(32, Activation.Relu), _code = new(8);

    protected override SymbolicTensor Forward(SymbolicTensor x) => _code.Call(_hidden.Call(x));
}

// A layer of layers: their weights are found and named residual_block/dense/kernel.
sealed class ResidualBlock(int units) : Layer
{
    private readonly Dense _inner = new(units, Activation.Relu);
    private readonly Dense _outer = new(units);

    protected override SymbolicTensor Forward(SymbolicTensor x) => _outer.Call(_inner.Call(x)) + x;
}
