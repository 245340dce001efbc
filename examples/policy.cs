#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var input = Model.Input([4]);
var model = new Model(input, input.Apply(new Dense(16, Activation.Relu), new Dense(3, Activation.Softmax)));
float[,] x = { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } };
int[] y = [0, 1, 2];

// The rate falls along half a cosine; each gradient is scaled down to a norm of at most 1.
var annealed = model.Compile(new Adam(Schedule.CosineDecay(1e-3, decaySteps: 10_000), clipnorm: 1), Loss.SparseCategoricalCrossentropy);
annealed.Fit(x, y, epochs: 3);

// Or a callback sets the rate of each epoch.
var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy);
trainer.Fit(x, y, epochs: 3, callbacks: [new LearningRateScheduler(epoch => 0.001 * Math.Pow(0.1, epoch / 10))]);

// Activations and their gradients in 16 bits, weights and optimizer in 32; the loss is scaled while its gradient is in float16.
var half = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, precision: MixedPrecision.Float16);
half.Fit(x, y, epochs: 3);
Console.WriteLine(half.MeasureMemory(x, y));
Console.WriteLine(model.ExportOnnx("policy.onnx"));
