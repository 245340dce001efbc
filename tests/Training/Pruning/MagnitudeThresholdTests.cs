using OnnxFunctional.Training.Pruning;

namespace OnnxFunctional.Tests.Training.Pruning;

[TestClass]
public sealed class MagnitudeThresholdTests
{
    [TestMethod]
    public void The_smallest_are_those_a_sort_would_find()
    {
        var threshold = new MagnitudeThreshold();
        var random = new Random(5);
        foreach (var count in new[] { 1, 3, 7, 17, 256, 1001 })
        {
            // Many equal values, both zeros, values of all magnitudes, and NaN.
            var values = new float[count];
            for (var i = 0; i < count; i++)
            {
                values[i] = random.Next(5) switch
                {
                    0 => 0,
                    1 => -0f,
                    2 => random.Next(-3, 4),
                    3 => random.NextSingle() - 0.5f,
                    _ => float.ScaleB(random.NextSingle(), random.Next(-140, 120)),
                };
            }

            if (count > 7) (values[1], values[5]) = (float.NaN, float.NegativeInfinity);
            var order = Enumerable.Range(0, count).OrderBy(i => float.IsNaN(values[i])).ThenBy(i => MathF.Abs(values[i])).ThenBy(i => i).ToArray();
            foreach (var zeros in new[] { 0, 1, count / 3, count - 1, count })
            {
                var mask = Enumerable.Repeat(5f, count).ToArray();
                threshold.Mask(values, zeros, -1, mask);
                var expected = new float[count];
                foreach (var i in order.Take(zeros)) expected[i] = -1;
                CollectionAssert.AreEqual(expected, mask, $"{zeros} of {count}");
            }
        }
    }
}
