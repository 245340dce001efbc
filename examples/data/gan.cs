#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// A generator learns to draw digits from noise, because a discriminator learns to tell them from real ones:
// https://keras.io/guides/custom_train_step_in_tensorflow/
var folder = args.Length > 0 ? args[0] : "../shared/data";
var table = CsvTable.Read(Path.Combine(folder, "digits.csv.gz"), hasHeader: false);
var pixels = new float[table.Rows * 64];
table.GetFloatsExcept("64").FlattenTo(pixels);
for (var i = 0; i < pixels.Length; i++) pixels[i] = (pixels[i] / 8) - 1;
var images = NDArray.Create(pixels, [table.Rows, 64]);
NDArray digits = table.GetLabels("64");
int[] train = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 != 4)];
int[] test = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 == 4)];

const int Latent = 32;
var noise = Model.Input([Latent], name: "noise");
var drawn = noise.Apply(
    new Dense(128),
    new BatchNormalization(momentum: 0.9),
    new Relu(),
    new Dense(128, Activation.Relu),
    new Dense(64, Activation.Tanh, name: "image"));
var generator = new Model(noise, drawn, "generator", seed: 1);
var image = Model.Input([64], name: "image");
var discriminator = new Model(
    image,
    image.Apply(new Dense(128, Activation.LeakyRelu), new Dropout(0.3), new Dense(64, Activation.LeakyRelu), new Dropout(0.3), new Dense(1)),
    "discriminator",
    seed: 2);

Loss judgement = new BinaryCrossentropy(fromLogits: true);
var learnToTell = TrainingStep.From(step =>
{
    var real = step.Input([64], name: "image");
    var onReal = discriminator.Call(real);
    var onMade = discriminator.Call(generator.Call(step.RandomNormal(real, [Latent])));
    step.Minimize(
        "discriminator",
        judgement.Call(Ops.OnesLike(onReal) * 0.9f, onReal) + judgement.Call(Ops.ZerosLike(onMade), onMade),
        new Adam(4e-4, beta1: 0.5),
        discriminator);
}, seed: 3);
var learnToMake = TrainingStep.From(step =>
{
    var onMade = discriminator.Call(generator.Call(step.RandomNormal(step.Input([64], name: "image"), [Latent])));
    step.Minimize("generator", judgement.Call(Ops.OnesLike(onMade), onMade), new Adam(4e-4, beta1: 0.5), generator);
}, seed: 4);

// A classifier that saw real digits only says whether drawings look like digits (each surely one of them) and like all of them:
// https://arxiv.org/abs/1606.03498
var judge = new Model(image, image.Apply(new Dense(64, Activation.Relu), new Dropout(0.3), new Dense(10, Activation.Softmax)), "judge", seed: 5);
judge.Compile(new Adam(3e-3), Loss.SparseCategoricalCrossentropy).Fit(images.Take(train), digits.Take(train), epochs: 15, verbose: 0);
var random = new Random(6);
var sample = NDArray.Create(
    [.. Enumerable.Range(0, 1000 * Latent).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble())))],
    [1000, Latent]);
var before = Score(generator.Predict(sample, 1000));

const int Size = 64;
var batches = Dataset.From(images.Take(train), digits.Take(train)).Shuffle(train.Length, seed: 7).Batch(Size, dropRemainder: true);
for (var epoch = 0; epoch < 150; epoch++)
{
    var (told, made) = (0.0, 0.0);
    foreach (var batch in batches)
    {
        told = learnToTell.Run(batch.X)["discriminator"];
        made = learnToMake.Run(batch.X)["generator"];
    }

    if (epoch % 25 == 24)
        Console.WriteLine($"epoch {epoch + 1}: discriminator {told:F3}, generator {made:F3}, score {Score(generator.Predict(sample, 1000)):F2}");
}

Console.WriteLine(generator.ExportOnnx("generator.onnx"));
using var onnx = OnnxModel.Load("generator.onnx");
var drawings = onnx.Predict(sample);
Console.WriteLine($"held out: real digits score {Score(images.Take(test)):F2} of 10, drawings before training {before:F2}, "
    + $"from the exported file score {Score(drawings):F2}");
for (var row = 0; row < 8; row++)
{
    for (var drawing = 0; drawing < 6; drawing++)
    {
        for (var column = 0; column < 8; column++) Console.Write(" .:*#"[(int)((drawings[drawing, (row * 8) + column] + 1) * 2.49f)]);
        Console.Write("  ");
    }

    Console.WriteLine();
}

// The exponential of the mean divergence of p(digit | image) from p(digit): 1 where all look alike or unclear, 10 where all ten are drawn clearly.
double Score(NDArray drawn)
{
    var p = judge.Predict(drawn, 1000);
    var count = p.Count;
    var mean = new double[10];
    for (var i = 0; i < count; i++)
    {
        for (var j = 0; j < 10; j++) mean[j] += p[i, j] / (double)count;
    }

    var divergence = 0.0;
    for (var i = 0; i < count; i++)
    {
        for (var j = 0; j < 10; j++) divergence += p[i, j] * Math.Log((p[i, j] + 1e-12) / (mean[j] + 1e-12)) / count;
    }

    return Math.Exp(divergence);
}
