#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;

var inputs = Model.Input([4]);
var outputs = new CustomDense(10).Call(inputs);
var model = new Model(inputs, outputs);

model.Summary();

sealed class CustomDense(int units = 32) : Layer
{
    protected override SymbolicTensor Forward(SymbolicTensor inputs)
    {
        var w = Weight("w", [inputs.Shape[^1], units], Initializer.RandomNormal, trainable: true);
        var b = Weight("b", [units], Initializer.RandomNormal, trainable: true);
        return Ops.MatMul(inputs, w) + b;
    }
}
