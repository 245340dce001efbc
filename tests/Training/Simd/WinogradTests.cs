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
            var random = new Random(1);
            var input = new PoisonedMemory(geometry.InputLength, random);
            var kernel = new PoisonedMemory(geometry.KernelLength, random);
            var gradient = new PoisonedMemory(geometry.OutputLength, random);
            var (x, w, g) = (input.ToArray(), kernel.ToArray(), gradient.ToArray());

            var forward = ConvolutionDriver.Forward(geometry, ConvolutionAlgorithm.Winograd);
            Assert.IsInstanceOfType<WinogradConvolution>(forward);
            Check(Run(pool, forward, input, kernel, default, default, geometry.OutputLength), ConvolutionReference.Forward(geometry, x, w), $"{geometry} forward");

            var back = ConvolutionDriver.InputGradient(geometry, ConvolutionAlgorithm.Winograd);
            Check(Run(pool, back, gradient, kernel, default, default, geometry.InputLength), ConvolutionReference.InputGradient(geometry, g, w), $"{geometry} input gradient");

            var weights = ConvolutionWeightGradient.Create(geometry, ConvolutionAlgorithm.Winograd);
            var (result, bias, scratch) = (new PoisonedMemory(geometry.KernelLength), new PoisonedMemory(geometry.OutputChannels), new PoisonedMemory(weights.ScratchLength));
            weights.Run(pool, input.Memory, gradient.Memory, result.Memory, bias.Memory, scratch.Memory);
            scratch.CheckMargins($"{geometry}");
            Check(result, ConvolutionReference.WeightGradient(geometry, x, g), $"{geometry} weight gradient");
            var sums = new double[geometry.OutputChannels];
            for (var i = 0; i < g.Length; i++) sums[i % geometry.OutputChannels] += g[i];
            Check(bias, sums, $"{geometry} bias");
        }
    }

    [TestMethod]
    public void Bias_addend_and_relu_are_applied_in_that_order()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in Cases())
        {
            var random = new Random(2);
            var input = new PoisonedMemory(geometry.InputLength, random);
            var kernel = new PoisonedMemory(geometry.KernelLength, random);
            var bias = new PoisonedMemory(geometry.OutputChannels, random);
            var addend = new PoisonedMemory(geometry.OutputLength, random);
            var expected = ConvolutionReference.Forward(geometry, input.ToArray(), kernel.ToArray());
            for (var i = 0; i < expected.Length; i++)
                expected[i] = Math.Max(0, expected[i] + bias.Memory.Span[i % geometry.OutputChannels] + addend.Memory.Span[i]);
            var forward = ConvolutionDriver.Forward(geometry, ConvolutionAlgorithm.Winograd);
            var result = Run(pool, forward, input, kernel, bias.Memory, new(addend.Memory, true), geometry.OutputLength);
            for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], result.Memory.Span[i], 2e-3, $"{geometry} element {i}");
        }
    }

    [TestMethod]
    public void All_directions_give_the_same_bits_on_two_threads()
    {
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        var geometry = ConvolutionGeometry.Create(3, 48, 32, 1, [17, 30], [3, 3], [1, 1], [1, 1], [1, 1], [1, 1]);
        var random = new Random(3);
        var input = new PoisonedMemory(geometry.InputLength, random);
        var kernel = new PoisonedMemory(geometry.KernelLength, random);
        var gradient = new PoisonedMemory(geometry.OutputLength, random);
        Assert.IsInstanceOfType<WinogradConvolution>(ConvolutionDriver.Forward(geometry), "the geometry should be worth the Winograd form");
        CollectionAssert.AreEqual(
            Run(one, ConvolutionDriver.Forward(geometry), input, kernel, default, default, geometry.OutputLength).ToArray(),
            Run(two, ConvolutionDriver.Forward(geometry), input, kernel, default, default, geometry.OutputLength).ToArray());
        CollectionAssert.AreEqual(
            Run(one, ConvolutionDriver.InputGradient(geometry), gradient, kernel, default, default, geometry.InputLength).ToArray(),
            Run(two, ConvolutionDriver.InputGradient(geometry), gradient, kernel, default, default, geometry.InputLength).ToArray());
        CollectionAssert.AreEqual(Weights(one), Weights(two));

        float[] Weights(WorkerPool pool)
        {
            var weights = ConvolutionWeightGradient.Create(geometry);
            var (result, scratch) = (new PoisonedMemory(geometry.KernelLength), new PoisonedMemory(weights.ScratchLength));
            weights.Run(pool, input.Memory, gradient.Memory, result.Memory, default, scratch.Memory);
            return result.ToArray();
        }
    }

    [TestMethod]
    public void The_error_of_many_channels_stays_near_that_of_a_plain_sum()
    {
        using var pool = new WorkerPool(1);
        var geometry = ConvolutionGeometry.Create(1, 128, 32, 1, [12, 12], [3, 3], [1, 1], [1, 1], [1, 1], [1, 1]);
        var random = new Random(4);
        var input = new PoisonedMemory(geometry.InputLength, random);
        var kernel = new PoisonedMemory(geometry.KernelLength, random);
        var expected = ConvolutionReference.Forward(geometry, input.ToArray(), kernel.ToArray());
        var actual = Run(pool, ConvolutionDriver.Forward(geometry, ConvolutionAlgorithm.Winograd), input, kernel, default, default, geometry.OutputLength).ToArray();
        var scale = Math.Sqrt(expected.Average(value => value * value));
        var error = Math.Sqrt(expected.Zip(actual, (e, a) => (e - a) * (e - a)).Average());
        Assert.IsTrue(error < 1.5e-6 * scale, $"relative error {error / scale:E2}");
    }

    private static void Check(PoisonedMemory actual, double[] expected, string what)
    {
        var largest = expected.Length == 0 ? 0 : expected.Max(Math.Abs);
        actual.CheckValues(expected, 1e-6 + 1e-5 * largest, what);
    }

    private static PoisonedMemory Run(
        WorkerPool pool, ConvolutionDriver convolution, PoisonedMemory source, PoisonedMemory kernel, ReadOnlyMemory<float> bias, ConvolutionEpilogue epilogue, long length)
    {
        var (packed, scratch, destination) = (new PoisonedMemory(convolution.PackedLength), new PoisonedMemory(convolution.ScratchLength), new PoisonedMemory(length));
        convolution.Pack(pool, kernel.Memory, bias, packed.Memory);
        convolution.Run(pool, source.Memory, packed.Memory, epilogue, destination.Memory, scratch.Memory);
        packed.CheckMargins("packed");
        scratch.CheckMargins("scratch");
        destination.CheckMargins("destination");
        return destination;
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
