#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var image = Model.Input([64, 64, 1]);
var scores = image.Apply(
    new Conv2D(32, 3, activation: Activation.Relu), new MaxPooling2D(2),
    new Conv2D(64, 3, activation: Activation.Relu), new MaxPooling2D(2),
    new Flatten(), new Dense(64, Activation.Relu), new Dense(10, Activation.Softmax));
var model = new Model(image, scores);

// Ten classes: a bright stripe in one of ten places.
var random = new Random(1);
var pixels = new float[64, 64, 64, 1];
var labels = new int[64];
for (var i = 0; i < 64; i++)
{
    labels[i] = i % 10;
    for (var row = 0; row < 64; row++)
    {
        for (var column = 0; column < 64; column++) pixels[i, row, column, 0] = (column / 6 == labels[i] ? 1 : 0) + (0.1f * random.NextSingle());
    }
}

var trainer = model.Compile(new Adam(), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
trainer.Fit(pixels, labels, epochs: 6, batchSize: 16);
Console.WriteLine(model.ExportOnnx("cnn.onnx"));
