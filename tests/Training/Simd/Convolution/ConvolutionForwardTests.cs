using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Tests.Training.Simd;

[TestClass]
[TestCategory("Kernels")]
public class ConvolutionForwardTests
{
    [TestMethod]
    public void Forward_equals_plain_loops_for_all_geometries()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in ConvolutionCases.All())
        {
            var data = new ConvolutionData(geometry, seed: 1);
            var output = data.RunForward(pool, ConvolutionDriver.Forward(geometry));
            output.CheckValues(data.Forward(), Tolerance(geometry.Taps * geometry.GroupInput), $"{geometry}");
        }
    }

    [TestMethod]
    public void The_input_gradient_equals_plain_loops_for_all_geometries()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in ConvolutionCases.All())
        {
            var data = new ConvolutionData(geometry, seed: 2);
            var input = data.RunInputGradient(pool, ConvolutionDriver.InputGradient(geometry));
            input.CheckValues(data.InputGradient(), Tolerance(geometry.Taps * geometry.GroupOutput), $"{geometry}");
        }
    }

    [TestMethod]
    public void Bias_addend_and_relu_are_applied_in_that_order()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in ConvolutionCases.All())
        {
            var data = new ConvolutionData(geometry, seed: 3);
            var expected = ConvolutionData.Activated(data.Forward(), data.OutputBias, data.Addend);
            var output = data.RunForward(pool, ConvolutionDriver.Forward(geometry), data.OutputBias.Memory, new(data.Addend.Memory, true));
            output.CheckValues(expected, 4 * Tolerance(geometry.Taps * geometry.GroupInput), $"{geometry}");
        }
    }

    [TestMethod]
    public void The_input_gradient_with_bias_and_relu_is_a_transposed_convolution()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in ConvolutionCases.All())
        {
            var data = new ConvolutionData(geometry, seed: 4);
            var expected = ConvolutionData.Activated(data.InputGradient(), data.InputBias, null);
            var input = data.RunInputGradient(pool, ConvolutionDriver.InputGradient(geometry), data.InputBias.Memory, new(default, true));
            input.CheckValues(expected, 4 * Tolerance(geometry.Taps * geometry.GroupOutput), $"{geometry}");
        }
    }

    [TestMethod]
    public void Chunks_of_a_long_panel_are_added_up()
    {
        using var pool = new WorkerPool(1);
        var geometry = ConvolutionGeometry.Create(1, 900, 5, 1, [3, 4], [3, 2], [1, 1], [1, 1], [1, 0], [1, 1]);
        var data = new ConvolutionData(geometry, seed: 5);
        var output = data.RunForward(pool, ConvolutionDriver.Forward(geometry), epilogue: new(data.Addend.Memory, true));
        output.CheckValues(ConvolutionData.Activated(data.Forward(), null, data.Addend), 1e-4, "chunks");
    }

    [TestMethod]
    public void NaN_passes_relu()
    {
        using var pool = new WorkerPool(1);
        var geometry = ConvolutionGeometry.Create(1, 1, 3, 1, [5], [1], [1], [1], [0], [0]);
        var data = new ConvolutionData(geometry, seed: 1);
        data.Input.Memory.Span[2] = float.NaN;
        var output = data.RunForward(pool, ConvolutionDriver.Forward(geometry), epilogue: new(default, true));
        for (var i = 0; i < 15; i++) Assert.AreEqual(i / 3 == 2, float.IsNaN(output.Memory.Span[i]));
    }

    [TestMethod]
    public void Forward_and_input_gradient_give_the_same_bits_on_two_threads()
    {
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        foreach (var geometry in ConvolutionCases.Parted())
        {
            var data = new ConvolutionData(geometry, seed: 6);
            var (forward, back) = (ConvolutionDriver.Forward(geometry), ConvolutionDriver.InputGradient(geometry));
            CollectionAssert.AreEqual(data.RunForward(one, forward).ToArray(), data.RunForward(two, forward).ToArray(), $"{geometry}");
            CollectionAssert.AreEqual(data.RunInputGradient(one, back).ToArray(), data.RunInputGradient(two, back).ToArray(), $"{geometry}");
        }
    }

    [TestMethod]
    [DoNotParallelize]
    public void A_warm_run_allocates_nothing()
    {
        using var pool = new WorkerPool(1);
        var geometry = ConvolutionGeometry.Create(1, 3, 17, 1, [9, 9], [3, 3], [1, 1], [1, 1], [1, 1], [1, 1]);
        var kernel = ConvolutionDriver.Forward(geometry);
        var weights = new float[geometry.KernelLength];
        var (packed, scratch) = (new float[kernel.PackedLength], new float[kernel.ScratchLength]);
        var (input, output) = (new float[geometry.InputLength], new float[geometry.OutputLength]);
        long allocated = -1;
        for (var round = 0; round < 3; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            kernel.Pack(pool, weights, default, packed);
            kernel.Run(pool, input, packed, default, output, scratch);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.AreEqual(0, allocated);
    }

    internal static double Tolerance(int products) => 4e-7 * (2 + Math.Sqrt(products)) + 3e-8 * products;
}
