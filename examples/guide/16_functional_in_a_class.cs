#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;

const int Units = 32, Timesteps = 10, InputDim = 5;

var inputs = Model.Input([null, Units]);
var x = new GlobalAveragePooling1D().Call(inputs);
var outputs = new Dense(1).Call(x);
var model = new Model(inputs, outputs);

var rnnModel = new CustomRnn(Units, classifier: model);
var y = rnnModel.Call(Ops.Zeros([1, Timesteps, InputDim]));
Console.WriteLine($"{y.Shape}, {rnnModel.CountParams()} weights");

sealed class CustomRnn(int units, Model classifier) : Layer
{
    private readonly Dense _projection1 = new(units: units, activation: Activation.Tanh);
    private readonly Dense _projection2 = new(units: units, activation: Activation.Tanh);

    protected override SymbolicTensor Forward(SymbolicTensor inputs)
    {
        var outputs = new List<SymbolicTensor>();
        var state = Ops.Zeros([inputs.Shape[0], units]);
        for (var t = 0; t < inputs.Shape[1]; t++)
        {
            var x = inputs[.., t, ..];
            var h = _projection1.Call(x);
            var y = h + _projection2.Call(state);
            state = y;
            outputs.Add(y);
        }

        var features = Ops.Stack([.. outputs], axis: 1);
        return classifier.Call(features);
    }
}
