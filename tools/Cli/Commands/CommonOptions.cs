using System.CommandLine;

namespace OnnxFunctional.Cli.Commands;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    public static Option<ulong> Seed() => new("--seed") { Description = "What first values, order and dropout are drawn from.", DefaultValueFactory = _ => 0 };

    public static Option<int?> Threads() => new("--threads") { Description = "Threads of the engine; as many as the process may use if none are given. The result is the same." };

    public static Option<int> Epochs(int standard) => new("--epochs") { Description = "How often all samples are gone through.", DefaultValueFactory = _ => standard };

    public static Option<string> Out(string standard) => new("--out") { Description = "The ONNX file to write.", DefaultValueFactory = _ => standard };
}
