using System.Globalization;
using System.Text.Json.Nodes;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Arrays of the cases: shape, element type and elements in row-major order.</summary>
internal static class ParityArray
{
    /// <summary>Reads an array as data for a model.</summary>
    public static NDArray Read(JsonNode node)
    {
        var shape = Shape.Of([.. node["shape"]!.AsArray().Select(dim => (int)dim!)]);
        return (string)node["dtype"]! switch
        {
            "float32" => NDArray.Create(Floats(node), shape),
            "int64" => NDArray.Create([.. node["data"]!.AsArray().Select(value => (long)value!)], shape),
            var type => throw new NotSupportedException($"Arrays of {type} are not read."),
        };
    }

    public static float[] Floats(JsonNode node) => [.. node["data"]!.AsArray().Select(Number)];

    private static float Number(JsonNode? value) => value is null ? float.NaN : float.Parse(value.ToJsonString().Trim('"'), CultureInfo.InvariantCulture);

    /// <summary>Fails if an element differs by more than the sum of an absolute and a relative tolerance.</summary>
    public static void AreWithin(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double absolute, double relative, string what)
    {
        Assert.AreEqual(expected.Length, actual.Length, what);
        for (var i = 0; i < expected.Length; i++)
        {
            if (Math.Abs((double)expected[i] - actual[i]) <= absolute + (relative * Math.Abs((double)expected[i])) || expected[i].Equals(actual[i])) continue;
            Assert.Fail($"{what}, element {i} of {expected.Length}: expected {expected[i]:R}, got {actual[i]:R}");
        }
    }

    /// <summary>Fails if an element differs by more than the tolerance, relative to the larger of its magnitude and 1.</summary>
    public static void AreClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double margin, string what)
    {
        Assert.AreEqual(expected.Length, actual.Length, what);
        for (var i = 0; i < expected.Length; i++)
        {
            if (Math.Abs(expected[i] - actual[i]) <= margin * Math.Max(1, Math.Abs(expected[i]))) continue;
            Assert.Fail($"{what}, element {i}: expected {expected[i]:R}, got {actual[i]:R}");
        }
    }
}
