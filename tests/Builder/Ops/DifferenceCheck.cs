using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Builder;

/// <summary>Symbolic gradients against finite differences, both computed by the engine.</summary>
/// <remarks>
/// The function is <c>L = sum_j sum(y_j u_j)</c> with random u; the sum is taken in double precision here. Differences are of fourth order,
/// <c>(8 (L(h) - L(-h)) - (L(2h) - L(-2h))) / 12h</c>, so a step large enough for float32 costs no accuracy. Some elements are checked one by one, then all at
/// once along a random direction.
/// </remarks>
internal sealed class DifferenceCheck(WorkerPool pool, double[][] values, int seed)
{
    private const double Step = 1.0 / 64;
    private const int ElementsPerInput = 12;

    /// <summary>Fails with the input and element whose gradient disagrees.</summary>
    public void Run(OpCase row, bool training)
    {
        Check(row, x => row.Apply(x), training, "gradient");
        if (!row.Twice || !Wanted(row).Any() || row.Apply(OpRun.Placeholders(row.Inputs, unknownBatch: false)).All(output => output.DType != DType.Float32))
            return;
        Check(row, x => Gradients(row, row.Apply(x), x, seed + 1), training, "second gradient");
    }

    private void Check(OpCase row, Func<SymbolicTensor[], IReadOnlyList<SymbolicTensor>> function, bool training, string what)
    {
        var inputs = OpRun.Placeholders(row.Inputs, row.UnknownBatch);
        var outputs = function(inputs);
        int[] wanted = [.. Wanted(row)];
        if (wanted.Length == 0 || !outputs.Any(output => output.DType == DType.Float32)) return;
        var forward = OpRun.Of(inputs, outputs, row.Inputs, training);
        var gradients = OpRun.Of(inputs, Gradients(row, outputs, inputs, seed), row.Inputs, training).Run(pool, values);
        var upstream = Upstream(forward, seed);
        var results = forward.Run(pool, values);

        // Rounding of every output that moves, divided by the step.
        var largest = results.Zip(upstream).SelectMany(pair => pair.First.Zip(pair.Second, (y, u) => Math.Abs(y * u))).DefaultIfEmpty().Max();
        var noise = 1.5e-7 / Step * Math.Max(0.2, largest) * Math.Sqrt(1 + results.Sum(y => y.Length));
        var random = new Random(seed);
        for (var k = 0; k < wanted.Length; k++)
        {
            var gradient = gradients[k];
            var own = values[wanted[k]];
            Assert.HasCount(own.Length, gradient, $"{what} of input {wanted[k]}");
            var mean = gradient.Select(Math.Abs).DefaultIfEmpty().Average();
            var stride = Math.Max(1, own.Length / ElementsPerInput);
            for (var i = own.Length == 0 ? 0 : random.Next(stride); i < own.Length; i += stride)
            {
                var direction = new double[own.Length];
                direction[i] = 1;
                var allowed = (row.GradientTolerance * (Math.Abs(gradient[i]) + mean)) + noise;
                Compare(Difference(forward, upstream, wanted[k], direction), gradient[i], allowed, $"{what} of input {wanted[k]}, element {i}");
            }

            double[] signs = [.. own.Select(_ => random.Next(2) == 0 ? -1.0 : 1.0)];
            var size = Math.Sqrt(gradient.Sum(g => g * g));
            var along = gradient.Zip(signs, (g, s) => g * s).Sum();
            var tolerance = (row.GradientTolerance * size) + noise;
            Compare(Difference(forward, upstream, wanted[k], signs), along, tolerance, $"{what} of input {wanted[k]}, all elements");
        }
    }

    private static void Compare(double numeric, double symbolic, double tolerance, string what) =>
        Assert.IsTrue(
            Math.Abs(numeric - symbolic) <= tolerance,
            $"{what}: the graph gives {symbolic:G6}, finite differences {numeric:G6} (tolerance {tolerance:G3})");

    private double Difference(OpRun forward, double[][] upstream, int input, double[] direction)
    {
        return ((8 * (At(Step) - At(-Step))) - (At(2 * Step) - At(-2 * Step))) / (12 * Step);

        double At(double distance)
        {
            var moved = (double[][])values.Clone();
            moved[input] = [.. values[input].Zip(direction, (x, d) => x + (distance * d))];
            return forward.Run(pool, moved).Zip(upstream).Sum(pair => pair.First.Zip(pair.Second, (y, u) => y * u).Sum());
        }
    }

    private static IEnumerable<int> Wanted(OpCase row) =>
        Enumerable.Range(0, row.Inputs.Length).Where(i => row.Inputs[i] is { Type: DType.Float32, Wanted: true });

    /// <summary>The gradients of L with respect to all wanted inputs.</summary>
    private static SymbolicTensor[] Gradients(OpCase row, IReadOnlyList<SymbolicTensor> outputs, SymbolicTensor[] inputs, int seed)
    {
        var known = OpRun.Of(inputs, outputs, row.Inputs, row.Training);
        var upstream = Upstream(known, seed);
        SymbolicTensor? sum = null;
        for (var i = 0; i < outputs.Count; i++)
        {
            if (outputs[i].DType != DType.Float32) continue;
            var term = Ops.Sum(outputs[i] * Ops.Constant(known.Shapes[i], [.. upstream[i].Select(u => (float)u)]));
            sum = sum is null ? term : sum + term;
        }

        return Gradient.Of(sum!, SymbolicTensors.Create([.. Wanted(row).Select(i => inputs[i])])).ToArray();
    }

    /// <summary>One weight per output element; outputs that are not floats are ignored.</summary>
    private static double[][] Upstream(OpRun forward, int seed)
    {
        var random = new Random(seed);
        return [.. forward.Shapes.Select(shape => Weights((int)shape.ElementCount))];

        double[] Weights(int count) => [.. Enumerable.Range(0, count).Select(_ => (double)(float)((random.NextDouble() * 2) - 1))];
    }
}
