using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Builds a pass: which form it takes, how it is cut into tasks, and where each tap of each phase reads.</summary>
internal sealed class ConvolutionPassBuilder(
    ConvolutionGeometry geometry, int sourceChannels, int destinationChannels, int multiplier,
    ConvolutionPassAxis depth, ConvolutionPassAxis height, ConvolutionPassAxis width, ConvolutionCut cut, bool mayBeNarrow)
{
    private const int MaxBufferFloats = 1 << 16;

    // 2048 rows of 32 weights are 256 KB, a quarter of a second-level cache of 1 MB.
    private const int PanelRowsPerChunk = 2048;

    private readonly ConvForm _form = Form(
        geometry, sourceChannels, destinationChannels, mayBeNarrow, width.Axis.SourceStep * height.Axis.SourceStep * depth.Axis.SourceStep);

    private readonly int _groups = geometry.IsDepthwise ? 1 : geometry.Groups;
    private readonly int _bufferChannels = sourceChannels * multiplier;

    /// <summary>The pass.</summary>
    public ConvPass Build()
    {
        var (bandRows, bandColumns) = Band();
        var (bufferRows, bufferColumns) = (height.Axis.Reach(bandRows), width.Axis.Reach(bandColumns));
        var padded = ConvPass.Pad(_form == ConvForm.Depthwise ? _bufferChannels : destinationChannels / _groups);
        var offset = _groups * ConvPass.Pad(destinationChannels / _groups);
        var phases = new List<ConvPhase>();
        foreach (var z in depth.Phases)
        {
            foreach (var y in height.Phases)
            {
                foreach (var x in width.Phases)
                {
                    var phase = Phase(z, y, x, bufferRows, bufferColumns, offset);
                    phases.Add(phase);
                    if (_form != ConvForm.Narrow) offset = checked(offset + phase.PanelRows * _groups * padded);
                }
            }
        }

        if (_form == ConvForm.Narrow) offset = checked(offset + ConvNarrow.Columns(geometry.Taps, destinationChannels) * sourceChannels);
        return new()
        {
            Form = _form,
            Batch = geometry.Batch,
            Groups = _groups,
            Taps = geometry.Taps,
            SourceChannels = sourceChannels,
            DestinationChannels = destinationChannels,
            Depth = depth.Axis,
            Height = height.Axis,
            Width = width.Axis,
            Phases = [.. phases],
            Multiplier = multiplier,
            BandRows = bandRows,
            BandColumns = bandColumns,
            BufferLength = checked((int)(NeedsBuffer() ? BufferFloats(bandRows, bandColumns) : 0))
                + (_form == ConvForm.Depthwise ? ConvDepthwise.ReductionLength(_bufferChannels / destinationChannels) : 0),
            PackedLength = offset,
        };
    }

    private ConvPhase Phase(ConvolutionAxisPhase z, ConvolutionAxisPhase y, ConvolutionAxisPhase x, int bufferRows, int bufferColumns, int panelOffset)
    {
        var merged = _form == ConvForm.Product && _groups == 1 && x.IsConsecutive && x.Taps.Length * sourceChannels <= PanelRowsPerChunk;
        var length = _form == ConvForm.Depthwise ? 1 : (merged ? x.Taps.Length : 1) * (sourceChannels / _groups);
        var kernelTaps = new List<int>();
        var shifts = new List<ConvShift>();
        foreach (var zTap in z.Taps)
        {
            foreach (var yTap in y.Taps)
            {
                foreach (var xTap in x.Taps)
                {
                    kernelTaps.Add((zTap.Kernel * geometry.Height.Kernel + yTap.Kernel) * geometry.Width.Kernel + xTap.Kernel);
                    shifts.Add(new(zTap.Shift - depth.Axis.FirstShift, yTap.Shift - height.Axis.FirstShift, xTap.Shift - width.Axis.FirstShift));
                }
            }
        }

        // If the taps of a row lie side by side, they are one segment.
        int[] Segments(int rows, int columns, int channels)
        {
            var segments = new List<int>();
            for (var i = 0; i < shifts.Count; i += merged ? x.Taps.Length : 1)
                segments.Add(checked(((shifts[i].Depth * rows + shifts[i].Row) * columns + shifts[i].Column) * channels));
            return [.. segments];
        }

        return new()
        {
            DepthOrigin = z.Origin,
            HeightOrigin = y.Origin,
            WidthOrigin = x.Origin,
            DepthCount = z.Count,
            HeightCount = y.Count,
            WidthCount = x.Count,
            KernelTaps = [.. kernelTaps],
            Shifts = [.. shifts],
            DirectSegments = Segments(height.Axis.Source, width.Axis.Source, sourceChannels),
            BufferSegments = Segments(bufferRows, bufferColumns, _bufferChannels),
            SegmentLength = length,
            SegmentsPerChunk = Math.Max(1, PanelRowsPerChunk / length),
            PanelOffset = panelOffset,
        };
    }

    private static ConvForm Form(ConvolutionGeometry geometry, int sourceChannels, int destinationChannels, bool mayBeNarrow, int sourceStep)
    {
        if (geometry.IsDepthwise) return ConvForm.Depthwise;
        var isNarrow = mayBeNarrow && ConvNarrow.Pays(geometry.Groups, geometry.Taps, sourceStep, sourceChannels, destinationChannels);
        return isNarrow ? ConvForm.Narrow : ConvForm.Product;
    }

    private bool NeedsBuffer() => _form == ConvForm.Narrow || multiplier > 1 || !depth.Axis.IsInside(0, depth.Axis.Positions)
        || !height.Axis.IsInside(0, height.Axis.Positions) || !width.Axis.IsInside(0, width.Axis.Positions);

    /// <summary>The size, in floats, of a padded copy of that many rows and columns, or of their products in the form for few channels.</summary>
    private long BufferFloats(int rows, int columns) =>
        (long)depth.Axis.ShiftSpan * height.Axis.Reach(rows) * width.Axis.Reach(columns)
            * (_form == ConvForm.Narrow ? ConvNarrow.Columns(geometry.Taps, destinationChannels) : _bufferChannels);

    /// <summary>The rows and columns of one task.</summary>
    private (int Rows, int Columns) Band()
    {
        var columns = Even(width.Axis.Positions, cut.Columns);
        while (columns > 12 && BufferFloats(1, columns) > MaxBufferFloats) columns = Even(width.Axis.Positions, columns - 1);
        var rowsInAll = (long)geometry.Batch * depth.Axis.Positions * height.Axis.Positions * ((width.Axis.Positions + columns - 1) / columns);

        // The narrow form computes products at the rows between two bands twice, so its bands are higher.
        var pixels = _form == ConvForm.Narrow ? 4 * cut.Pixels : cut.Pixels;
        var rows = (int)Math.Clamp(rowsInAll / cut.Tasks, 1, Math.Max(1, pixels / columns));
        while (rows > 1 && BufferFloats(rows, columns) > MaxBufferFloats) rows--;
        return (Even(height.Axis.Positions, rows), columns);
    }

    /// <summary>The length of the pieces if <paramref name="total"/> is cut into as few pieces of at most <paramref name="most"/> as possible.</summary>
    private static int Even(int total, int most)
    {
        if (total <= 0) return 1;
        var pieces = (total + most - 1) / most;
        return (total + pieces - 1) / pieces;
    }
}
