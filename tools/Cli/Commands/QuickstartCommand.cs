using System.CommandLine;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Commands;

/// <summary>The main job on bundled data: a small convolutional network on the UCI digits, from data to a verified file.</summary>
internal static class QuickstartCommand
{
    private const int Side = 8;
    private const float LargestPixel = 16;

    public static Command Create()
    {
        var epochs = Typed.Whole("--epochs", "How often to go through all samples.", 30);
        var (output, seed, threads) = (CommonOptions.Out("digits.onnx"), CommonOptions.Seed(), CommonOptions.Threads());
        var command = new Command("quickstart", "Train a small network on the bundled digits, export it, verify it, run it.")
        {
            epochs,
            output,
            seed,
            threads,
        };
        return command.Runs((parsed, report, interruption) =>
        {
            OnnxFile.CheckWritable(parsed.GetRequiredValue(output));
            var (train, test) = Digits(Path.Combine(AppContext.BaseDirectory, "Data", "digits.csv.gz"));
            var options = new TrainingOptions(parsed.GetRequiredValue(output))
            {
                Epochs = parsed.GetValue(epochs),
                Seed = parsed.GetValue(seed),
                Threads = parsed.GetValue(threads),
                BatchSize = 32,
                LearningRate = 3e-3,
            };
            var goal = new Goal(Loss.SparseCategoricalCrossentropy, [Metric.Accuracy], null);
            var description = new DataDescription("digit", train.Targets[0].Classes, null, []);
            return new TrainingJob(Network(options.Seed), train, test, [goal], description, options).Run(report, interruption);
        });
    }

    /// <summary>Two convolutions, a pooling, dropout.</summary>
    public static Model Network(ulong seed)
    {
        var image = Model.Input([Side, Side, 1], name: "image");
        var scores = image.Apply(
            new Conv2D(32, 3, padding: Padding.Same, activation: Activation.Relu),
            new Conv2D(32, 3, activation: Activation.Relu),
            new MaxPooling2D(2),
            new Dropout(0.25),
            new Flatten(),
            new Dense(64, Activation.Relu),
            new Dropout(0.4),
            new Dense(10, Activation.Softmax, name: "digit"));
        return new Model(image, scores, name: "digits", seed: seed);
    }

    /// <summary>Images and labels, every fifth sample held out; the file's order has no pattern over five rows.</summary>
    private static (LoadedData Train, LoadedData Test) Digits(string path)
    {
        var table = CsvTable.Read(path, hasHeader: false);
        var count = table.Rows;
        var label = (Side * Side).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var pixels = new float[count * Side * Side];
        table.GetFloatsExcept(label).FlattenTo(pixels);
        for (var i = 0; i < pixels.Length; i++) pixels[i] /= LargestPixel;
        NDArray labels = table.GetLabels(label);
        var images = NDArray.Create(pixels, [count, Side, Side, 1]);
        var all = new LoadedData(
            new() { ["image"] = images }, [new("digit", labels, TaskKind.Classification, Target.Numbered(10))], null);
        return (all.Take([.. Enumerable.Range(0, count).Where(i => i % 5 != 4)]), all.Take([.. Enumerable.Range(0, count).Where(i => i % 5 == 4)]));
    }
}
