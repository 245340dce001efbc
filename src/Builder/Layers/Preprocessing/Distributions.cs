namespace OnnxFunctional.Layers;

/// <summary>Random numbers of distributions that are made of normal and uniform ones.</summary>
internal static class Distributions
{
    // Of Marsaglia and Tsang's tries for a shape of at least 1 less than 5 in 100 fail, so all of these do once in 10^10 numbers.
    private const int Tries = 8;

    // The smallest uniform number above 0, so that its logarithm is finite.
    private const double Least = 1.0 / (1 << 25);

    /// <summary>Numbers of a beta distribution with both parameters alike, in the shape of a tensor.</summary>
    /// <param name="x">A tensor that gives the shape.</param>
    /// <param name="alpha">The parameters, above 0.</param>
    /// <param name="seed">The seed of the stream.</param>
    public static SymbolicTensor Beta(SymbolicTensor x, SymbolicTensor alpha, int? seed) =>
        Ops.Sigmoid(LogGamma(x, alpha, seed) - LogGamma(x, alpha, seed));

    /// <summary>Numbers that add up to 1 along the last axis, of a Dirichlet distribution with all parameters alike.</summary>
    /// <param name="x">A tensor that gives the shape.</param>
    /// <param name="alpha">The parameters, above 0.</param>
    /// <param name="seed">The seed of the stream.</param>
    public static SymbolicTensor Dirichlet(SymbolicTensor x, SymbolicTensor alpha, int? seed) => Ops.Softmax(LogGamma(x, alpha, seed));

    /// <summary>
    /// Logarithms of numbers of a gamma distribution. They are finite where the numbers themselves would be 0: a number of shape a is one of shape a + 1 times
    /// <c>u^(1/a)</c>.
    /// </summary>
    private static SymbolicTensor LogGamma(SymbolicTensor x, SymbolicTensor alpha, int? seed)
    {
        var shift = alpha + (2.0 / 3);
        var tries = Ops.ExpandDims(x, -1) + Ops.Zeros([Tries]);
        var normal = Ops.RandomNormal(tries, seed: seed);
        var root = 1 + (normal / Ops.Sqrt(9 * shift));
        var cube = root * root * root;
        var bound = (0.5 * normal * normal) + (shift * (1 - cube + Ops.Log(Ops.Maximum(cube, Least))));
        var accepted = Ops.LogicalAnd(Ops.Greater(cube, 0), Ops.Less(Ops.Log(Ops.RandomUniform(tries, Least, 1, seed)), bound));
        var counted = Ops.Cast(accepted, DType.Float32);
        var first = counted * Ops.Cast(Ops.Equal(Ops.CumSum(counted), 1), DType.Float32);
        var found = Ops.Sum(first * cube, -1);
        var gamma = shift * Ops.Where(Ops.Greater(found, 0), found, 1);
        return Ops.Log(gamma) + (Ops.Log(Ops.RandomUniform(x, Least, 1, seed)) / alpha);
    }
}
