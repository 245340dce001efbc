#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// ResNet18, which has learned from 1.3 million photos, on other images: a folder with a subfolder of images per class. A quarter of them is held out.
var models = args.Length > 0 ? args[0] : "models";
var images = args.Length > 1 ? args[1] : "digits";
var output = Directory.CreateDirectory(args.Length > 2 ? args[2] : ".").FullName;
var clock = Stopwatch.StartNew();
string Time() => $"{clock.Elapsed.TotalSeconds:F0} s";

// Two files of ML.NET's package: what prepares pixels (blue first, the mean photo subtracted), and the network up to its 512 features.
var prepare = OnnxFile.LoadModel(Path.Combine(models, "ResNetPreprocess.onnx"));
var resnet = OnnxFile.LoadModel(Path.Combine(models, "ResNet18.onnx"));
Console.WriteLine($"opened and compared with ONNX Runtime at every node: {resnet.CountParams():N0} weights, {Time()}");

// The network in two: what stays as it is, and its last residual block. What the head reads is the 512 features of the file, and what goes into the block,
// over all places the mean and the largest.
var image = Model.Input([224, 224, 3], name: "image");
var middle = resnet.GetLayer("ReLU379").Output;
var trunk = new Model(resnet.Inputs, middle, name: "trunk");
var block = new Model(
    middle,
    Ops.Concatenate([new Flatten().Call(resnet.Output), new GlobalAveragePooling2D().Call(middle), new GlobalMaxPooling2D().Call(middle)]),
    name: "block");
var frozen = new Model(image, trunk.Call(prepare.Call(new Permute([3, 1, 2]).Call(image))), name: "frozen");

// What the frozen part computes is computed once per image.
var folder = ImageFolder.Open(images, 224, 224, validationSplit: 0.25, seed: 1);
Dataset<Batch> Through(Model model, Dataset<Batch> batches) => batches.Map(batch => batch with { X = model.Predict(batch.X) }).Cache();
var (train, test) = (Through(frozen, folder.Training), Through(frozen, folder.Validation));
var (trainFeatures, testFeatures) = (Through(block, train), Through(block, test));
var batches = trainFeatures.Count();
Console.WriteLine($"{folder.TrainingCount} images in {folder.ClassNames.Count} classes, {folder.ValidationCount} held out");
Console.WriteLine($"features of the images to learn from after {Time()}");

var features = Model.Input([3 * 512]);
var normalization = new BatchNormalization();
var head = new Model(
    features,
    features.Apply(normalization, new Dropout(0.5), new Dense(folder.ClassNames.Count, Activation.Softmax, name: "class")),
    name: "head",
    seed: 1);
var trainer = head.Compile(new Adam(Schedule.CosineDecay(3e-3, 8 * batches)), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
trainer.Fit(trainFeatures, epochs: 8, verbose: Verbosity.Silent);
var before = trainer.Evaluate(testFeatures, verbose: Verbosity.Silent)["accuracy"];
Console.WriteLine($"head trained: accuracy {before:F4} after {Time()}");

// The last block learns too, with the head, by small steps. All normalizations keep their statistics: the block's are constants of the file.
normalization.Trainable = false;
var tail = new Model(middle, head.Call(block.Output), name: "tail");
trainer = tail.Compile(new Adam(Schedule.CosineDecay(1e-4, batches)), Loss.SparseCategoricalCrossentropy, metrics: [Metric.Accuracy]);
trainer.Fit(train, verbose: Verbosity.Silent);
var after = trainer.Evaluate(test, verbose: Verbosity.Silent)["accuracy"];
Console.WriteLine($"held out: frozen {before:F4}, last block trained accuracy {after:F4} after {Time()}");

var model = new Model(image, tail.Call(frozen.Output), name: "classifier");
Console.WriteLine(model.ExportOnnx(Path.Combine(output, "resnet18.onnx")));
Console.WriteLine($"written and compared after {Time()}");

// Held-out images and what the engine says about them, for node/classify.mjs.
NDArray held = folder.Validation.First().X[0][..20];
var probabilities = (float[,])model.Predict(held);
File.WriteAllBytes(Path.Combine(output, "held_out.bin"), MemoryMarshal.AsBytes<float>(held.ToArray()).ToArray());
File.WriteAllText(Path.Combine(output, "held_out.json"), JsonSerializer.Serialize(new
{
    classes = folder.ClassNames,
    shape = (int[])[20, 224, 224, 3],
    probabilities = Enumerable.Range(0, 20).Select(i => Enumerable.Range(0, folder.ClassNames.Count).Select(j => probabilities[i, j])),
}));
