using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Tests.Training.Simd;

[TestClass]
[TestCategory("Kernels")]
public class WinogradTests
{
    [TestMethod]
    public void Forward_and_gradients_equal_plain_loops_for_all_geometries()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in Cases())
        {
            var data = new ConvolutionData(geometry, seed: 1);
            var forward = ConvolutionDriver.Forward(geometry, ConvolutionAlgorithm.Winograd);
            Assert.IsInstanceOfType<WinogradConvolution>(forward);
            Check(data.RunForward(pool, forward), data.Forward(), $"{geometry} forward");

            var back = ConvolutionDriver.InputGradient(geometry, ConvolutionAlgorithm.Winograd);
            Check(data.RunInputGradient(pool, back), data.InputGradient(), $"{geometry} input gradient");

            var bias = new PoisonedMemory(geometry.OutputChannels);
            var weights = data.RunWeightGradient(pool, ConvolutionWeightGradient.Create(geometry, ConvolutionAlgorithm.Winograd), bias.Memory);
            Check(weights, data.WeightGradient(), $"{geometry} weight gradient");
            Check(bias, data.BiasGradient(), $"{geometry} bias");
        }
    }

    [TestMethod]
    public void Bias_addend_and_relu_are_applied_in_that_order()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in Cases())
        {
            var data = new ConvolutionData(geometry, seed: 2);
            var expected = ConvolutionData.Activated(data.Forward(), data.OutputBias, data.Addend);
            var forward = ConvolutionDriver.Forward(geometry, ConvolutionAlgorithm.Winograd);
            data.RunForward(pool, forward, data.OutputBias.Memory, new(data.Addend.Memory, true)).CheckValues(expected, 2e-3, $"{geometry}");
        }
    }

    [TestMethod]
    public void All_directions_give_the_same_bits_on_two_threads()
    {
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        var geometry = ConvolutionGeometry.Create(3, 48, 32, 1, [17, 30], [3, 3], [1, 1], [1, 1], [1, 1], [1, 1]);
        var data = new ConvolutionData(geometry, seed: 3);
        var (forward, back, weights) = (
            ConvolutionDriver.Forward(geometry), ConvolutionDriver.InputGradient(geometry), ConvolutionWeightGradient.Create(geometry));
        Assert.IsInstanceOfType<WinogradConvolution>(forward, "the geometry should be worth the Winograd form");
        CollectionAssert.AreEqual(data.RunForward(one, forward).ToArray(), data.RunForward(two, forward).ToArray());
        CollectionAssert.AreEqual(data.RunInputGradient(one, back).ToArray(), data.RunInputGradient(two, back).ToArray());
        CollectionAssert.AreEqual(data.RunWeightGradient(one, weights).ToArray(), data.RunWeightGradient(two, weights).ToArray());
    }

    [TestMethod]
    public void The_error_of_many_channels_stays_near_that_of_a_plain_sum()
    {
        using var pool = new WorkerPool(1);
        var geometry = ConvolutionGeometry.Create(1, 128, 32, 1, [12, 12], [3, 3], [1, 1], [1, 1], [1, 1], [1, 1]);
        var data = new ConvolutionData(geometry, seed: 4);
        var expected = data.Forward();
        var actual = data.RunForward(pool, ConvolutionDriver.Forward(geometry, ConvolutionAlgorithm.Winograd)).ToArray();
        var scale = Math.Sqrt(expected.Average(value => value * value));
        var error = Math.Sqrt(expected.Zip(actual, (e, a) => (e - a) * (e - a)).Average());
        Assert.IsTrue(error < 1.5e-6 * scale, $"relative error {error / scale:E2}");
    }

    private static void Check(PoisonedMemory actual, double[] expected, string what)
    {
        var largest = expected.Length == 0 ? 0 : expected.Max(Math.Abs);
        actual.CheckValues(expected, 1e-6 + 1e-5 * largest, what);
    }

    private static IEnumerable<ConvolutionGeometry> Cases()
    {
        foreach (var (height, width) in ((int, int)[])[(4, 4), (6, 6), (1, 1), (5, 9), (3, 17), (13, 8), (32, 5)])
        {
            foreach (var (begin, end) in ((int, int)[])[(1, 1), (0, 0), (2, 0), (0, 2), (2, 2)])
            {
                if (height + begin + end < 3 || width + begin + end < 3) continue;
                yield return ConvolutionGeometry.Create(1, 16, 48, 1, [height, width], [3, 3], [1, 1], [1, 1], [begin, begin], [end, end]);
            }
        }

        yield return ConvolutionGeometry.Create(3, 32, 16, 1, [9, 10], [3, 3], [1, 1], [1, 1], [1, 0], [0, 1]);
        yield return ConvolutionGeometry.Create(2, 48, 64, 1, [11, 7], [3, 3], [1, 1], [1, 1], [1, 1], [1, 1]);
        yield return ConvolutionGeometry.Create(0, 16, 16, 1, [8, 8], [3, 3], [1, 1], [1, 1], [1, 1], [1, 1]);
    }
}
