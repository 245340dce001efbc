using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>How far all outputs of a model are from those in float32.</summary>
internal static class OutputError
{
    /// <summary>The energy of the error, as a share of the energy of the expected outputs.</summary>
    public static double Of(IReadOnlyList<NDArray> expected, IReadOnlyList<NDArray> actual)
    {
        var (error, energy) = (0.0, 0.0);
        foreach (var (ours, theirs) in expected.Zip(actual))
        {
            foreach (var (x, y) in ours.ToArray().Zip(theirs.ToArray()))
            {
                error += x.Equals(y) ? 0 : ((double)x - y) * ((double)x - y);
                energy += (double)x * x;
            }
        }

        return double.IsNaN(error) ? double.PositiveInfinity : energy > 0 ? error / energy : error > 0 ? double.PositiveInfinity : 0;
    }
}
