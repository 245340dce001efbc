namespace OnnxFunctional.Training.Simd;

/// <summary>One axis of a pass: position <c>q</c> reads <c>ShiftSpan</c> values of the source, beginning at <c>q * SourceStep + FirstShift</c>.</summary>
/// <remarks>A phase starting at <c>origin</c> writes position <c>q</c> to <c>origin + q * DestinationStep</c>.</remarks>
internal readonly record struct ConvAxis(int Source, int Destination, int SourceStep, int DestinationStep, int Positions, int FirstShift, int ShiftSpan)
{
    /// <summary>Whether the positions from <paramref name="first"/> to before <paramref name="end"/> read inside the source only.</summary>
    public bool IsInside(int first, int end) => first * SourceStep + FirstShift >= 0 && (end - 1) * SourceStep + FirstShift + ShiftSpan <= Source;

    /// <summary>The extent of the source that <paramref name="positions"/> adjacent positions cover.</summary>
    public int Reach(int positions) => (positions - 1) * SourceStep + ShiftSpan;
}

/// <summary>How a pass computes its sums.</summary>
internal enum ConvForm
{
    /// <summary>Products of patches and panels of weights.</summary>
    Product,

    /// <summary>Every source channel has weights of its own; channels are not summed.</summary>
    Depthwise,

    /// <summary>For few destination channels: first the products of each source pixel for all taps, then their sums.</summary>
    Narrow,
}

/// <summary>The offset of a tap from the first position that any tap of the pass reads.</summary>
internal readonly record struct ConvShift(int Depth, int Row, int Column);

/// <summary>
/// A piece of a pass whose positions all use the same taps: the whole forward pass, or one of <c>stride^rank</c> pieces of an input gradient.
/// </summary>
internal sealed class ConvPhase
{
    public required int DepthOrigin { get; init; }
    public required int HeightOrigin { get; init; }
    public required int WidthOrigin { get; init; }
    public required int DepthCount { get; init; }
    public required int HeightCount { get; init; }
    public required int WidthCount { get; init; }

    /// <summary>The index in the kernel of each tap, in the order of the packed rows.</summary>
    public required int[] KernelTaps { get; init; }

    /// <summary>Where each tap reads.</summary>
    public required ConvShift[] Shifts { get; init; }

    /// <summary>The offsets of the runs of contiguous source values, in the source itself and in the padded copy.</summary>
    public required int[] DirectSegments { get; init; }
    public required int[] BufferSegments { get; init; }
    public required int SegmentLength { get; init; }

    /// <summary>The number of segments whose panel rows stay in L2 while a band of pixels is multiplied with them.</summary>
    public required int SegmentsPerChunk { get; init; }

    /// <summary>The offset of this phase's panels in the packed weights.</summary>
    public required int PanelOffset { get; init; }

    public int PanelRows => DirectSegments.Length * SegmentLength;
}

/// <summary>
/// A correlation over channels-last data, described by sizes that are computed once, when the plan is made. Forward passes and input gradients (which are
/// transposed convolutions) differ only in these sizes.
/// </summary>
/// <remarks>
/// The destination is divided into tasks, each a band of rows and columns of one image. A task whose patches are inside the source reads them in place. A task
/// that touches the padding first copies what it needs into scratch memory, with zeros around it: 1 % of the time of a 3x3x64 -> 64, and no checks in any loop.
/// </remarks>
internal sealed class ConvPass
{
    public required ConvForm Form { get; init; }
    public required int Batch { get; init; }

    /// <summary>The number of taps of the kernel.</summary>
    public required int Taps { get; init; }
    public required int Groups { get; init; }
    public required int SourceChannels { get; init; }
    public required int DestinationChannels { get; init; }
    public required ConvAxis Depth { get; init; }
    public required ConvAxis Height { get; init; }
    public required ConvAxis Width { get; init; }
    public required ConvPhase[] Phases { get; init; }

    /// <summary>How many times a depthwise forward pass repeats each source channel in the copy.</summary>
    public required int Multiplier { get; init; }
    public required int BandRows { get; init; }
    public required int BandColumns { get; init; }

    /// <summary>
    /// The scratch memory of one task, in floats: the padded copy if any task needs one, and the sums of a depthwise pass that reduces channels.
    /// </summary>
    public required int BufferLength { get; init; }

    /// <summary>The size of the packed bias and weights, in floats.</summary>
    public required int PackedLength { get; init; }

    public bool IsDepthwise => Form == ConvForm.Depthwise;
    public int GroupSource => SourceChannels / Groups;
    public int GroupDestination => DestinationChannels / Groups;
    public int PaddedGroup => Pad(GroupDestination);
    public int BufferChannels => SourceChannels * Multiplier;
    public int BufferColumns => Width.Reach(BandColumns);
    public int BufferRows => Height.Reach(BandRows);
    public int RowBands => (Height.Positions + BandRows - 1) / BandRows;
    public int ColumnBands => (Width.Positions + BandColumns - 1) / BandColumns;
    public int Tasks => Batch * Depth.Positions * RowBands * ColumnBands;

    /// <summary>The piece of the destination that a task covers.</summary>
    public ConvTask Task(int index)
    {
        var columns = index % ColumnBands;
        index /= ColumnBands;
        var rows = index % RowBands;
        index /= RowBands;
        var y = rows * BandRows;
        var x = columns * BandColumns;
        return new(
            index / Depth.Positions, index % Depth.Positions, y, Math.Min(y + BandRows, Height.Positions), x, Math.Min(x + BandColumns, Width.Positions));
    }

    /// <summary>The offset of a pixel in the source, in floats; the pixel may be outside.</summary>
    public nint SourceAt(int image, int z, int y, int x) => ((((nint)image * Depth.Source + z) * Height.Source + y) * Width.Source + x) * SourceChannels;

    /// <summary>The offset in the source of the first pixel of the task's first patch.</summary>
    public nint SourceAt(in ConvTask task) => SourceAt(
        task.Image,
        task.Depth * Depth.SourceStep + Depth.FirstShift,
        task.FirstRow * Height.SourceStep + Height.FirstShift,
        task.FirstColumn * Width.SourceStep + Width.FirstShift);

    /// <summary>Whether all patches of the task are inside the source.</summary>
    public bool IsInside(in ConvTask task) =>
        Multiplier == 1 && Depth.IsInside(task.Depth, task.Depth + 1) && Height.IsInside(task.FirstRow, task.EndRow)
            && Width.IsInside(task.FirstColumn, task.EndColumn);

    /// <summary>Rounds a number of channels up to a multiple of a vector.</summary>
    public static int Pad(int channels) => (channels + VectorDispatch.Lanes - 1) / VectorDispatch.Lanes * VectorDispatch.Lanes;
}

/// <summary>A band of positions at one depth of one image.</summary>
internal readonly record struct ConvTask(int Image, int Depth, int FirstRow, int EndRow, int FirstColumn, int EndColumn);
