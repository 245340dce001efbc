using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>
/// Gradients of a 3x3 convolution's kernel and bias in the Winograd form: products are summed in the transformed space and transformed back to nine taps once.
/// </summary>
internal sealed class WinogradWeightGradient : ConvolutionWeightGradient, IParallelWork
{
    private const int MaxSlices = 8;

    // At most 10 MB of partial sums: four slices at 128 to 128 channels.
    private const int MaxPartialFloats = 10 << 18;

    private readonly WinogradPass _pass;
    private readonly GatherWork _gathering;
    private readonly int _slices;
    private readonly int _copyLength;
    private ReadOnlyMemory<float> _input;
    private ReadOnlyMemory<float> _gradient;
    private bool _hasBias;
    private Memory<float> _scratch;

    public WinogradWeightGradient(ConvolutionGeometry geometry)
    {
        _pass = WinogradForm.Create(geometry, isTransposed: false);
        _copyLength = _pass.WeightsLength + _pass.Channels;
        _slices = Math.Clamp(_pass.Batches, 1, MostSlices(geometry));
        _gathering = new(_pass, _slices, _copyLength);
    }

    public override int ScratchLength => _slices * (_copyLength + _pass.BufferLength);

    /// <summary>The largest number of slices, each with sums of its own, that the pixels may be cut into.</summary>
    public static int MostSlices(ConvolutionGeometry geometry) =>
        Math.Clamp(MaxPartialFloats / ((WinogradTransform.Places * geometry.InputChannels + 1) * geometry.OutputChannels), 1, MaxSlices);

    public override void Run(
        WorkerPool pool, ReadOnlyMemory<float> input, ReadOnlyMemory<float> gradient, Memory<float> kernel, Memory<float> bias, Memory<float> scratch)
    {
        (_input, _gradient, _hasBias, _scratch) = (input, gradient, !bias.IsEmpty, scratch);
        pool.Run(this, _slices);
        _gathering.Run(pool, scratch, kernel);
        if (_hasBias) ConvReduce.Sum(scratch.Span[_pass.WeightsLength..], _slices, _copyLength, bias.Span);
    }

    void IParallelWork.Execute(int part)
    {
        var copy = _scratch.Span.Slice(part * _copyLength, _copyLength);
        var buffer = _scratch.Span.Slice(_slices * _copyLength + part * _pass.BufferLength, _pass.BufferLength);
        WinogradRows.Sum(
            _pass,
            _input.Span,
            _gradient.Span,
            copy[.._pass.WeightsLength],
            _hasBias ? copy[_pass.WeightsLength..] : [],
            buffer,
            _pass.Batches * part / _slices,
            _pass.Batches * (part + 1) / _slices);
    }

    /// <summary>Adds the sums of the slices and transforms them back, cut by input channels.</summary>
    private sealed class GatherWork(WinogradPass pass, int slices, int copyLength) : IParallelWork
    {
        private readonly int _parts = Math.Min(pass.SourceChannels, 8);
        private Memory<float> _copies;
        private Memory<float> _kernel;

        public void Run(WorkerPool pool, Memory<float> copies, Memory<float> kernel)
        {
            (_copies, _kernel) = (copies, kernel);
            pool.Run(this, _parts);
        }

        public void Execute(int part) => WinogradPack.Gradient(
            pass, _copies.Span, slices, copyLength, _kernel.Span, pass.SourceChannels * part / _parts, pass.SourceChannels * (part + 1) / _parts);
    }
}
