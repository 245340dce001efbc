using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>Convolutions to at most four channels, which would leave most lanes of a vector unused.</summary>
/// <remarks>
/// The taps replace the missing channels: one product with <c>taps * channels</c> columns gives every source pixel's contribution to every tap, and a
/// destination pixel adds up the contributions within its reach. 3x3x32 &lt;- 64 channels to 1: 3 ms instead of 16.
/// </remarks>
internal static unsafe class ConvNarrow
{
    private const int MaxChannels = 4;

    /// <summary>The columns of the product, in whole vectors, with room for four lanes from the last tap's first on.</summary>
    public static int Columns(int taps, int channels) => ConvPass.Pad((taps - 1) * channels + MaxChannels);

    /// <summary>Whether this form does at most half the work of the plain one, counted in vectors of products.</summary>
    public static bool Pays(int groups, int taps, int sourceStep, int sourceChannels, int channels) =>
        groups == 1 && channels <= MaxChannels && sourceChannels >= 8 && 2 * sourceStep * Columns(taps, channels) <= taps * VectorDispatch.Lanes;

    // product[p, t * c] = sum_k source[p, k] * kernel[t, k, c], then out[q, c] = relu(bias[c] + sum_t product[q + t, t * c] + addend[q, c])
    public static void Task<V>(ConvPass pass, in ConvTask task, ConvTileJob job, float* source, float* packed, float* destination, float* buffer)
        where V : struct, IVector<V>
    {
        var place = new Place(pass, task);
        for (var plane = place.FirstPlane; plane < place.EndPlane; plane++)
            for (var row = place.FirstRow; row < place.EndRow; row++) Products<V>(pass, task, place, plane, row, source, packed, buffer);

        var sources = stackalloc nint[pass.Taps];
        var shifts = stackalloc int[pass.Taps];
        foreach (var phase in pass.Phases)
        {
            if (task.Depth >= phase.DepthCount) continue;
            var rows = Math.Min(task.EndRow, phase.HeightCount);
            var pixels = Math.Min(task.EndColumn, phase.WidthCount) - task.FirstColumn;
            for (var y = task.FirstRow; y < rows; y++)
            {
                var taps = 0;
                for (var tap = 0; tap < phase.Shifts.Length; tap++)
                {
                    var shift = phase.Shifts[tap];
                    var row = (y - task.FirstRow) * pass.Height.SourceStep + shift.Row;
                    if (shift.Depth < place.FirstPlane || shift.Depth >= place.EndPlane || row < place.FirstRow || row >= place.EndRow) continue;
                    sources[taps] = ((nint)(shift.Depth * pass.BufferRows + row) * pass.BufferColumns + shift.Column) * place.Pitch
                        + phase.KernelTaps[tap] * pass.DestinationChannels;
                    shifts[taps++] = shift.Column;
                }

                job.Bias = packed;
                job.Destination = destination + ConvRows.DestinationRow(pass, phase, task, y);
                job.DestinationStep = pass.Width.DestinationStep * pass.DestinationChannels;
                Sums(pass, place, job, taps, sources, shifts, buffer, pixels);
            }
        }
    }

    /// <summary>The part of the task's reach that is inside the source, relative to the first position it reads.</summary>
    private readonly struct Place
    {
        public readonly int FirstPlane, EndPlane, FirstRow, EndRow, FirstColumn, EndColumn, Pitch;

        public Place(ConvPass pass, in ConvTask task)
        {
            (FirstPlane, EndPlane) = Clip(pass.Depth, task.Depth, 1);
            (FirstRow, EndRow) = Clip(pass.Height, task.FirstRow, task.EndRow - task.FirstRow);
            (FirstColumn, EndColumn) = Clip(pass.Width, task.FirstColumn, task.EndColumn - task.FirstColumn);
            Pitch = Columns(pass.Taps, pass.DestinationChannels);
        }

        private static (int First, int End) Clip(ConvAxis axis, int position, int positions)
        {
            var origin = position * axis.SourceStep + axis.FirstShift;
            var first = Math.Max(0, -origin);
            return (first, Math.Max(first, Math.Min(axis.Reach(positions), axis.Source - origin)));
        }
    }

    private static void Products<V>(ConvPass pass, in ConvTask task, in Place place, int plane, int row, float* source, float* packed, float* buffer)
        where V : struct, IVector<V>
    {
        var pixels = place.EndColumn - place.FirstColumn;
        if (pixels == 0) return;
        var segment = 0;
        var zeros = stackalloc float[2 * V.Count];
        new Span<float>(zeros, 2 * V.Count).Clear();
        var z = task.Depth * pass.Depth.SourceStep + pass.Depth.FirstShift + plane;
        var y = task.FirstRow * pass.Height.SourceStep + pass.Height.FirstShift + row;
        var x = task.FirstColumn * pass.Width.SourceStep + pass.Width.FirstShift + place.FirstColumn;
        var from = source + pass.SourceAt(task.Image, z, y, x);
        var to = buffer + ((nint)(plane * pass.BufferRows + row) * pass.BufferColumns + place.FirstColumn) * place.Pitch;
        var job = ConvTileJob.Product(pass.SourceChannels, 1, pass.SourceChannels, &segment, zeros, place.Pitch);
        ConvTile.RunPanels<V>(ref job, new EvenTiles(pixels, ConvTile.MaxRows), from, packed + pass.Phases[0].PanelOffset, place.Pitch, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sums(ConvPass pass, in Place place, in ConvTileJob job, int taps, nint* sources, int* shifts, float* buffer, int pixels)
    {
        var channels = pass.DestinationChannels;
        var step = pass.Width.SourceStep;
        var bias = Vector128.Load(job.Bias);
        var lanes = stackalloc float[MaxChannels];
        for (var q = 0; q < pixels; q++)
        {
            // Four lanes for any number of channels: the other lanes hold the next tap's products and are not stored.
            var at = (nint)(q * step) * place.Pitch;
            var even = bias;
            var odd = Vector128<float>.Zero;
            var isInside = q * step >= place.FirstColumn && q * step + pass.Width.ShiftSpan <= place.EndColumn;
            var tap = 0;
            if (isInside)
            {
                for (; tap < taps - 1; tap += 2)
                {
                    even += Vector128.Load(buffer + sources[tap] + at);
                    odd += Vector128.Load(buffer + sources[tap + 1] + at);
                }
            }

            for (; tap < taps; tap++)
            {
                var column = q * step + shifts[tap];
                if (column >= place.FirstColumn && column < place.EndColumn) even += Vector128.Load(buffer + sources[tap] + at);
            }

            Vector128.Store(even + odd, lanes);
            var to = job.Destination + q * job.DestinationStep;
            for (var c = 0; c < channels; c++)
            {
                var sum = lanes[c];
                if (job.HasAddend) sum += to[c + job.AddendOffset];
                to[c] = job.Relu && sum < 0f ? 0f : sum;
            }
        }
    }
}
