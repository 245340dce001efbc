using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>The random operands of a convolution between poisoned margins, its reference results, and runs in poisoned memory.</summary>
internal sealed class ConvolutionData
{
    private readonly ConvolutionGeometry _geometry;

    public ConvolutionData(ConvolutionGeometry geometry, int seed)
    {
        _geometry = geometry;
        var random = new Random(seed);
        Input = new(geometry.InputLength, random);
        Kernel = new(geometry.KernelLength, random);
        Gradient = new(geometry.OutputLength, random);
        Addend = new(geometry.OutputLength, random);
        OutputBias = new(geometry.OutputChannels, random);
        InputBias = new(geometry.InputChannels, random);
    }

    public PoisonedMemory Input { get; }
    public PoisonedMemory Kernel { get; }

    /// <summary>The gradient with respect to the output.</summary>
    public PoisonedMemory Gradient { get; }
    public PoisonedMemory Addend { get; }
    public PoisonedMemory OutputBias { get; }
    public PoisonedMemory InputBias { get; }

    public double[] Forward() => ConvolutionReference.Forward(_geometry, Input.ToArray(), Kernel.ToArray());

    public double[] InputGradient() => ConvolutionReference.InputGradient(_geometry, Gradient.ToArray(), Kernel.ToArray());

    public double[] WeightGradient() => ConvolutionReference.WeightGradient(_geometry, Input.ToArray(), Gradient.ToArray());

    /// <summary>The gradient of a bias of the output.</summary>
    public double[] BiasGradient()
    {
        var sums = new double[_geometry.OutputChannels];
        for (var i = 0; i < _geometry.OutputLength; i++) sums[i % sums.Length] += Gradient.Memory.Span[i];
        return sums;
    }

    /// <summary><c>relu(values + bias + addend)</c>, with a bias per channel.</summary>
    public static double[] Activated(double[] values, PoisonedMemory? bias, PoisonedMemory? addend)
    {
        var result = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            result[i] = Math.Max(0, values[i] + (bias?.Memory.Span[i % bias.Memory.Length] ?? 0) + (addend?.Memory.Span[i] ?? 0));
        }

        return result;
    }

    /// <summary>The output of a forward pass.</summary>
    public PoisonedMemory RunForward(WorkerPool pool, ConvolutionDriver driver, ReadOnlyMemory<float> bias = default, ConvolutionEpilogue epilogue = default) =>
        Run(pool, driver, Input, bias, epilogue, _geometry.OutputLength);

    /// <summary>The gradient of the input.</summary>
    public PoisonedMemory RunInputGradient(
        WorkerPool pool, ConvolutionDriver driver, ReadOnlyMemory<float> bias = default, ConvolutionEpilogue epilogue = default) =>
        Run(pool, driver, Gradient, bias, epilogue, _geometry.InputLength);

    /// <summary>The gradient of the kernel, and of the bias if there is memory for it.</summary>
    public PoisonedMemory RunWeightGradient(WorkerPool pool, ConvolutionWeightGradient driver, Memory<float> bias = default)
    {
        var (scratch, kernel) = (new PoisonedMemory(driver.ScratchLength), new PoisonedMemory(_geometry.KernelLength));
        driver.Run(pool, Input.Memory, Gradient.Memory, kernel.Memory, bias, scratch.Memory);
        scratch.CheckMargins($"{_geometry} scratch");
        kernel.CheckMargins($"{_geometry} kernel");
        return kernel;
    }

    private PoisonedMemory Run(
        WorkerPool pool, ConvolutionDriver driver, PoisonedMemory source, ReadOnlyMemory<float> bias, ConvolutionEpilogue epilogue, long length)
    {
        var (packed, scratch, destination) = (new PoisonedMemory(driver.PackedLength), new PoisonedMemory(driver.ScratchLength), new PoisonedMemory(length));
        driver.Pack(pool, Kernel.Memory, bias, packed.Memory);
        driver.Run(pool, source.Memory, packed.Memory, epilogue, destination.Memory, scratch.Memory);
        packed.CheckMargins($"{_geometry} packed");
        scratch.CheckMargins($"{_geometry} scratch");
        destination.CheckMargins($"{_geometry} destination");
        return destination;
    }
}
