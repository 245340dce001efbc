using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Convolution as an implicit matrix product: patches are read in place, and only the weights are packed.</summary>
internal sealed class DirectConvolution(ConvolutionGeometry geometry, ConvPass pass, bool isTransposed)
    : ConvolutionDriver(pass.PackedLength, pass.BufferLength, Parts(geometry, pass))
{
    // Few threads are balanced to 2 %, and 16 threads have enough work.
    private const int MaxParts = 64;
    private const int MaxScratchFloats = 1 << 20;

    // About 10 microseconds: a helper that spins is there within one.
    private const double OperationsPerPart = 8e5;

    // A depthwise convolution reads each number for few operations, so these take longer.
    private const double DepthwiseCost = 4;

    private readonly ConvPass _pass = pass;
    private readonly PackWork _packing = new(pass, isTransposed);

    public override void Pack(WorkerPool pool, ReadOnlyMemory<float> kernel, ReadOnlyMemory<float> bias, Memory<float> packed) =>
        _packing.Run(pool, kernel, bias, packed);

    protected override void Compute(in ConvOperands operands, int part, int parts)
    {
        var tasks = (long)_pass.Tasks;
        ConvRows.Run(_pass, operands, (int)(tasks * part / parts), (int)(tasks * (part + 1) / parts));
    }

    private static int Parts(ConvolutionGeometry geometry, ConvPass pass)
    {
        var limit = pass.BufferLength == 0 ? MaxParts : Math.Clamp(MaxScratchFloats / pass.BufferLength, 8, MaxParts);
        var cost = geometry.Operations * (pass.IsDepthwise ? DepthwiseCost : 1);
        return (int)Math.Clamp(Math.Min(cost / OperationsPerPart, pass.Tasks), Math.Min(1, pass.Tasks), limit);
    }

    /// <summary>Packs the weights, cut by taps.</summary>
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
