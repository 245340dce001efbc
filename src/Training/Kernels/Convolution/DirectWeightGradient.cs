using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Gradients of a convolution's kernel and bias as implicit matrix products.</summary>
/// <remarks>
/// The pixels are cut into slices, the kernel into ranges of register tiles. Each slice sums into its own copy of the kernel,
/// and the copies are added in the order of the slices. Both cuts depend on the shape alone, so the result has the same bits for any number of threads.
/// With few output channels, input and gradient exchange roles, so that vectors run over the input channels: 0.5 ms instead of 8.5 at 8x64x64x64 -> 1.
/// </remarks>
internal sealed class DirectWeightGradient : ConvolutionWeightGradient, IParallelWork
{
    private const int MaxParts = 32;
    private const int MaxSlices = 16;

    // 2 MB of partial sums: more would cost more memory traffic than the better balance gains.
    private const int MaxPartialFloats = 1 << 19;
    private const int MaxScratchFloats = 1 << 20;
    private const double OperationsPerPart = 2e6;

    private readonly ConvolutionGeometry _geometry;
    private readonly bool _isSwapped;
    private readonly ConvWeightPass _pass;
    private readonly SumWork _sum;
    private readonly int _slices;
    private readonly int _ranges;
    private readonly int _kernelLength;
    private readonly int _copyLength;
    private ReadOnlyMemory<float> _input;
    private ReadOnlyMemory<float> _gradient;
    private Memory<float> _kernel;
    private Memory<float> _bias;
    private Memory<float> _scratch;

    public DirectWeightGradient(ConvolutionGeometry geometry)
    {
        _geometry = geometry;
        _isSwapped = ConvolutionWeightPasses.SwapPays(geometry);
        if (_isSwapped) geometry = ConvolutionWeightPasses.Swap(geometry);
        _kernelLength = checked((int)geometry.KernelLength);
        _copyLength = _kernelLength + geometry.OutputChannels;
        var parts = (int)Math.Clamp(geometry.Operations / OperationsPerPart, 1, MaxParts);
        var slices = Math.Min(parts, Math.Clamp(MaxPartialFloats / _copyLength, 1, MaxSlices));
        _pass = ConvolutionWeightPasses.Create(geometry, slices);
        _slices = Math.Clamp(_pass.Units, 1, slices);

        // Each range of tiles reads all pixels of its slice again, so there are only as many ranges as slices leave parts for.
        _ranges = _pass.Forward.IsDepthwise ? 1 : Math.Clamp(parts / _slices, 1, _pass.TileCount);
        if (_pass.BufferLength > 0) _ranges = Math.Clamp(MaxScratchFloats / _pass.BufferLength / _slices, 1, _ranges);
        _sum = new(_slices, _copyLength, _kernelLength);
    }

    public override int ScratchLength => WorkLength + (_isSwapped ? _kernelLength : 0);

    private int WorkLength => (_slices > 1 ? _slices * _copyLength : 0) + _slices * _ranges * _pass.BufferLength;

    public override void Run(
        WorkerPool pool, ReadOnlyMemory<float> input, ReadOnlyMemory<float> gradient, Memory<float> kernel, Memory<float> bias, Memory<float> scratch)
    {
        (_input, _gradient) = _isSwapped ? (gradient, input) : (input, gradient);
        _kernel = _isSwapped ? scratch.Slice(WorkLength, _kernelLength) : kernel;
        _bias = _isSwapped ? default : bias;
        _scratch = scratch;
        pool.Run(this, _slices * _ranges);
        if (_slices > 1) _sum.Run(pool, scratch, _kernel, _bias);
        if (!_isSwapped) return;
        ConvReduce.Unswap(_kernel.Span, _geometry.Taps, _geometry.InputChannels, _geometry.OutputChannels, kernel.Span);
        if (!bias.IsEmpty) ConvReduce.SumPixels(gradient.Span, bias.Span);
    }

    void IParallelWork.Execute(int part)
    {
        var slice = part / _ranges;
        var range = part % _ranges;
        var scratch = _scratch.Span;
        var copies = _slices > 1 ? _slices * _copyLength : 0;
        var kernel = _slices > 1 ? scratch.Slice(slice * _copyLength, _kernelLength) : _kernel.Span;
        var bias = _bias.IsEmpty || range > 0 ? [] : _slices > 1 ? scratch.Slice(slice * _copyLength + _kernelLength, _copyLength - _kernelLength) : _bias.Span;
        long units = _pass.Units;
        long tiles = _pass.TileCount;
        ConvWeightRows.Run(
            _pass, _input.Span, _gradient.Span, kernel, bias, scratch.Slice(copies + part * _pass.BufferLength, _pass.BufferLength),
            (int)(units * slice / _slices), (int)(units * (slice + 1) / _slices), (int)(tiles * range / _ranges), (int)(tiles * (range + 1) / _ranges));
    }

    /// <summary>Adds the copies of the slices in order, element by element.</summary>
    private sealed class SumWork(int slices, int copyLength, int kernelLength) : IParallelWork
    {
        private const int FloatsPerPart = 1 << 14;

        private Memory<float> _copies;
        private Memory<float> _kernel;
        private Memory<float> _bias;
        private int _parts;

        public void Run(WorkerPool pool, Memory<float> copies, Memory<float> kernel, Memory<float> bias)
        {
            (_copies, _kernel, _bias) = (copies, kernel, bias);
            _parts = (kernelLength + FloatsPerPart - 1) / FloatsPerPart;
            pool.Run(this, _parts);
            if (!bias.IsEmpty) ConvReduce.Sum(copies.Span[kernelLength..], slices, copyLength, bias.Span);
        }

        public void Execute(int part)
        {
            var start = part * FloatsPerPart;
            var length = Math.Min(FloatsPerPart, kernelLength - start);
            ConvReduce.Sum(_copies.Span[start..], slices, copyLength, _kernel.Span.Slice(start, length));
        }
    }
}
