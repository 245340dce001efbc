namespace OnnxFunctional.Export.Verify;

/// <summary>
/// Jumps in a tensor that are too rare to be seen in copies with noise: some element jumps for one rounding in a hundred, and among a thousand such elements
/// there are always some that jump in one program and in none of the copies.
/// </summary>
/// <remarks>
/// A copy is no other program than ONNX Runtime in that: it too has elements in which it jumps alone. Twice as many as the copy with most of them are rounding;
/// the estimate of the unseen by Good and Turing is their mean.
/// </remarks>
/// <param name="elements">The number of elements.</param>
internal sealed class RareJumps(int elements)
{
    private const int None = -1;
    private const int Several = -2;

    private readonly int[] _alone = [.. Enumerable.Repeat(None, elements)];
    private float _farthest;
    private int _copies;

    /// <summary>Notes where a copy jumps.</summary>
    /// <param name="expected">The result without noise.</param>
    /// <param name="copy">The result with noise.</param>
    /// <param name="tolerance">What is more at a value is a jump.</param>
    /// <returns>Whether it jumps anywhere.</returns>
    public bool Add(ReadOnlySpan<float> expected, ReadOnlySpan<float> copy, Func<float, double> tolerance)
    {
        var jumps = false;
        for (var i = 0; i < copy.Length; i++)
        {
            var distance = MathF.Abs(copy[i] - expected[i]);
            if (!(distance > tolerance(expected[i]))) continue;
            jumps = true;
            _farthest = MathF.Max(_farthest, distance);
            _alone[i] = _alone[i] == None ? _copies : Several;
        }

        _copies++;
        return jumps;
    }

    /// <summary>Whether differences of another program are such jumps.</summary>
    /// <param name="count">The number of elements that differ and jump in no copy.</param>
    /// <param name="largest">The largest difference.</param>
    public bool Explain(int count, float largest)
    {
        var most = _alone.Where(copy => copy >= 0).GroupBy(copy => copy).Select(jumps => jumps.Count()).DefaultIfEmpty(0).Max();
        return count <= 2 * most && largest <= RoundingNoise.Further * _farthest;
    }
}
