namespace OnnxFunctional;

/// <summary>A sequence of random numbers, determined by a seed and the name of a stream, for an initializer to draw from.</summary>
public sealed class RandomNumbers
{
    private readonly ulong _key;
    private readonly ulong _stream;
    private ulong _drawn;
    private double _spare = double.NaN;

    internal RandomNumbers(ulong seed, string stream)
    {
        _key = seed;
        _stream = StreamOf(stream);
    }

    /// <summary>The next number, uniformly distributed from 0 (inclusive) to 1 (exclusive).</summary>
    public float Uniform() => Philox.ToUniform(Word());

    /// <summary>The next number from the standard normal distribution (Box-Muller).</summary>
    public float Normal()
    {
        if (!double.IsNaN(_spare))
        {
            var spare = _spare;
            _spare = double.NaN;
            return (float)spare;
        }

        // Subtracting a number below one from one never gives zero, so the logarithm is finite.
        var radius = Math.Sqrt(-2 * Math.Log(1 - (Word() / 4294967296.0)));
        var (sine, cosine) = Math.SinCos(2 * Math.PI * (Word() / 4294967296.0));
        _spare = radius * sine;
        return (float)(radius * cosine);
    }

    /// <summary>The next number from the standard normal distribution, truncated to the range from -2 to 2.</summary>
    public float TruncatedNormal()
    {
        while (true)
        {
            var value = Normal();
            if (MathF.Abs(value) <= 2) return value;
        }
    }

    /// <summary>FNV-1a: the same name gives the same stream on every machine.</summary>
    internal static ulong StreamOf(string name)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in name) hash = unchecked((hash ^ character) * 1099511628211UL);
        return hash;
    }

    private uint Word()
    {
        var (x, y, z, w) = unchecked(Philox.Block((uint)(_drawn >> 2), (uint)(_drawn >> 34), (uint)_stream, (uint)(_stream >> 32), _key));
        return (_drawn++ & 3) switch { 0 => x, 1 => y, 2 => z, _ => w };
    }
}
