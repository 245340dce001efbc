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
            var random = new Random(1);
            var input = new PoisonedMemory(geometry.InputLength, random);
            var kernel = new PoisonedMemory(geometry.KernelLength, random);
            var expected = ConvolutionReference.Forward(geometry, input.ToArray(), kernel.ToArray());
            var output = new PoisonedMemory(geometry.OutputLength);
            Run(pool, ConvolutionDriver.Forward(geometry), input, kernel, default, default, output, $"{geometry}");
            output.CheckValues(expected, Tolerance(geometry.Taps * geometry.GroupInput), $"{geometry}");
        }
    }

    [TestMethod]
    public void The_input_gradient_equals_plain_loops_for_all_geometries()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in ConvolutionCases.All())
        {
            var random = new Random(2);
            var gradient = new PoisonedMemory(geometry.OutputLength, random);
            var kernel = new PoisonedMemory(geometry.KernelLength, random);
            var expected = ConvolutionReference.InputGradient(geometry, gradient.ToArray(), kernel.ToArray());
            var input = new PoisonedMemory(geometry.InputLength);
            Run(pool, ConvolutionDriver.InputGradient(geometry), gradient, kernel, default, default, input, $"{geometry}");
            input.CheckValues(expected, Tolerance(geometry.Taps * geometry.GroupOutput), $"{geometry}");
        }
    }

    [TestMethod]
    public void Bias_addend_and_relu_are_applied_in_that_order()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in ConvolutionCases.All())
        {
            var random = new Random(3);
            var input = new PoisonedMemory(geometry.InputLength, random);
            var kernel = new PoisonedMemory(geometry.KernelLength, random);
            var bias = new PoisonedMemory(geometry.OutputChannels, random);
            var addend = new PoisonedMemory(geometry.OutputLength, random);
            var expected = ConvolutionReference.Forward(geometry, input.ToArray(), kernel.ToArray());
            for (var i = 0; i < expected.Length; i++)
                expected[i] = Math.Max(0, expected[i] + bias.Memory.Span[i % geometry.OutputChannels] + addend.Memory.Span[i]);
            var output = new PoisonedMemory(geometry.OutputLength);
            var epilogue = new ConvolutionEpilogue(addend.Memory, true);
            Run(pool, ConvolutionDriver.Forward(geometry), input, kernel, bias.Memory, epilogue, output, $"{geometry}");
            output.CheckValues(expected, 4 * Tolerance(geometry.Taps * geometry.GroupInput), $"{geometry}");
        }
    }

    [TestMethod]
    public void The_input_gradient_with_bias_and_relu_is_a_transposed_convolution()
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in ConvolutionCases.All())
        {
            var random = new Random(4);
            var gradient = new PoisonedMemory(geometry.OutputLength, random);
            var kernel = new PoisonedMemory(geometry.KernelLength, random);
            var bias = new PoisonedMemory(geometry.InputChannels, random);
            var expected = ConvolutionReference.InputGradient(geometry, gradient.ToArray(), kernel.ToArray());
            for (var i = 0; i < expected.Length; i++) expected[i] = Math.Max(0, expected[i] + bias.Memory.Span[i % geometry.InputChannels]);
            var input = new PoisonedMemory(geometry.InputLength);
            Run(pool, ConvolutionDriver.InputGradient(geometry), gradient, kernel, bias.Memory, new(default, true), input, $"{geometry}");
            input.CheckValues(expected, 4 * Tolerance(geometry.Taps * geometry.GroupOutput), $"{geometry}");
        }
    }

    [TestMethod]
    public void Chunks_of_a_long_panel_are_added_up()
    {
        using var pool = new WorkerPool(1);
        var geometry = ConvolutionGeometry.Create(1, 900, 5, 1, [3, 4], [3, 2], [1, 1], [1, 1], [1, 0], [1, 1]);
        var random = new Random(5);
        var input = new PoisonedMemory(geometry.InputLength, random);
        var kernel = new PoisonedMemory(geometry.KernelLength, random);
        var addend = new PoisonedMemory(geometry.OutputLength, random);
        var expected = ConvolutionReference.Forward(geometry, input.ToArray(), kernel.ToArray());
        for (var i = 0; i < expected.Length; i++) expected[i] = Math.Max(0, expected[i] + addend.Memory.Span[i]);
        var output = new PoisonedMemory(geometry.OutputLength);
        Run(pool, ConvolutionDriver.Forward(geometry), input, kernel, default, new(addend.Memory, true), output, "chunks");
        output.CheckValues(expected, 1e-4, "chunks");
    }

    [TestMethod]
    public void NaN_passes_relu()
    {
        using var pool = new WorkerPool(1);
        var geometry = ConvolutionGeometry.Create(1, 1, 3, 1, [5], [1], [1], [1], [0], [0]);
        var input = new PoisonedMemory(5, new Random(1));
        input.Memory.Span[2] = float.NaN;
        var kernel = new PoisonedMemory(3, new Random(1));
        var output = new PoisonedMemory(15);
        Run(pool, ConvolutionDriver.Forward(geometry), input, kernel, default, new(default, true), output, "NaN");
        for (var i = 0; i < 15; i++) Assert.AreEqual(i / 3 == 2, float.IsNaN(output.Memory.Span[i]));
    }

    [TestMethod]
    public void Forward_and_input_gradient_give_the_same_bits_on_two_threads()
    {
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        foreach (var geometry in ConvolutionCases.Parted())
        {
            var random = new Random(6);
            var input = new PoisonedMemory(geometry.InputLength, random);
            var gradient = new PoisonedMemory(geometry.OutputLength, random);
            var kernel = new PoisonedMemory(geometry.KernelLength, random);
            CollectionAssert.AreEqual(
                Run(one, ConvolutionDriver.Forward(geometry), input, kernel, default, default, new(geometry.OutputLength), $"{geometry}"),
                Run(two, ConvolutionDriver.Forward(geometry), input, kernel, default, default, new(geometry.OutputLength), $"{geometry}"));
            CollectionAssert.AreEqual(
                Run(one, ConvolutionDriver.InputGradient(geometry), gradient, kernel, default, default, new(geometry.InputLength), $"{geometry}"),
                Run(two, ConvolutionDriver.InputGradient(geometry), gradient, kernel, default, default, new(geometry.InputLength), $"{geometry}"));
        }
    }

    [TestMethod]
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

    private static float[] Run(
        WorkerPool pool, ConvolutionDriver convolution, PoisonedMemory source, PoisonedMemory kernel, ReadOnlyMemory<float> bias, ConvolutionEpilogue epilogue,
        PoisonedMemory destination, string what)
    {
        var packed = new PoisonedMemory(convolution.PackedLength);
        var scratch = new PoisonedMemory(convolution.ScratchLength);
        convolution.Pack(pool, kernel.Memory, bias, packed.Memory);
        convolution.Run(pool, source.Memory, packed.Memory, epilogue, destination.Memory, scratch.Memory);
        packed.CheckMargins(what);
        scratch.CheckMargins(what);
        destination.CheckMargins(what);
        return destination.ToArray();
    }
}
