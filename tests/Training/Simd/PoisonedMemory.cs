namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>A buffer between two margins of NaN: reading them spoils a result, writing to them is detected.</summary>
internal sealed class PoisonedMemory
{
    private const int Margin = 64;

    private readonly float[] _all;
    private readonly int _length;

    /// <summary>Creates a buffer of NaN, or of values from -0.5 to 0.5 if there is a generator.</summary>
    public PoisonedMemory(long length, Random? random = null)
    {
        _length = checked((int)length);
        _all = new float[_length + 2 * Margin];
        Array.Fill(_all, float.NaN);
        if (random is null) return;
        foreach (ref var value in Memory.Span) value = random.NextSingle() - 0.5f;
    }

    public Memory<float> Memory => _all.AsMemory(Margin, _length);

    public float[] ToArray() => Memory.ToArray();

    /// <summary>Fails if a margin was overwritten.</summary>
    public void CheckMargins(string what)
    {
        for (var i = 0; i < Margin; i++)
            Assert.IsTrue(float.IsNaN(_all[i]) && float.IsNaN(_all[^(i + 1)]), $"{what}: wrote outside its memory, {i} values from the edge.");
    }

    /// <summary>Fails where a value is farther from the expected one than <paramref name="tolerance"/>.</summary>
    public void CheckValues(double[] expected, double tolerance, string what)
    {
        CheckMargins(what);
        var actual = Memory.Span;
        Assert.AreEqual(expected.Length, actual.Length, what);
        for (var i = 0; i < expected.Length; i++)
            Assert.IsTrue(Math.Abs(actual[i] - expected[i]) <= tolerance, $"{what}: element {i} is {actual[i]}, expected {expected[i]}.");
    }
}
