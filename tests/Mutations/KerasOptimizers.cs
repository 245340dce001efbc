using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>.keras files of trained models, read into trainers with the same optimizers.</summary>
internal static class KerasOptimizers
{
    private static readonly (string File, Func<Optimizer> Make)[] s_files =
    [
        ("adam", () => new Adam()), ("sgd", () => new Sgd(momentum: 0.9)), ("nadam", () => new Nadam()),
        ("rmsprop", () => new RmsProp(momentum: 0.5, centered: true)), ("adafactor", () => new Adafactor(0.02)), ("muon", () => new Muon(0.02)),
    ];

    private static readonly Lazy<IReadOnlyList<Trainer>> s_trainers = new(() =>
        [.. s_files.Select(entry => Model.Load(PathOf(entry.File)).Compile(entry.Make(), Loss.MeanSquaredError))]);

    public static IReadOnlyList<byte[]> All() => [.. s_files.Select(entry => File.ReadAllBytes(PathOf(entry.File)))];

    public static void Load(byte[] content)
    {
        // Each file fits one of the trainers.
        var path = Readers.Put("m.keras", content);
        for (var i = 0; ; i++)
        {
            try
            {
                s_trainers.Value[i].LoadOptimizer(path);
                return;
            }
            catch (ModelException) when (i < s_trainers.Value.Count - 1)
            {
                continue;
            }
        }
    }

    private static string PathOf(string name) => Repository.PathOf("tests", "Reference", "keras-optimizers", name + ".keras");
}
