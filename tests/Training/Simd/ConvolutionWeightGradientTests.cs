using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Tests.Training.Simd;

[TestClass]
[TestCategory("Kernels")]
public class ConvolutionWeightGradientTests
{
    [TestMethod]
    public void A_run_equals_plain_loops_for_all_geometries()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in ConvolutionCases.All().Concat(ConvolutionCases.Parted()))
        {
            var random = new Random(1);
            var input = new PoisonedMemory(geometry.InputLength, random);
            var gradient = new PoisonedMemory(geometry.OutputLength, random);
            var kernel = new PoisonedMemory(geometry.KernelLength);
            var bias = new PoisonedMemory(geometry.OutputChannels);
            Run(pool, geometry, input, gradient, kernel, bias.Memory);
            var pixels = (int)(geometry.OutputLength / geometry.OutputChannels);
            var tolerance = ConvolutionForwardTests.Tolerance(pixels);
            kernel.CheckValues(ConvolutionReference.WeightGradient(geometry, input.ToArray(), gradient.ToArray()), tolerance, $"{geometry}");
            var sums = new double[geometry.OutputChannels];
            for (var i = 0; i < geometry.OutputLength; i++) sums[i % geometry.OutputChannels] += gradient.Memory.Span[i];
            bias.CheckValues(sums, tolerance, $"{geometry} bias");
        }
    }

    [TestMethod]
    public void A_run_gives_the_same_bits_on_two_threads()
    {
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        foreach (var geometry in ConvolutionCases.Parted())
        {
            var random = new Random(2);
            var input = new PoisonedMemory(geometry.InputLength, random);
            var gradient = new PoisonedMemory(geometry.OutputLength, random);
            var (first, second) = (new PoisonedMemory(geometry.KernelLength), new PoisonedMemory(geometry.KernelLength));
            Run(one, geometry, input, gradient, first, default);
            Run(two, geometry, input, gradient, second, default);
            CollectionAssert.AreEqual(first.ToArray(), second.ToArray(), $"{geometry}");
        }
    }

    private static void Run(WorkerPool pool, ConvolutionGeometry geometry, PoisonedMemory input, PoisonedMemory gradient, PoisonedMemory kernel, Memory<float> bias)
    {
        var convolution = ConvolutionWeightGradient.Create(geometry);
        var scratch = new PoisonedMemory(convolution.ScratchLength);
        convolution.Run(pool, input.Memory, gradient.Memory, kernel.Memory, bias, scratch.Memory);
        scratch.CheckMargins($"{geometry}");
        kernel.CheckMargins($"{geometry}");
    }
}
