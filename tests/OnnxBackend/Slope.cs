using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.OnnxBackend;

/// <summary>A sum of a model's outputs with random factors, and its slope along single weights: by the gradient, and by finite differences.</summary>
internal sealed class Slope : IDisposable
{
    // The share of a weight's size by which it is moved; of these the best one counts, because larger ones meet kinks and smaller ones drown in rounding.
    private static readonly float[] s_steps = [1e-2f, 3e-3f, 1e-3f, 3e-4f, 1e-4f, 3e-5f];

    private const double Relative = 0.03;

    // What rounding of float32 makes of a sum of many terms.
    private const double Rounding = 3e-6;

    private readonly IReadOnlyList<Weight> _weights;
    private readonly NDArray[] _data;
    private readonly ExecutionPlan _forward;
    private readonly float[][] _gradients;
    private readonly double _magnitude;

    public Slope(Model model, NDArray[] data)
    {
        (_weights, _data) = (model.TrainableWeights, data);
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        SymbolicTensor[] outputs = [.. model.Outputs.Where(output => output.DType == DType.Float32)];
        TensorSpec[] specs = [.. data.Select(array => new TensorSpec(array.Shape, array.DType))];
        _forward = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), inputs, [.. outputs.Select(output => output.Value)], []), specs);
        SymbolicTensor? loss = null;
        for (var i = 0; i < outputs.Length; i++)
        {
            // Factors of either sign that only depend on the place of an element.
            var shape = _forward.Outputs[i].Shape;
            var factors = Ops.Constant(shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(Factor)]);
            var part = Ops.Sum(outputs[i] * factors);
            loss = loss is null ? part : loss + part;
        }

        var gradients = Gradient.Of(loss!, _weights.Select(weight => new SymbolicTensor(weight.Variable)).ToArray());
        using var backward = Planner.Plan(
            new PlanRequest(PlanOptions.WithoutModel(), inputs, [.. gradients.Select(gradient => gradient.Value)], []), specs);
        Run(backward);
        _gradients = [.. backward.Outputs.Select(output => output.Floats.ToArray())];
        (_, _magnitude) = Sum();
    }

    /// <summary>What is wrong with the gradient of one number; null if nothing is.</summary>
    public string? Difference(Weight weight, int at)
    {
        var own = weight.Storage[at];
        var size = Math.Max(Math.Abs(own), weight.Storage.Average(Math.Abs));
        double gradient = _gradients[_weights.Index().First(entry => entry.Item == weight).Index][at];
        var found = new List<double>();
        foreach (var share in s_steps)
        {
            var step = share * size;
            weight.Storage[at] = own + step;
            var (above, _) = Sum();
            weight.Storage[at] = own - step;
            var (below, _) = Sum();
            weight.Storage[at] = own;
            var slope = (above - below) / (2 * step);
            if (Math.Abs(slope - gradient) <= (Relative * Math.Abs(gradient)) + (Rounding * _magnitude / step)) return null;
            found.Add(slope);
        }

        return $"gradient {gradient:G5}, finite differences {string.Join(", ", found.Select(slope => $"{slope:G5}"))}";
    }

    public void Dispose() => _forward.Dispose();

    private static float Factor(int place) => (float)Math.Sin(1 + (place * 12.9898));

    private (double Sum, double Magnitude) Sum()
    {
        Run(_forward);
        var (sum, magnitude) = (0.0, 0.0);
        foreach (var output in _forward.Outputs)
        {
            var values = output.Floats;
            for (var i = 0; i < values.Length; i++)
            {
                sum += values[i] * Factor(i);
                magnitude += Math.Abs(values[i] * Factor(i));
            }
        }

        return (sum, magnitude);
    }

    private void Run(ExecutionPlan plan)
    {
        for (var i = 0; i < _data.Length; i++) _data[i].CopyTo(plan.Inputs[i]);
        plan.Run(WorkerPool.Shared);
    }
}
