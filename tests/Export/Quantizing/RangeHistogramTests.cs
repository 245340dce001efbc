using OnnxFunctional.Export;
using OnnxFunctional.Export.Quantizing;

namespace OnnxFunctional.Tests.Export.Quantizing;

/// <summary>Ranges of distributions whose best ranges are known.</summary>
[TestClass]
public sealed class RangeHistogramTests
{
    /// <summary>
    /// The clipping with the least mean squared error for 256 levels, by the formulas of Banner and others 2019 (ACIQ): 3.92 deviations of a normal
    /// distribution, 9.89 scales of a Laplace distribution.
    /// </summary>
    [TestMethod]
    [DataRow("normal", 3.92)]
    [DataRow("laplace", 9.89)]
    public void The_least_squared_error_is_at_the_known_clipping(string distribution, double best)
    {
        var random = new Random(1);
        var numbers = new float[4_000_000];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = (float)Drawn();
        var (least, greatest) = Of(numbers, new() { Method = CalibrationMethod.MeanSquaredError });

        // The tried ends are 9 % apart, and the loss is flat there.
        Assert.AreEqual(best, greatest, 0.12 * best);
        Assert.AreEqual(-best, least, 0.12 * best);
        Assert.IsGreaterThan(1.1 * best, numbers.Max());

        double Drawn()
        {
            var uniform = 1 - random.NextDouble();
            return distribution == "laplace"
                ? Math.Log(uniform) * (random.Next(2) == 0 ? 1 : -1)
                : Math.Sqrt(-2 * Math.Log(uniform)) * Math.Cos(2 * Math.PI * random.NextDouble());
        }
    }

    [TestMethod]
    public void A_percentile_cuts_off_its_share_at_the_ends_that_there_are()
    {
        float[] relu = [.. Enumerable.Range(0, 1000).Select(i => i / 1000f)];
        var (least, greatest) = Of(relu, new() { Method = CalibrationMethod.Percentile, Percentile = 95 });
        Assert.AreEqual(0, least);
        Assert.AreEqual(0.95f, greatest, 0.002f);
        float[] both = [.. relu, .. relu.Select(number => -number)];
        (least, greatest) = Of(both, new() { Method = CalibrationMethod.Percentile, Percentile = 90 });
        Assert.AreEqual(-0.9f, least, 0.002f);
        Assert.AreEqual(0.9f, greatest, 0.002f);
    }

    [TestMethod]
    [DataRow(CalibrationMethod.MinMax)]
    [DataRow(CalibrationMethod.Percentile)]
    [DataRow(CalibrationMethod.Entropy)]
    [DataRow(CalibrationMethod.MeanSquaredError)]
    public void Zero_is_in_every_range_and_odd_tensors_have_one(CalibrationMethod method)
    {
        foreach (var numbers in (float[][])[[], [0], [5], [-3], [3, 4], [-4, -3], [1e-38f, 2e-38f], [-1e30f, 1e30f], [0, 0, 0]])
        {
            var range = Of(numbers, new() { Method = method });
            Assert.IsTrue(
                range is { Least: <= 0 and > float.NegativeInfinity, Greatest: >= 0 and < float.PositiveInfinity },
                $"{range} of {string.Join(", ", numbers)}");
            var quantum = Quantum.Of(range);
            Assert.IsTrue(quantum.Scale > 0 && float.IsFinite(quantum.Scale));
        }
    }

    private static (float Least, float Greatest) Of(float[] numbers, QuantizationOptions options)
    {
        var histogram = new RangeHistogram();
        foreach (var part in numbers.Chunk(999)) Assert.IsTrue(histogram.Extend(part));
        foreach (var part in numbers.Chunk(999)) histogram.Count(part);
        return histogram.Range(options);
    }
}
