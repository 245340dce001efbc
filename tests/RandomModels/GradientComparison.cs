using System.Globalization;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>The gradient of a training step against differences of its loss along two directions: the gradient's own, and that one with random parts.</summary>
internal static class GradientComparison
{
    private const double Tolerance = 0.05;

    // Two steps whose results agree this well lie where the loss is smooth enough to compare.
    private const double Smooth = 0.01;

    private const double LargestStep = 0.01;

    // A step may change a loss of 1 by this much, so that steep losses are compared over short steps.
    private const double Change = 0.3;

    // Shorter steps would be across a jump, such as a softmax of large numbers or a quotient by almost nothing; the last bits of weights do not make them.
    private const double SmallestStep = 1e-3;

    // How far rounding may move a loss of 1.
    private const double Rounding = 1e-5;

    /// <summary>What differs, in words; null if nothing does, or if the loss is not smooth here.</summary>
    public static string? Difference(Trainer trainer, NDArray[] data, Draw draw)
    {
        if (Stops(trainer.Model)) return null;
        TensorSpec[] specs = [.. data.Select(array => new TensorSpec(array.Shape, array.DType))];
        var graph = StepGraph.For(trainer.Compiled, specs, training: true);

        // One plan for both, so that random layers draw the same numbers.
        var outputs = graph.Gradients.Select(gradient => gradient.Gradient.Value).Prepend(graph.Outputs[0]);
        var plan = Planner.Plan(new PlanRequest(PlanOptions.Of(trainer.Model, trainer.Seed), graph.Inputs, [.. outputs], []), specs);
        var loss = Run();
        double[][] gradient = [.. plan.Outputs.Skip(1).Select(output => output.Floats.ToArray().Select(value => (double)value).ToArray())];
        var norm = Norm(gradient);
        var step = Math.Min(LargestStep, Change * (1 + Math.Abs(loss)) / norm);
        if (!(step >= SmallestStep)) return null;
        var byPath = trainer.Model.WeightPaths().ToDictionary(named => named.Path, named => named.Weight);
        Weight[] weights = [.. graph.Gradients.Select(entry => byPath[entry.Path])];
        var random = gradient.Select(values => values.Select(_ => (double)draw.Between(-1f, 1f)).ToArray()).ToArray();
        foreach (var share in new[] { 0.0, 0.7 })
        {
            var length = Norm(random);
            double Along(double own, double other) => ((1 - share) * own / norm) + (share * other / length);
            double[][] direction = [.. gradient.Zip(random, (own, other) => own.Zip(other, Along).ToArray())];
            var expected = gradient.Zip(direction, (own, way) => own.Zip(way, (g, d) => g * d).Sum()).Sum();
            double At(double by)
            {
                var kept = weights.Select(weight => weight.Storage.ToArray()).ToArray();
                for (var i = 0; i < weights.Length; i++)
                {
                    for (var j = 0; j < kept[i].Length; j++) weights[i].Storage[j] = (float)(kept[i][j] + (by * direction[i][j]));
                }

                var moved = Run();
                for (var i = 0; i < weights.Length; i++) kept[i].CopyTo(weights[i].Storage, 0);
                return moved;
            }

            var (above, below, wide) = (At(step) - loss, loss - At(-step), (At(2 * step) - At(-2 * step)) / (4 * step));
            var slope = (above + below) / (2 * step);
            var steep = Math.Max(Math.Abs(slope), Math.Abs(wide));
            var smooth = Math.Abs(slope - wide) <= Smooth * steep && Math.Abs(above - below) / step <= 4 * Smooth * steep;
            if (smooth && Noise(step) <= Tolerance * norm && Math.Abs(slope - expected) > Tolerance * norm && Stays())
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"the slope is {slope:G4}, the gradient of norm {norm:G4} says {expected:G4} (share of random parts: {share})");
            }

            // Many kinks that lie alike on both sides, such as those of a clipped logarithm whose arguments are near 0, look smooth over long steps.
            bool Stays()
            {
                for (var shorter = step / 4; Noise(shorter) <= Tolerance * norm; shorter /= 4)
                {
                    var other = (At(shorter) - At(-shorter)) / (2 * shorter);
                    if (Math.Abs(other - slope) > (Smooth * steep) + Noise(shorter)) return false;
                }

                return true;
            }
        }

        return null;

        double Noise(double size) => Rounding * (1 + Math.Abs(loss)) / size;

        // A run may use the memory of inputs for other values.
        double Run()
        {
            for (var i = 0; i < data.Length; i++) data[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
            plan.Run(trainer.Engine.Pool);
            return plan.Outputs[0].Floats[0];
        }
    }

    private static double Norm(double[][] values) => Math.Sqrt(values.Sum(row => row.Sum(value => value * value)));

    /// <summary>Whether a gradient is stopped on purpose somewhere.</summary>
    private static bool Stops(Model model) =>
        Graph.Between([.. model.Inputs.Select(input => input.Value)], [.. model.Outputs.Select(output => output.Value)]).Nodes
            .Any(node => node.Op is StopGradient);
}
