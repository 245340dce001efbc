namespace OnnxFunctional.Tests.RandomModels;

/// <summary>
/// Random choices that follow from a seed. Named parts draw from seeds of their own, so leaving one choice out, as shrinking does, changes no other.
/// </summary>
internal sealed class Draw(ulong seed)
{
    private ulong _drawn;

    /// <summary>The choices of a part.</summary>
    public Draw For(string part)
    {
        var mixed = seed;
        foreach (var letter in part) mixed = Mixed(mixed + letter);
        return new(Mixed(mixed));
    }

    public int Below(int limit) => (int)(Next() % (ulong)limit);

    /// <summary>A number from the first to the last, both included.</summary>
    public int Between(int first, int last) => first + Below(last - first + 1);

    /// <summary>A number in the range, in steps of a hundredth of it, so that descriptions stay short.</summary>
    public float Between(float first, float last) => MathF.Round(first + ((last - first) * Below(101) / 100), 5);

    public bool Chance(double probability) => Next() >> 11 < probability * (1UL << 53);

    public T Of<T>(params IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    /// <summary>Some of the choices, at least one, in their order.</summary>
    public T[] Some<T>(IReadOnlyList<T> choices)
    {
        var certain = Below(choices.Count);
        return [.. choices.Where((_, i) => i == certain || Chance(0.3))];
    }

    /// <summary>A size: small ones, and odd ones that no vector width divides.</summary>
    public int Size() => Of(1, 2, 3, 3, 4, 5, 7, 8, 17);

    private ulong Next() => Mixed(seed + (++_drawn * 0x9E3779B97F4A7C15));

    // SplitMix64.
    private static ulong Mixed(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
