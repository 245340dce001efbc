using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace OnnxFunctional.Cli.Usage;

/// <summary>Help that ends with examples.</summary>
/// <param name="help">Writes the help before them.</param>
internal sealed class Examples(HelpAction help) : SynchronousCommandLineAction
{
    private static readonly (string Command, string[] Lines)[] s_rows =
    [
        ("quickstart", ["onnxf quickstart"]),
        ("new", ["onnxf new MyModel", "onnxf new MyModel --source packages"]),
        (
            "train",
            [
                "onnxf train mlp --data flowers.csv --target species --out flowers.onnx",
                "onnxf train cnn --data photos --image-size 64 --out photos.onnx",
                "onnxf train lstm --data series.npz --epochs 20 --patience 3 --out series.onnx",
                "onnxf train model.keras --data data.npz --out model.onnx --log log.csv",
                "onnxf train pretrained.onnx --data photos --trainable \"classifier*\" --out mine.onnx",
            ]
        ),
        ("evaluate", ["onnxf evaluate flowers.onnx --data test.csv", "onnxf evaluate model.keras --data test.npz --metric auc"]),
        ("predict", ["onnxf predict flowers.onnx --data new.csv --out predictions.csv", "onnxf predict photos.onnx --data photo.jpg --json"]),
        (
            "convert",
            [
                "onnxf convert model.keras model.onnx",
                "onnxf convert model.onnx model.keras",
                "onnxf convert others.onnx mine.onnx --target 1.17:cuda",
                "onnxf convert model.keras phone.onnx --target latest:coreml --size batch=1",
            ]
        ),
        ("prune", ["onnxf prune model.onnx small.onnx --amount 0.5"]),
        (
            "quantize",
            [
                "onnxf quantize digits.onnx --data digits.csv --max-drop 0.01 --out int8.onnx",
                "onnxf quantize photos.onnx --data photos --method percentile --keep \"head*\"",
                "onnxf quantize digits.onnx --data digits.csv --type float16-weights --out half.onnx",
                "onnxf quantize texts.onnx --data texts.npz --type int4-weights --gptq --out int4.onnx",
            ]
        ),
        (
            "compress",
            [
                "onnxf compress digits.onnx --data digits.csv --max-drop 0.005 --out small.onnx",
                "onnxf compress photos.onnx --data photos --amount 0.4 --amount 0.2 --epochs 5",
            ]
        ),
        ("bench", ["onnxf bench model.onnx --batch-size 64"]),
        ("verify", ["onnxf verify model.onnx", "onnxf verify deployed.onnx --against model.keras"]),
        ("summary", ["onnxf summary model.onnx", "onnxf summary others.onnx --show-macs --show-activation-memory"]),
        ("plot", ["onnxf plot model.keras model.png --show-shapes", "onnxf plot others.onnx model.svg --fold-repeats --rankdir LR"]),
        (
            "report",
            [
                "onnxf report flowers.onnx --data test.csv --history log.csv --out flowers.html",
                "onnxf report others.onnx --data photos --classes cat,dog",
                "onnxf report model.keras",
            ]
        ),
    ];

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>The examples of a command.</summary>
    public static IReadOnlyList<string> Of(string command) => Array.Find(s_rows, row => row.Command == command).Lines ?? [];

    /// <summary>Adds examples to the help of a program.</summary>
    public static void AddTo(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            if (option.Action is HelpAction help) option.Action = new Examples(help);
        }
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command;
        if (command is RootCommand)
        {
            output.WriteLine("onnxf COMMAND --help says more about a command.");
            return code;
        }

        output.WriteLine("Examples:");
        foreach (var line in Of(command.Name)) output.WriteLine("  " + line);
        return code;
    }
}
