using System.CommandLine;
using System.Globalization;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    public static Option<ulong> Seed() => new("--seed") { Description = "The seed of initial weights, shuffling and dropout.", DefaultValueFactory = _ => 0 };

    public static Option<int?> Threads() =>
        Positive(
            new Option<int?>("--threads") { Description = "Threads of the engine; by default as many as the process may use. The result is the same." });

    public static Option<int> Epochs(int standard) =>
        Positive(new Option<int>("--epochs") { Description = "How often to go through all samples.", DefaultValueFactory = _ => standard });

    public static Option<string> Out(string standard) => new("--out") { Description = "The ONNX file to write.", DefaultValueFactory = _ => standard };

    public static Option<string> Precision()
    {
        var option = new Option<string>("--precision")
        {
            Description = "The type of a step's activations: float32, float16 or bfloat16. Weights stay float32.",
            DefaultValueFactory = _ => "float32",
        };
        option.AcceptOnlyFromAmong("float32", "float16", "bfloat16");
        return option;
    }

    private static Option<T> Positive<T>(Option<T> option)
    {
        option.Validators.Add(result =>
        {
            // The parser itself reports what is not a number.
            if (result.Tokens.Count == 1
                && int.TryParse(result.Tokens[0].Value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value)
                && value < 1)
                result.AddError($"{option.Name} is {result.Tokens[0].Value}; expected at least 1.");
        });
        return option;
    }

    public static Option<string?> Resume() => new("--resume")
    {
        Description = "Resumes from this checkpoint, with the data and options of the first run; the result is that of a run that never stopped.",
    };

    public static Option<int?> CheckpointSteps() => new("--checkpoint-steps")
    {
        Description = "Writes the checkpoint (OUT.checkpoint.onnx) also after so many steps; by default only after epochs and on Ctrl+C.",
    };

    public static Option<string?> EpochFiles() =>
        new("--epoch-files")
        {
            Description = "Also saves the model after each epoch, in files of this name: in mnist.{epoch:00}.{loss:F3}.onnx "
                + "the epoch's number and its loss are filled in.",
        };
}
