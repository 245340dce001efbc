namespace OnnxFunctional.Training.Simd;

/// <summary>Multiply-adds that depend on nothing but registers: the most that a core does.</summary>
/// <remarks>12 chains keep two units of a latency of 4 to 6 cycles busy, and fit into 16 registers.</remarks>
/// <param name="count">The number of rounds.</param>
/// <param name="result">Receives a number that depends on all of them.</param>
internal readonly unsafe struct PeakLoop(int count, float* result) : IVectorLoop
{
    private const int Chains = 12;

    /// <summary>The floating-point operations of a round.</summary>
    public static int OperationsPerRound => 2 * Chains * VectorDispatch.Lanes;

    /// <summary>Runs rounds of the loop with the widest vectors.</summary>
    /// <returns>A number that depends on all of them, so that no compiler leaves them out.</returns>
    public static float Run(int count)
    {
        float result;
        VectorDispatch.Run(new PeakLoop(count, &result));
        return result;
    }

    public void Run<V>() where V : struct, IVector<V>
    {
        // Every chain stays near 1: x = x / 2 + 1 / 2.
        var (half, x0) = (V.Create(0.5f), V.Create(1));
        V x1 = x0, x2 = x0, x3 = x0, x4 = x0, x5 = x0, x6 = x0, x7 = x0, x8 = x0, x9 = x0, x10 = x0, x11 = x0;
        for (var i = 0; i < count; i++)
        {
            x0 = V.MultiplyAdd(x0, half, half);
            x1 = V.MultiplyAdd(x1, half, half);
            x2 = V.MultiplyAdd(x2, half, half);
            x3 = V.MultiplyAdd(x3, half, half);
            x4 = V.MultiplyAdd(x4, half, half);
            x5 = V.MultiplyAdd(x5, half, half);
            x6 = V.MultiplyAdd(x6, half, half);
            x7 = V.MultiplyAdd(x7, half, half);
            x8 = V.MultiplyAdd(x8, half, half);
            x9 = V.MultiplyAdd(x9, half, half);
            x10 = V.MultiplyAdd(x10, half, half);
            x11 = V.MultiplyAdd(x11, half, half);
        }

        *result = V.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11);
    }
}
