#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Training;

var inputs = Model.Input([4]);
var outputs = new CustomDense(10).Call(inputs);
var model = new Model(inputs, outputs);
var config = model.ToJson();
var newModel = Model.FromJson(config, customObjects: new CustomObjects().Add<CustomDense>());

newModel.SetWeights(model.GetWeights());
float[,] samples = { { 1, 2, 3, 4 } };
Console.WriteLine($"equal: {model.Predict(samples).ToArray().SequenceEqual(newModel.Predict(samples).ToArray())}");

sealed class CustomDense(int units = 32) : Layer
{
    public int Units => units;

    protected override SymbolicTensor Forward(SymbolicTensor inputs)
    {
        var w = Weight("w", [inputs.Shape[^1], units], Initializer.RandomNormal, trainable: true);
        var b = Weight("b", [units], Initializer.RandomNormal, trainable: true);
        return Ops.MatMul(inputs, w) + b;
    }
}
