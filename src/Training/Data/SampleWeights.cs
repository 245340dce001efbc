namespace OnnxFunctional.Training.Data;

/// <summary>Sample weights as a step takes them: none, one array for all outputs, or one per output.</summary>
internal static class SampleWeights
{
    /// <summary>The checked weights; if they are given by name, outputs without weights have weight 1.</summary>
    /// <param name="weights">The weights as given.</param>
    /// <param name="outputs">The names of the outputs.</param>
    /// <param name="samples">The number of samples.</param>
    /// <exception cref="ModelException">Their number, a name or a shape does not fit, or one is not finite.</exception>
    public static IReadOnlyList<NDArray> Of(NDArrays? weights, IReadOnlyList<string> outputs, int samples)
    {
        if (weights is null) return [];
        if (weights.Names is not { } names)
        {
            if (weights.Count != 1 && weights.Count != outputs.Count)
            {
                throw new ModelException(
                    $"sampleWeight has {weights.Count} arrays, but the model has {outputs.Count} output(s) ({string.Join(", ", outputs)}). "
                    + "Pass one array for all of them, one for each in that order, or a dictionary by name.");
            }

            return [.. weights.Select(array => Checked(array, samples, "sampleWeight"))];
        }

        foreach (var name in names.Except(outputs))
        {
            throw new ModelException(
                $"sampleWeight names '{name}', but the model's outputs are {string.Join(", ", outputs.Select(output => $"'{output}'"))}."
                + (Naming.Nearest(name, outputs) is { } nearest ? $" Did you mean '{nearest}'?" : ""));
        }

        return [.. outputs.Select(WeightsOf)];

        NDArray WeightsOf(string output, int position) =>
            weights.Find(output, position) is { } given ? Checked(given, samples, $"sampleWeight of '{output}'") : Ones(samples);
    }

    private static NDArray Checked(NDArray array, int samples, string what)
    {
        if (array.Shape.Rank == 0 || array.Count != samples)
        {
            throw new ModelException(
                $"{what} has shape {array.Shape}; expected one weight for each of {samples} samples, or for each of their positions.");
        }

        DataChecks.Finite(array, what);
        return array.To(DType.Float32, what);
    }

    private static NDArray Ones(int samples)
    {
        var ones = new float[samples];
        Array.Fill(ones, 1);
        return ones;
    }
}
