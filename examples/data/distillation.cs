#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// A small network that is given 150 images learns more from what a large one thinks of each of them than from their labels alone:
// https://keras.io/examples/vision/knowledge_distillation/
var folder = args.Length > 0 ? args[0] : "../shared/data";
var table = CsvTable.Read(Path.Combine(folder, "digits.csv.gz"), hasHeader: false);
var pixels = new float[table.Rows * 64];
table.GetFloatsExcept("64").FlattenTo(pixels);
for (var i = 0; i < pixels.Length; i++) pixels[i] /= 16;
var images = NDArray.Create(pixels, [table.Rows, 8, 8, 1]);
NDArray digits = table.GetLabels("64");
int[] train = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 != 4)];
int[] test = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 == 4)];
var (trainX, trainY, testX, testY) = (images.Take(train), digits.Take(train), images.Take(test), digits.Take(test));

var image = Model.Input([8, 8, 1], name: "image");
var teacher = new Model(image, image.Apply(
    new Conv2D(32, 3, padding: Padding.Same), new BatchNormalization(momentum: 0.9),
    new Relu(), new Conv2D(64, 3, activation: Activation.Relu), new MaxPooling2D(2), new Flatten(),
    new Dropout(0.4), new Dense(10)), "teacher", seed: 1);
Loss fromLogits = new SparseCategoricalCrossentropy(fromLogits: true);
teacher.Compile(new Adam(2e-3), fromLogits).Fit(trainX, trainY, epochs: 12, verbose: 0);
Console.WriteLine(
    $"teacher, from {train.Length:N0} images: {teacher.Weights.Sum(weight => weight.Value.FlattenedLength):N0} weights, accuracy {Accuracy(teacher):F4}");

const float Temperature = 8, Alpha = 0.1f;
int[] few = [.. Enumerable.Range(0, 150)];
var (alone, distilled) = (0.0, 0.0);
const int Seeds = 5;
Model student = teacher;
for (var seed = 0; seed < Seeds; seed++)
{
    alone += Accuracy(Taught(seed, byTeacher: false)) / Seeds;
    distilled += Accuracy(student = Taught(seed, byTeacher: true)) / Seeds;
}

var size = student.Weights.Sum(weight => weight.Value.FlattenedLength);
Console.WriteLine($"held out: {Seeds} students of {size:N0} weights, from {few.Length} labels alone {alone:F4}, "
    + $"distilled accuracy {distilled:F4}, gain {distilled - alone:F4}");
Console.WriteLine(student.ExportOnnx("student.onnx"));

Model Taught(int seed, bool byTeacher)
{
    var pupil = new Model(image, image.Apply(new Flatten(), new Dense(24, Activation.Relu), new Dense(10)), "student", seed: (ulong)seed + 10);
    var step = TrainingStep.From(step =>
    {
        var (x, y) = (step.Input([8, 8, 1], name: "image"), step.Input([], DType.Int64, "digit"));
        var logits = pupil.Call(x);
        var hard = fromLogits.Call(y, logits);

        // Squared, because the gradient of the soft loss shrinks with the temperature as 1 / T^2.
        var soft = Loss.KLDivergence.Call(
            Ops.Softmax(teacher.Call(x, training: false) / Temperature),
            Ops.Softmax(logits / Temperature)) * (Temperature * Temperature);
        step.Minimize("loss", byTeacher ? (hard * Alpha) + (soft * (1 - Alpha)) : hard, new Adam(3e-3), pupil);
    });
    var batches = Dataset.From(trainX.Take(few), trainY.Take(few)).Shuffle(few.Length, (ulong)seed).Batch(32);
    for (var epoch = 0; epoch < 200; epoch++)
    {
        foreach (var batch in batches) step.Run([.. batch.X, .. batch.Y]);
    }

    return pupil;
}

double Accuracy(Model model)
{
    var logits = model.Predict(testX, 512);
    var right = 0;
    for (var i = 0; i < test.Length; i++) right += Enumerable.Range(0, 10).MaxBy(j => logits[i, j]) == testY[i] ? 1 : 0;
    return (double)right / test.Length;
}
