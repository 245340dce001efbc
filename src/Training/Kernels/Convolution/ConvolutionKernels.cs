using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The kernels of the convolution operators.</summary>
internal static class ConvolutionKernels
{
    public static Kernel Forward(KernelRequest request, Conv op)
    {
        var geometry = Geometry(op.Window, request.Input(0).Shape, request.Input(1).Shape);
        return new Convolution(request, ConvolutionDriver.Forward(geometry, AlgorithmFor(request)), Bias(request));
    }

    public static Kernel InputGradient(KernelRequest request, ConvInputGradient op)
    {
        var geometry = Geometry(op.Window, request.Input(2).Shape, request.Input(1).Shape);
        return new Convolution(request, ConvolutionDriver.InputGradient(geometry, AlgorithmFor(request)), null);
    }

    /// <summary>A transposed convolution is the input gradient of the convolution that leads from its output to its input.</summary>
    public static Kernel Transposed(KernelRequest request, ConvTranspose op)
    {
        var geometry = Geometry(op.Adjoint(request.Input(1).Shape), request.Output().Shape, request.Input(1).Shape);
        return new Convolution(request, ConvolutionDriver.InputGradient(geometry, AlgorithmFor(request)), Bias(request));
    }

    public static Kernel WeightGradient(KernelRequest request, ConvWeightGradient op)
    {
        var geometry = Geometry(op.Window, request.Input(0).Shape, request.Input(2).Shape);
        return new WeightGradientKernel(request, ConvolutionWeightGradient.Create(geometry, AlgorithmFor(request)));
    }

    private static ValueBuffer? Bias(KernelRequest request) => request.Inputs.Length > 2 ? request.Input(2) : null;

    private static ConvolutionAlgorithm AlgorithmFor(KernelRequest request) => request.Winograd ? ConvolutionAlgorithm.Automatic : ConvolutionAlgorithm.Direct;

    private static ConvolutionGeometry Geometry(Window window, Shape input, Shape kernel)
    {
        var rank = window.SpatialRank;
        Span<int> begin = stackalloc int[rank];
        Span<int> end = stackalloc int[rank];
        for (var i = 0; i < rank; i++) (begin[i], end[i]) = window.Pads.Resolve(i, input.Dims[i + 1], window.Extent(kernel.Dims[i], i), window.Strides[i]);
        return ConvolutionGeometry.Create(
            input.Dims[0],
            input.Dims[^1],
            kernel.Dims[^1],
            window.Groups,
            input.Dims.Slice(1, rank),
            kernel.Dims[..rank],
            window.Strides.Span,
            window.Dilations.Span,
            begin,
            end);
    }

    private sealed class Convolution(KernelRequest request, ConvolutionDriver driver, ValueBuffer? bias) : Kernel
    {
        private readonly ValueBuffer _source = request.Input(0);
        private readonly ValueBuffer _kernel = request.Input(1);
        private readonly ValueBuffer _result = request.Output();
        private readonly ValueBuffer? _addend = request.Epilogue.Addend;
        private readonly bool _relu = request.Epilogue.Activation == EpilogueActivation.Relu;
        private readonly Storage _packed = request.Scratch(driver.PackedLength);
        private readonly Storage _scratch = request.Scratch(driver.ScratchLength);

        public override void Run(in RunContext context)
        {
            if (!context.IsContinued) driver.Pack(context.Pool, _kernel.Memory, bias?.Memory ?? default(Memory<float>), _packed.Memory);
            var epilogue = new ConvolutionEpilogue(_addend?.Memory ?? default(Memory<float>), _relu);
            driver.Run(context.Pool, _source.Memory, _packed.Memory, epilogue, _result.Memory, _scratch.Memory);
        }
    }

    private sealed class WeightGradientKernel(KernelRequest request, ConvolutionWeightGradient driver) : Kernel
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly ValueBuffer _gradient = request.Input(1);
        private readonly ValueBuffer _result = request.Output();
        private readonly ValueBuffer? _bias = request.Epilogue.BiasGradient;
        private readonly Storage _scratch = request.Scratch(driver.ScratchLength);

        public override void Run(in RunContext context) =>
            driver.Run(context.Pool, _input.Memory, _gradient.Memory, _result.Memory, _bias?.Memory ?? default(Memory<float>), _scratch.Memory);
    }
}
