using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Convolution as an implicit matrix product: patches are read where they lie, only the weights are packed.</summary>
internal sealed class DirectConvolution : ConvolutionKernel, IParallelWork
{
    // Balanced to 2 % on few threads, and enough for 16.
    private const int MaxParts = 64;
    private const int MaxScratchFloats = 1 << 20;
    private const double OperationsPerPart = 2e6;

    private readonly ConvPass _pass;
    private readonly PackWork _packing;
    private readonly int _parts;
    private ReadOnlyMemory<float> _source;
    private ReadOnlyMemory<float> _packed;
    private ConvolutionEpilogue _epilogue;
    private Memory<float> _destination;
    private Memory<float> _scratch;

    public DirectConvolution(ConvolutionGeometry geometry, ConvPass pass, bool isTransposed)
    {
        _pass = pass;
        _packing = new(pass, isTransposed);
        var limit = pass.BufferLength == 0 ? MaxParts : Math.Clamp(MaxScratchFloats / pass.BufferLength, 8, MaxParts);
        _parts = (int)Math.Clamp(Math.Min(geometry.Operations / OperationsPerPart, pass.Tasks), Math.Min(1, pass.Tasks), limit);
    }

    public override int PackedLength => _pass.PackedLength;

    public override int ScratchLength => _pass.BufferLength * _parts;

    public override void Pack(WorkerPool pool, ReadOnlyMemory<float> kernel, ReadOnlyMemory<float> bias, Memory<float> packed) =>
        _packing.Run(pool, kernel, bias, packed);

    public override void Run(
        WorkerPool pool, ReadOnlyMemory<float> source, ReadOnlyMemory<float> packed, in ConvolutionEpilogue epilogue, Memory<float> destination, Memory<float> scratch)
    {
        (_source, _packed, _epilogue, _destination, _scratch) = (source, packed, epilogue, destination, scratch);
        pool.Run(this, _parts);
    }

    void IParallelWork.Execute(int part)
    {
        var operands = new ConvOperands
        {
            Source = _source.Span,
            Packed = _packed.Span,
            Addend = _epilogue.Addend.Span,
            Destination = _destination.Span,
            Buffer = _scratch.Span.Slice(part * _pass.BufferLength, _pass.BufferLength),
            Relu = _epilogue.Relu,
            Epilogue = _epilogue.Rows,
        };
        var tasks = (long)_pass.Tasks;
        ConvRows.Run(_pass, operands, (int)(tasks * part / _parts), (int)(tasks * (part + 1) / _parts));
    }

    /// <summary>Packing, cut by taps.</summary>
    private sealed class PackWork(ConvPass pass, bool isTransposed) : IParallelWork
    {
        private const int FloatsPerPart = 1 << 16;

        private readonly int _taps = CountTaps(pass);
        private ReadOnlyMemory<float> _kernel;
        private Memory<float> _packed;
        private int _parts;

        public void Run(WorkerPool pool, ReadOnlyMemory<float> kernel, ReadOnlyMemory<float> bias, Memory<float> packed)
        {
            (_kernel, _packed) = (kernel, packed);
            ConvPack.Bias(pass, bias.Span, packed.Span);
            if (pass.Form == ConvForm.Narrow)
            {
                ConvPack.Narrow(pass, isTransposed, kernel.Span, packed.Span);
                return;
            }

            _parts = Math.Clamp(pass.PackedLength / FloatsPerPart, 1, Math.Max(1, _taps));
            pool.Run(this, _parts);
        }

        public void Execute(int part)
        {
            var kernel = _kernel.Span;
            var packed = _packed.Span;
            var first = (int)((long)_taps * part / _parts);
            var end = (int)((long)_taps * (part + 1) / _parts);
            var start = 0;
            foreach (var phase in pass.Phases)
            {
                for (var tap = Math.Max(0, first - start); tap < Math.Min(phase.KernelTaps.Length, end - start); tap++)
                {
                    if (pass.IsDepthwise) ConvPack.Depthwise(pass, phase, tap, kernel, packed);
                    else if (isTransposed) ConvPack.Transposed(pass, phase, tap, kernel, packed);
                    else ConvPack.Forward(pass, phase, tap, kernel, packed);
                }

                start += phase.KernelTaps.Length;
            }
        }

        private static int CountTaps(ConvPass pass)
        {
            var taps = 0;
            foreach (var phase in pass.Phases) taps += phase.KernelTaps.Length;
            return taps;
        }
    }
}
