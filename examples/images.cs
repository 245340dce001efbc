#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
#:package SkiaSharp
#:package SkiaSharp.NativeAssets.Linux.NoDependencies
using System.Diagnostics;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;
using SkiaSharp;

// A folder of photographs, decoded and augmented on other threads while a step runs: dotnet run -c Release examples/images.cs 50000
var count = args.Length > 0 ? int.Parse(args[0]) : 256;
const int Size = 64;
var folder = Directory.CreateTempSubdirectory("shapes-").FullName;
Parallel.For(0, count, Draw);

var images = ImageFolder.Open(folder, Size, Size, LabelMode.Binary, validationSplit: 0.1);
var training = images.Training.Augment(new Pipeline([new RandomFlip(), new RandomBrightness(0.1)]));

var input = Model.Input([Size, Size, 3]);
var model = new Model(input, input.Apply(
    new Rescaling(1.0 / 255),
    new Conv2D(16, 5, strides: 2, activation: Activation.Relu),
    new Conv2D(32, 3, strides: 2, activation: Activation.Relu),
    new Conv2D(32, 3, activation: Activation.Relu),
    new GlobalMaxPooling2D(),
    new Dense(1, Activation.Sigmoid)));
var trainer = model.Compile(new Adam(0.003), Loss.BinaryCrossentropy, metrics: [Metric.Accuracy]);

var before = Environment.WorkingSet;
var clock = Stopwatch.StartNew();
trainer.Fit(training, epochs: 2, verbose: Verbosity.Silent);
var (seconds, profile) = (clock.Elapsed.TotalSeconds, training.Profile);
Console.WriteLine(profile);
Console.WriteLine($"{2 * images.TrainingCount / seconds:F0} images a second; steps waited {profile.Waited.TotalSeconds / seconds:P1} of the time");
Console.WriteLine($"memory grew by {(Process.GetCurrentProcess().PeakWorkingSet64 - before) >> 20} MB at most");
Console.WriteLine($"held out: {trainer.Evaluate(images.Validation, verbose: Verbosity.Silent)}");
Console.WriteLine(model.ExportOnnx("images.onnx"));
Directory.Delete(folder, recursive: true);

// A disc or a square, in any colors, at any place, as a JPEG.
void Draw(int i)
{
    var random = new Random(i);
    using var bitmap = new SKBitmap(Size, Size);
    using var canvas = new SKCanvas(bitmap);
    using var ground = new SKPaint { Shader = SKShader.CreateLinearGradient(new(0, 0), new(Size, Size), [Color(), Color()], SKShaderTileMode.Clamp) };
    using var ink = new SKPaint { Color = Color(), IsAntialias = true };
    canvas.DrawRect(0, 0, Size, Size, ground);
    var (x, y, r) = (random.Next(14, Size - 14), random.Next(14, Size - 14), random.Next(9, 14));
    if (i % 2 == 0) canvas.DrawCircle(x, y, r, ink);
    else canvas.DrawRect(x - r, y - r, 2 * r, 2 * r, ink);
    canvas.Flush();
    var path = Directory.CreateDirectory(Path.Combine(folder, i % 2 == 0 ? "disc" : "square")).FullName;
    using var file = File.Create(Path.Combine(path, $"{i:000000}.jpg"));
    bitmap.Encode(file, SKEncodedImageFormat.Jpeg, 90);

    SKColor Color() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
}
