#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var sequence = Model.Input([100, 1]);
var model = new Model(sequence, sequence.Apply(new Lstm(64, returnSequences: true), new Lstm(32), new Dense(1, Activation.Sigmoid)));

// Does the last number exceed the first?
var random = new Random(1);
var values = new float[128, 100, 1];
var labels = new float[128];
for (var i = 0; i < 128; i++)
{
    for (var t = 0; t < 100; t++) values[i, t, 0] = random.NextSingle();
    labels[i] = values[i, 99, 0] > values[i, 0, 0] ? 1 : 0;
}

var trainer = model.Compile(new RmsProp(), Loss.BinaryCrossentropy, metrics: [Metric.BinaryAccuracy]);
trainer.Fit(values, labels, epochs: 2, batchSize: 32);
Console.WriteLine(model.ExportOnnx("lstm.onnx"));
