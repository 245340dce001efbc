#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Training;

var mlp = new MlpBlock();
mlp.Call(Ops.Ones([3, 64]));                    // the first call creates the weights
Console.WriteLine($"weights: {mlp.Weights.Count}, trainable weights: {mlp.TrainableWeights.Count}");

var inputs = Model.Input([3]);
var outputs = new CustomDropout(0.5).Call(new ActivityRegularizationLayer().Call(new Linear(4).Call(inputs)));
var model = new Model(inputs, outputs);
float[,] x = { { 0.1f, 0.2f, 0.3f }, { 0.4f, 0.5f, 0.6f } };

// What layers add is added to the loss of Compile, and may be all there is.
model.Compile(optimizer: new Adam(), loss: new MeanSquaredError()).Fit(x, new float[2, 4]);
model.Compile(optimizer: new Adam()).Fit(x);

var copy = Model.FromJson(model.ToJson(), new CustomObjects().Add<Linear>().Add<ActivityRegularizationLayer>().Add<CustomDropout>());
copy.SetWeights(model.GetWeights());
Console.WriteLine($"equal: {copy.Predict(x).ToArray().SequenceEqual(model.Predict(x).ToArray())}");

// The options are properties, so that a file can name them.
sealed class Linear(int units = 32, string? name = null) : Layer(name)
{
    public int Units => units;

    protected override SymbolicTensor Forward(SymbolicTensor inputs)
    {
        var w = Weight("w", [inputs.Shape[^1], units], Initializer.RandomNormal, trainable: true);
        var b = Weight("b", [units], Initializer.RandomNormal, trainable: true);
        return Ops.MatMul(inputs, w) + b;
    }
}

sealed class MlpBlock : Layer
{
    private readonly Linear _linear1 = new(32);
    private readonly Linear _linear2 = new(32);
    private readonly Linear _linear3 = new(1);

    protected override SymbolicTensor Forward(SymbolicTensor inputs)
    {
        var x = _linear1.Call(inputs);
        x = Activation.Relu.Apply(x);
        x = _linear2.Call(x);
        x = Activation.Relu.Apply(x);
        return _linear3.Call(x);
    }
}

sealed class ActivityRegularizationLayer(double rate = 1e-2, string? name = null) : Layer(name)
{
    public double Rate => rate;

    protected override SymbolicTensor Forward(SymbolicTensor inputs)
    {
        AddLoss(rate * Ops.Mean(inputs));
        return inputs;
    }
}

// Keras' "if training".
sealed class CustomDropout(double rate, string? name = null) : Layer(name)
{
    public double Rate => rate;

    protected override SymbolicTensor Forward(SymbolicTensor inputs) => Ops.WhenTraining(Ops.Dropout(inputs, rate), inputs);
}
