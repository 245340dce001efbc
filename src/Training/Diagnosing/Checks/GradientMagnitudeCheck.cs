using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Gradients that vanish on their way to some layers, or are out of all proportion.</summary>
internal sealed class GradientMagnitudeCheck : IFaultCheck
{
    // Gradients relative to their weights differ by a factor of 100 between layers of healthy networks.
    private const double SmallestShare = 1e-5;

    // Beside gradients that explode, those of a usual size are small, but do not vanish.
    private const double UsualSize = 1e-3;

    // How much a loss of the size of a constant guess's may change when a weight changes by its own size.
    private const double LargestChange = 1e4;

    // A last layer of zeros lets nothing through before the first steps.
    private const int Steps = 10;

    public string Subject => "gradients of layers";

    public void Run(Examination examination)
    {
        if (examination.Trial is not { } trial)
        {
            examination.Skip(Subject, examination.CannotTry!);
            return;
        }

        if (trial.Unreached.Count > 0)
        {
            examination.Add(
                FindingKind.VanishingGradients,
                LayerOf(trial.Unreached[0]),
                $"No gradient leads to '{trial.Unreached[0]}'"
                + (trial.Unreached.Count == 1 ? "" : $" and {trial.Unreached.Count - 1} more kernels")
                + ", though the loss depends on it, so it learns nothing: a function without a slope lies between, such as rounding, a comparison or ArgMax. "
                + "Replace it by a smooth function, such as Ops.Sigmoid.");
        }

        trial.Restart(examination.Trainer.Compiled.State.LearningRate.Storage[0]);
        if (!trial.Step())
        {
            examination.Add(
                FindingKind.ExplodingGradients,
                "",
                $"The loss of the first batch is {trial.TotalLoss}, so no step can be made. Fit says which layer made it. "
                + "Use scaled inputs and smaller initial weights.");
            return;
        }

        if (trial.Kernels.Count == 0)
        {
            examination.Skip(Subject, "no kernel is trained.");
            return;
        }

        var (kernels, gradients) = (trial.KernelNorms, trial.GradientNorms);
        Explosion(examination, trial, gradients, kernels);
        var first = Relative(gradients, kernels);

        // Of these it is what follows.
        if (examination.Has(FindingKind.DeadUnits) || examination.Has(FindingKind.SaturatedUnits) || examination.Has(FindingKind.OutputDoesNotFitLoss)) return;
        if (!Vanishes(first).Any(vanishes => vanishes)) return;
        for (var i = 0; i < Steps; i++) trial.Step();
        var then = Relative(trial.GradientNorms, trial.KernelNorms);
        Vanishing(examination, trial, first, [.. Vanishes(first).Zip(Vanishes(then), (before, after) => before && after)]);
    }

    private static double[] Relative(IReadOnlyList<double> gradients, IReadOnlyList<double> kernels) =>
        [.. gradients.Zip(kernels, (gradient, kernel) => kernel > 0 ? gradient / kernel : double.NaN)];

    private static bool[] Vanishes(double[] relative)
    {
        var largest = relative.Where(double.IsFinite).DefaultIfEmpty().Max();
        return [.. relative.Select(own => own == 0 || (own < SmallestShare * largest && own < UsualSize))];
    }

    private static void Vanishing(Examination examination, Trial trial, double[] relative, bool[] vanishes)
    {
        // The state of the first step is zeros, so a sequence of one step gives the recurrent kernel no gradient, and nothing is wrong.
        int[] found =
        [
            .. from i in Enumerable.Range(0, vanishes.Length)
               where vanishes[i] && !trial.Kernels[i].Path.EndsWith("recurrent_kernel", StringComparison.Ordinal)
               select i,
        ];
        if (found.Length == 0) return;
        var worst = found.MinBy(i => relative[i]);
        var best = Array.IndexOf(relative, relative.Where(double.IsFinite).Max());
        var layer = LayerOf(trial.Kernels[worst].Path);
        examination.Add(
            FindingKind.VanishingGradients,
            layer,
            $"The gradient of '{trial.Kernels[worst].Path}' is {Number(relative[worst])} times its weights"
            + (best == worst || relative[best] == 0 ? "" : $", that of '{trial.Kernels[best].Path}' {Number(relative[best])} times")
            + $": {found.Length} of {vanishes.Length} kernels learn nothing. "
            + (relative[worst] == 0
                ? $"Look for what lets no gradient through behind layer '{layer}': dead units, weights of zeros, rounding, a constant output."
                : "Use Activation.Relu with Initializer.HeNormal, BatchNormalization, or shortcuts between layers."));
    }

    private static void Explosion(Examination examination, Trial trial, IReadOnlyList<double> gradients, IReadOnlyList<double> kernels)
    {
        // Large inputs or targets are their reason then.
        if (examination.Has(FindingKind.UnscaledInputs) || examination.Has(FindingKind.UnscaledTargets)) return;
        if (Guess.Constant(examination, examination.Sample, examination.Sample) is not { } constant || constant <= 0) return;
        var changes = gradients.Zip(kernels, (gradient, kernel) => gradient * kernel / constant).ToArray();
        if (!changes.Any(change => change > LargestChange || !double.IsFinite(change))) return;
        var worst = Array.IndexOf(changes, changes.Max());
        var layer = LayerOf(trial.Kernels[worst].Path);
        examination.Add(
            FindingKind.ExplodingGradients,
            layer,
            $"The gradient of '{trial.Kernels[worst].Path}' has length {Number(gradients[worst])} at weights of length "
            + $"{Number(kernels[worst])}, and the loss is {Number(trial.DataLoss)} where a constant guess has {Number(constant)}. "
            + "Use smaller initial weights (Initializer.GlorotUniform), or BatchNormalization between the layers.");
    }

    private static string LayerOf(string path) => path.LastIndexOf('/') is > 0 and var end ? path[..end] : path;
}
