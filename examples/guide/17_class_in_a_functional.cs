#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

const int Units = 32, Timesteps = 10, InputDim = 5, BatchSize = 16;

var inputs = Model.Input(batchShape: [BatchSize, Timesteps, InputDim]);
var x = new Conv1D(32, 3).Call(inputs);
var outputs = new CustomRnn(Units).Call(x);
var model = new Model(inputs, outputs);

model.Summary();
Console.WriteLine(model.Predict(new float[BatchSize, Timesteps, InputDim], batchSize: BatchSize).Shape);
Console.WriteLine(model.ExportOnnx("custom_rnn.onnx"));

var rnnModel = new CustomRnn(Units);
Console.WriteLine(rnnModel.Call(Ops.Zeros([1, 10, 5])).Shape);

sealed class CustomRnn(int units) : Layer
{
    private readonly Dense _projection1 = new(units: units, activation: Activation.Tanh);
    private readonly Dense _projection2 = new(units: units, activation: Activation.Tanh);
    private readonly Dense _classifier = new(1);

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
        return _classifier.Call(features);
    }
}
