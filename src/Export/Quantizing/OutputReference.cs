using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>The outputs of a model in float32 for a few samples, which those of its other forms are compared with.</summary>
internal sealed class OutputReference
{
    // Each layer's error takes a plan and a run of its own; few samples tell layers apart, and fewer where a run computes many numbers.
    private const int MostSamples = 32;
    private const int FewestSamples = 4;
    private const double MostNumbers = 1 << 24;

    private readonly Model _model;
    private readonly IReadOnlyList<Value> _inputs;
    private readonly int _batchSize;
    private readonly NDArrays _samples;
    private readonly IReadOnlyList<NDArray> _expected;

    /// <param name="model">The model.</param>
    /// <param name="graph">Its graph.</param>
    /// <param name="x">Typical data of the inputs.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    /// <exception cref="ExportException">The outputs are not finite.</exception>
    public OutputReference(Model model, Graph graph, NDArrays x, int batchSize)
    {
        (_model, _inputs, _batchSize) = (model, graph.Inputs, batchSize);
        _samples = x.Spread((int)Math.Clamp(MostNumbers / Math.Max(1, NumbersOf(graph)), FewestSamples, MostSamples));
        _expected = OutputsOf(graph.Outputs, _samples);
        if (!_expected.Any(output => output.ToArray().Any(number => !float.IsFinite(number)))) return;
        throw new ExportException(
            $"The outputs of model '{model.Name}' for the calibration data are not finite. Leave such samples out; model.Debug(x) shows where it begins.");
    }

    /// <summary>The energy of the error of other outputs, as a share of the energy of those in float32.</summary>
    public double ErrorOf(IReadOnlyList<Value> outputs)
    {
        var (error, energy) = (0.0, 0.0);
        foreach (var (ours, theirs) in _expected.Zip(OutputsOf(outputs, _samples)))
        {
            foreach (var (x, y) in ours.ToArray().Zip(theirs.ToArray()))
            {
                error += x.Equals(y) ? 0 : ((double)x - y) * ((double)x - y);
                energy += (double)x * x;
            }
        }

        return double.IsNaN(error) ? double.PositiveInfinity : energy > 0 ? error / energy : error > 0 ? double.PositiveInfinity : 0;
    }

    /// <summary>Outputs of a form of the model for other data.</summary>
    public IReadOnlyList<NDArray> OutputsOf(IReadOnlyList<Value> outputs, NDArrays x) => GraphRun.All(_model, _inputs, outputs, x, _batchSize);

    /// <summary>The numbers that a sample's run computes; weights and what follows from them are no part of it.</summary>
    private static double NumbersOf(Graph graph)
    {
        var computed = graph.Inputs.ToHashSet();
        var sum = 0.0;
        foreach (var node in graph.Nodes.Where(node => node.Inputs.Any(computed.Contains)))
        {
            computed.UnionWith(node.Outputs);
            sum += node.Outputs.Sum(value => (double)value.Spec.Shape.KnownElements);
        }

        return sum;
    }
}
