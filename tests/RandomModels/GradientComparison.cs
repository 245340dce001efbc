using System.Globalization;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>
/// The gradient of a training step against differences of its loss along two directions: the gradient's own, and that one with random parts. A gradient of 0
/// has no direction: only a random one is compared.
/// </summary>
internal static class GradientComparison
{
    private const double Tolerance = 0.05;

    private const double LargestStep = 0.01;

    // A step may change a loss of 1 by this much, so that steep losses are compared over short steps.
    private const double Change = 0.3;

    // Shorter steps would be across a jump, such as a softmax of large numbers or a quotient by almost nothing; the last bits of weights do not make them.
    private const double SmallestStep = 1e-3;

    // The shortest step of a comparison, as a share of the longest that the loss allows.
    private const double Shortest = 1e-3;

    // Weights are moved by up to this much to leave a kink.
    private const float Nudge = 0.01f;

    /// <summary>What differs, in words; null if nothing does, or if the loss is not smooth here.</summary>
    /// <remarks>
    /// Where equal numbers meet, as after weights of 0, gradients are those of one side, and a sum of them may be none of the loss. So what differs is compared
    /// again with other weights nearby, where a wrong rule is wrong too.
    /// </remarks>
    public static string? Difference(Trainer trainer, NDArray[] data, Draw draw)
    {
        if (DifferenceHere(trainer, data, draw) is not { } difference) return null;
        Weight[] weights = [.. trainer.Model.Weights.Where(weight => weight.Trainable)];
        var kept = weights.Select(weight => weight.Storage.ToArray()).ToArray();
        foreach (var weight in weights)
        {
            foreach (ref var value in weight.Storage.AsSpan()) value += draw.Between(-Nudge, Nudge);
        }

        var isKink = DifferenceHere(trainer, data, draw) is null;
        for (var i = 0; i < weights.Length; i++) kept[i].CopyTo(weights[i].Storage, 0);
        return isKink ? null : difference;
    }

    private static string? DifferenceHere(Trainer trainer, NDArray[] data, Draw draw)
    {
        if (Stops(trainer.Model)) return null;
        TensorSpec[] specs = [.. data.Select(array => new TensorSpec(array.Shape, array.DType))];
        var graph = StepGraph.For(trainer.Compiled, specs, training: true);

        if (Moving(graph) is not { } moving) return null;

        // One plan for both, so that random layers draw the same numbers.
        var outputs = graph.Gradients.Select(gradient => gradient.Gradient.Value).Prepend(moving);
        var plan = Planner.Plan(new PlanRequest(PlanOptions.Of(trainer.Model, trainer.Seed), graph.Inputs, [.. outputs], []), specs);
        double loss = Run();
        double[][] gradient = [.. plan.Outputs.Skip(1).Select(output => output.Floats.ToArray().Select(value => (double)value).ToArray())];
        var norm = Norm(gradient);
        var step = Math.Min(LargestStep, Change * (1 + Math.Abs(loss)) / norm);
        var allowed = Tolerance * (norm > 0 ? norm : 1 + Math.Abs(loss));
        if (!(step >= SmallestStep)) return null;
        var rounding = new LossSlopes(trainer.Model, Run).Rounding;
        var byPath = trainer.Model.WeightPaths().ToDictionary(named => named.Path, named => named.Weight);
        Weight[] weights = [.. graph.Gradients.Select(entry => byPath[entry.Path])];
        var way = draw.For("way");
        var random = gradient.Select(values => values.Select(_ => (double)way.Between(-1f, 1f)).ToArray()).ToArray();
        foreach (var share in norm > 0 ? new[] { 0.0, 0.7 } : [1.0])
        {
            var length = Norm(random);
            double Along(double own, double other) => (share < 1 ? (1 - share) * own / norm : 0) + (share * other / length);
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

            var byStep = new List<LossSlope>();
            for (var size = 2 * step; size >= Shortest * step && rounding / size <= allowed; size /= 4)
            {
                var (above, below) = ((At(size) - loss) / size, (loss - At(-size)) / size);
                byStep.Insert(0, new((above + below) / 2, rounding / size, Math.Abs(above - below) / 2));
            }

            // Kinks that lie alike on both sides of some steps are seen by others; what is a wrong gradient is one by all.
            LossSlope[] certain = [.. byStep.Where(slope => slope.Uncertainty <= allowed)];
            if (certain.Length > 0 && certain.All(slope => slope.Excess(expected, allowed) > 0) && IsSettled(certain) && !LossSlope.StayApart(byStep))
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"the slope is {certain[0].Value:G4}, the gradient of norm {norm:G4} says {expected:G4} (share of random parts: {share})");
            }
        }

        return null;

        // A run may use the memory of inputs for other values.
        float Run()
        {
            for (var i = 0; i < data.Length; i++) data[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
            plan.Run(trainer.Engine.Pool);
            return plan.Outputs[0].Floats[0];
        }
    }

    /// <summary>The terms of the loss that weights move; null if there are none. A large constant term would hide the last digits of the others.</summary>
    private static Value? Moving(StepGraph graph)
    {
        HashSet<Value> weights = [.. graph.Gradients.Select(entry => entry.Weight.Variable)];
        Value[] moving = [.. Terms(graph.Outputs[0]).Where(term => Graph.Between([], [term]).Nodes.Any(node => node.Outputs.Any(weights.Contains)))];
        return moving.Length == 0 ? null : moving.Select(term => new SymbolicTensor(term)).Aggregate((sum, term) => sum + term).Value;

        static IEnumerable<Value> Terms(Value sum) => sum.Producer.Op is Add ? sum.Producer.Inputs.SelectMany(Terms) : [sum];
    }

    /// <summary>
    /// Whether the shortest steps show one slope. Across a cosine of vectors of length 0, for example, the loss changes by as much in any step, so that the
    /// slope is four times as large over a quarter of the step.
    /// </summary>
    private static bool IsSettled(LossSlope[] certain) =>
        certain.Length < 2
        || Math.Abs(certain[0].Value - certain[1].Value) <= (Math.Max(Math.Abs(certain[0].Value), Math.Abs(certain[1].Value)) / 4)
            + certain[0].Uncertainty + certain[1].Uncertainty;

    private static double Norm(double[][] values) => Math.Sqrt(values.Sum(row => row.Sum(value => value * value)));

    /// <summary>Whether a gradient is stopped on purpose somewhere.</summary>
    private static bool Stops(Model model) =>
        Graph.Between([.. model.Inputs.Select(input => input.Value)], [.. model.Outputs.Select(output => output.Value)]).Nodes
            .Any(node => node.Op is StopGradient);
}
