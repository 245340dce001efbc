#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

var inputs = Model.Input([8], name: "x");
var model = new Model(inputs, inputs.Apply(new Dense(16, Activation.Relu), new Dropout(0.2), new Dense(3, Activation.Softmax)));
var trainer = model.Compile(new Adam(0.01), new SparseCategoricalCrossentropy(), metrics: [new SparseCategoricalAccuracy()]);

// The whole training step as standard ONNX operators, verified against the engine: loss, gradients, dropout, Adam.
Console.WriteLine(trainer.ExportTraining("training"));

// From here on, only the folder is needed: on another machine, in any ONNX Runtime.
var (x, y) = Samples(64);
using var other = OnnxTrainer.Load("training");
for (var step = 0; step < 50; step++)
{
    var logs = other.TrainOnBatch(x, y);
    if (step % 10 == 0) Console.WriteLine($"step {step}: loss {logs["loss"]:F4}, accuracy {logs["sparse_categorical_accuracy"]:F2}");
}

// The trained weights come back for a normal, verified file.
Console.WriteLine(other.ToModel(model).ExportOnnx("model.onnx"));

static (float[,] X, int[] Y) Samples(int count)
{
    var random = new Random(1);
    var (x, y) = (new float[count, 8], new int[count]);
    for (var i = 0; i < count; i++)
    {
        y[i] = i % 3;
        for (var j = 0; j < 8; j++) x[i, j] = random.NextSingle() + (j % 3 == y[i] ? 1 : 0);
    }

    return (x, y);
}
