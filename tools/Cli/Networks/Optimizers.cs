using OnnxFunctional.Training;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Cli.Networks;

/// <summary>Optimizers by Keras' names, with their other options at Keras' defaults.</summary>
internal static class Optimizers
{
    // A little more than Keras' rate: it decays to a hundredth of it.
    private const double AdamRate = 2e-3;
    private const double UsualRate = 1e-3;
    private const double SgdRate = 1e-2;

    private static readonly (string Name, double Rate, Func<Schedule, Optimizer> Make)[] s_rows =
    [
        ("adam", AdamRate, rate => new Adam(rate)),
        ("adamw", AdamRate, rate => new AdamW(rate)),
        ("sgd", SgdRate, rate => new Sgd(rate)),
        ("rmsprop", UsualRate, rate => new RmsProp(rate)),
        ("nadam", AdamRate, rate => new Nadam(rate)),
        ("adamax", UsualRate, rate => new Adamax(rate)),
        ("adagrad", UsualRate, rate => new Adagrad(rate)),
        ("adadelta", UsualRate, rate => new Adadelta(rate)),
        ("adafactor", UsualRate, rate => new Adafactor(rate)),
        ("ftrl", UsualRate, rate => new Ftrl(rate)),
        ("lamb", UsualRate, rate => new Lamb(rate)),
        ("lion", UsualRate, rate => new Lion(rate)),
        ("muon", UsualRate, rate => new Muon(rate)),
    ];

    public static string[] Names { get; } = [.. s_rows.Select(row => row.Name)];

    /// <summary>Makes an optimizer.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="rate">The first learning rate; null for the default.</param>
    /// <param name="steps">
    /// The steps over which it decays, half a cosine to a hundredth of it, so that the last epochs settle; null for a constant rate.
    /// </param>
    public static Optimizer Make(string name, double? rate, int? steps)
    {
        var row = Array.Find(s_rows, row => row.Name == name);
        var first = rate ?? row.Rate;
        return row.Make(steps is { } count ? Schedule.CosineDecay(first, count, alpha: 0.01) : first);
    }
}
