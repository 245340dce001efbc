using System.CommandLine;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Trains one of three networks on MNIST's four idx files.</summary>
internal static class TrainCommand
{
    private const int Side = 28;

    private static readonly string[] s_models = ["mlp", "cnn", "lstm"];

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "The folder with MNIST's four idx files, .gz or plain.", Required = true };
        var kind = new Option<string>("--model") { Description = "mlp, cnn or lstm (28 rows as time steps).", DefaultValueFactory = _ => "cnn" };
        kind.AcceptOnlyFromAmong(s_models);
        var (epochs, output, seed, threads) = (CommonOptions.Epochs(5), CommonOptions.Out("mnist.onnx"), CommonOptions.Seed(), CommonOptions.Threads());
        var (precision, resume, checkpointSteps, epochFiles) = (
            CommonOptions.Precision(),
            CommonOptions.Resume(),
            CommonOptions.CheckpointSteps(),
            CommonOptions.EpochFiles());
        var mnist = new Command("mnist", "Handwritten digits, 60,000 to learn from and 10,000 held out.")
        {
            data,
            kind,
            epochs,
            output,
            seed,
            threads,
            precision,
            resume,
            checkpointSteps,
            epochFiles,
        };
        mnist.SetAction(parsed => CommandLine.Run(interruption =>
        {
            OnnxFile.CheckWritable(parsed.GetRequiredValue(output));
            var folder = parsed.GetRequiredValue(data);
            var network = parsed.GetRequiredValue(kind);
            var options = new ClassificationOptions(parsed.GetRequiredValue(output))
            {
                Epochs = parsed.GetValue(epochs),
                Seed = parsed.GetValue(seed),
                Threads = parsed.GetValue(threads),
                Precision = Enum.Parse<MixedPrecision>(parsed.GetRequiredValue(precision), ignoreCase: true),
                BatchSize = network == "mlp" ? 128 : 64,
                Checkpoint = Path.ChangeExtension(parsed.GetRequiredValue(output), ".checkpoint.onnx"),
                CheckpointSteps = parsed.GetValue(checkpointSteps),
                EpochFiles = parsed.GetValue(epochFiles),
                Resume = parsed.GetValue(resume),
            };
            return Classification.Run(
                Network(network, options.Seed),
                Load(folder, "train", network),
                Load(folder, "t10k", network),
                options,
                interruption);
        }));
        return new Command("train", "Train a network on a known data set, export and verify it.") { mnist };
    }

    public static Model Network(string kind, ulong seed)
    {
        var image = kind == "lstm" ? Model.Input([Side, Side], name: "image") : Model.Input([Side, Side, 1], name: "image");
        var scores = kind switch
        {
            "mlp" => image.Apply(
                new Flatten(),
                new Dense(512, Activation.Relu),
                new Dropout(0.2),
                new Dense(512, Activation.Relu),
                new Dropout(0.2),
                new Dense(10, Activation.Softmax, name: "digit")),
            "lstm" => image.Apply(new Lstm(64), new Dense(10, Activation.Softmax, name: "digit")),
            _ => image.Apply(
                new Conv2D(32, 3, activation: Activation.Relu), new MaxPooling2D(2), new Conv2D(64, 3, activation: Activation.Relu), new MaxPooling2D(2),
                new Flatten(), new Dense(128, Activation.Relu), new Dropout(0.4), new Dense(10, Activation.Softmax, name: "digit")),
        };
        return new Model(image, scores, name: "mnist_" + kind, seed: seed);
    }

    private static (NDArray X, NDArray Y) Load(string folder, string part, string network)
    {
        if (!Directory.Exists(folder)) throw new DataException($"There is no folder {folder}. Give the one that holds MNIST's four files with --data.");
        var pixels = Idx.ReadImages(Find(folder, part + "-images-idx3-ubyte"));
        var labels = Idx.ReadLabels(Find(folder, part + "-labels-idx1-ubyte"));
        if (pixels.Lengths[1] != Side || pixels.Lengths[2] != Side)
            throw new DataException($"The images of {part} have {pixels.Lengths[1]} x {pixels.Lengths[2]} pixels; expected {Side} x {Side}.");
        if (pixels.Lengths[0] != labels.Lengths[0])
            throw new DataException($"{part} has {pixels.Lengths[0]} images but {labels.Lengths[0]} labels. Download both files again.");
        var count = (int)pixels.Lengths[0];
        var values = new float[pixels.FlattenedLength];
        pixels.FlattenTo(values);
        return (NDArray.Create(values, network == "lstm" ? [count, Side, Side] : [count, Side, Side, 1]), labels);
    }

    private static string Find(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? path
            : File.Exists(path + ".gz") ? path + ".gz"
            : throw new DataException($"{folder} has neither {name} nor {name}.gz. Give the folder that holds MNIST's four idx files with --data.");
    }
}
