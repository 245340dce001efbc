using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.OnnxBackend;

/// <summary>Compares the gradient of a model's float outputs along its float inputs with central differences.</summary>
internal static class BackendGradient
{
    // Larger steps meet kinks, smaller ones drown in rounding.
    private static readonly float[] s_steps = [1e-2f, 1e-3f, 3e-4f, 1e-1f];

    private const int Attempts = 6;
    private const double Relative = 0.02;
    private const double Rounding = 1e-5;

    /// <summary>Null if it agrees; what is wrong otherwise.</summary>
    /// <exception cref="ModelException">An operator between inputs and outputs has no gradient.</exception>
    public static string? Check(Model model, TensorData[] given)
    {
        int[] floats = [.. Enumerable.Range(0, given.Length).Where(i => given[i].Type == DType.Float32 && given[i].Shape.ElementCount > 0)];
        SymbolicTensor[] outputs = [.. model.Outputs.Where(output => output.DType == DType.Float32)];
        if (floats.Length == 0 || outputs.Length == 0) throw new ModelException("there is no float input or no float output.");
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        TensorSpec[] specs = [.. given.Select(data => new TensorSpec(data.Shape, data.Type))];
        using var forward = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), inputs, [.. outputs.Select(output => output.Value)], []), specs);
        SymbolicTensor? loss = null;
        for (var i = 0; i < outputs.Length; i++)
        {
            var shape = forward.Outputs[i].Shape;
            var part = Ops.Sum(outputs[i] * Ops.Constant(shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(Factor)]));
            loss = loss is null ? part : loss + part;
        }

        var gradients = Gradient.Of(loss!, floats.Select(i => model.Inputs[i]).ToArray());
        using var backward = Planner.Plan(
            new PlanRequest(PlanOptions.WithoutModel(), inputs, [.. gradients.Select(gradient => gradient.Value)], []), specs);

        // The points of the suite may lie on kinks (zeros, integers, equal numbers); then others are tried, with numbers of another size and sign.
        var random = new Random(1);
        var found = new List<string>();
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            float[][] points = [.. floats.Select(i => Point(given[i].As<float>().ToArray(), attempt, random))];
            float[][] directions = [.. points.Select(point => point.Select(_ => (float)((random.NextDouble() * 2) - 1)).ToArray())];
            Run(backward, given, floats, points);
            var along = 0.0;
            for (var i = 0; i < floats.Length; i++)
            {
                var gradient = backward.Outputs[i].Floats;
                for (var j = 0; j < gradient.Length; j++) along += (double)gradient[j] * directions[i][j];
            }

            foreach (var step in s_steps)
            {
                var (above, magnitude) = Sum(forward, given, floats, Moved(points, directions, step));
                var (below, _) = Sum(forward, given, floats, Moved(points, directions, -step));
                var slope = (above - below) / (2 * step);
                if (Math.Abs(slope - along) <= (Relative * Math.Abs(along)) + (Rounding * magnitude) + (Rounding * magnitude / step / 10)) return null;
                found.Add($"{along:G5} against {slope:G5}");
            }
        }

        return "gradient, central differences: " + string.Join("; ", found);
    }

    private static float[] Point(float[] given, int attempt, Random random) => attempt switch
    {
        0 => given,
        < 3 => [.. given.Select(value => value + (0.1f * (float)((random.NextDouble() * 2) - 1)))],
        < 5 => [.. given.Select(_ => 0.2f + (0.7f * (float)random.NextDouble()))],
        _ => [.. given.Select(_ => 1.2f + (0.7f * (float)random.NextDouble()))],
    };

    private static float[][] Moved(float[][] points, float[][] directions, float step) =>
        [.. points.Zip(directions, (point, direction) => point.Zip(direction, (value, slope) => value + (step * slope)).ToArray())];

    private static (double Sum, double Magnitude) Sum(ExecutionPlan plan, TensorData[] given, int[] floats, float[][] points)
    {
        Run(plan, given, floats, points);
        var (sum, magnitude) = (0.0, 0.0);
        foreach (var output in plan.Outputs)
        {
            var values = output.Floats;
            for (var i = 0; i < values.Length; i++)
            {
                // What is masked with an infinity stays one.
                if (float.IsInfinity(values[i])) continue;
                sum += (double)values[i] * Factor(i);
                magnitude += Math.Abs((double)values[i] * Factor(i));
            }
        }

        return (sum, magnitude);
    }

    private static void Run(ExecutionPlan plan, TensorData[] given, int[] floats, float[][] points)
    {
        for (var i = 0; i < given.Length; i++)
        {
            var at = Array.IndexOf(floats, i);
            (at < 0 ? BackendValues.Array(given[i]) : NDArray.Create(points[at], given[i].Shape)).CopyTo(plan.Inputs[i]);
        }

        plan.Run(WorkerPool.Shared);
    }

    private static float Factor(int place) => (float)Math.Sin(1 + (place * 12.9898));
}
