using System.CommandLine;
using OnnxFunctional.Cli.Usage;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    // A batch of more samples is hardly meant, and its plan may not fit into memory.
    private const int LargestBatch = 1 << 20;

    private static readonly string[] s_otherModels = [".keras", ".json", ".h5"];

    public static Option<ulong> Seed() => Typed.Natural("--seed", "The seed of initial weights, shuffling and dropout.");

    public static Option<int?> Threads() =>
        Typed.WholeOrNone("--threads", "Threads of the engine; by default as many as the process may use. The result is the same.");

    public static Option<string> Out(string standard)
    {
        var option = new Option<string>("--out") { Description = "The ONNX file to write.", HelpName = "FILE", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            // Other extensions say that the user expects another kind of file.
            if (result.Tokens.Count == 1 && s_otherModels.Contains(Path.GetExtension(result.Tokens[0].Value), StringComparer.OrdinalIgnoreCase))
                result.AddError($"--out is '{result.Tokens[0].Value}'; expected a name that ends in .onnx. onnxf convert makes a .keras file of it.");
        });
        return option;
    }

    public static Option<int> BatchSize(string description, int standard) => Typed.Whole("--batch-size", description, standard, most: LargestBatch);

    public static Option<int?> BatchSizeOrNone(string description) => Typed.WholeOrNone("--batch-size", description, most: LargestBatch);

    public static Argument<string> Model(string description) => new("MODEL") { Description = description };
}
