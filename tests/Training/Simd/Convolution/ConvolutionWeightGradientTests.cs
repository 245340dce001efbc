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
            var data = new ConvolutionData(geometry, seed: 1);
            var bias = new PoisonedMemory(geometry.OutputChannels);
            var kernel = data.RunWeightGradient(pool, ConvolutionWeightGradient.Create(geometry), bias.Memory);
            var tolerance = ConvolutionForwardTests.Tolerance((int)(geometry.OutputLength / geometry.OutputChannels));
            kernel.CheckValues(data.WeightGradient(), tolerance, $"{geometry}");
            bias.CheckValues(data.BiasGradient(), tolerance, $"{geometry} bias");
        }
    }

    [TestMethod]
    public void A_run_gives_the_same_bits_on_two_threads()
    {
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        foreach (var geometry in ConvolutionCases.Parted())
        {
            var data = new ConvolutionData(geometry, seed: 2);
            var convolution = ConvolutionWeightGradient.Create(geometry);
            CollectionAssert.AreEqual(data.RunWeightGradient(one, convolution).ToArray(), data.RunWeightGradient(two, convolution).ToArray(), $"{geometry}");
        }
    }
}
