namespace OnnxFunctional.Training.Simd;

/// <summary>How one axis of a pass runs: position <c>q</c> reads the source from <c>q * SourceStep + FirstShift</c>, over <c>ShiftSpan</c> places.</summary>
/// <remarks>A phase starting at <c>origin</c> writes position <c>q</c> to <c>origin + q * DestinationStep</c>.</remarks>
internal readonly record struct ConvAxis(int Source, int Destination, int SourceStep, int DestinationStep, int Positions, int FirstShift, int ShiftSpan)
{
    /// <summary>Whether the positions from <paramref name="first"/> up to <paramref name="end"/> read only what is there.</summary>
    public bool IsInside(int first, int end) => first * SourceStep + FirstShift >= 0 && (end - 1) * SourceStep + FirstShift + ShiftSpan <= Source;

    /// <summary>Places of the source that <paramref name="positions"/> positions in a row reach.</summary>
    public int Reach(int positions) => (positions - 1) * SourceStep + ShiftSpan;
}

/// <summary>How a pass sums.</summary>
internal enum ConvForm
{
    /// <summary>Patches times panels of weights.</summary>
    Product,

    /// <summary>Every source channel meets its own weights, and no other channel.</summary>
    Depthwise,

    /// <summary>For few destination channels: all taps' products of each source pixel first, then their sums.</summary>
    Narrow,
}

/// <summary>Where a tap reads, from the first place that any tap of the pass reads.</summary>
internal readonly record struct ConvShift(int Depth, int Row, int Column);

/// <summary>A piece of a pass whose positions all read the same taps: the whole of a forward pass, one of <c>stride^rank</c> in an input gradient.</summary>
internal sealed class ConvPhase
{
    public required int DepthOrigin { get; init; }
    public required int HeightOrigin { get; init; }
    public required int WidthOrigin { get; init; }
    public required int DepthCount { get; init; }
    public required int HeightCount { get; init; }
    public required int WidthCount { get; init; }

    /// <summary>For each tap, in the order of the packed rows, its number in the kernel.</summary>
    public required int[] KernelTaps { get; init; }

    /// <summary>For each tap where it reads.</summary>
    public required ConvShift[] Shifts { get; init; }

    /// <summary>Where the runs of contiguous source values begin, in the source itself and in the padded copy.</summary>
    public required int[] DirectSegments { get; init; }
    public required int[] BufferSegments { get; init; }
    public required int SegmentLength { get; init; }

    /// <summary>Segments whose panel rows stay in the second-level cache while a band of pixels goes over them.</summary>
    public required int SegmentsPerChunk { get; init; }

    /// <summary>Where this phase's panels begin in the packed weights.</summary>
    public required int PanelOffset { get; init; }

    public int PanelRows => DirectSegments.Length * SegmentLength;
}

/// <summary>
/// A correlation over channels-last data as plain numbers, made once when the plan is made. Forward passes and input gradients (which are transposed convolutions)
/// differ in them alone.
/// </summary>
/// <remarks>
/// The destination is cut into tasks, each a band of rows and columns of one image. A task whose patches lie inside the source reads them there; one that
/// touches the padding first copies what it needs, with zeros around it, into scratch memory: 1 % of the time of a 3x3x64 -> 64, and no check in any loop.
/// </remarks>
internal sealed class ConvPass
{
    public required ConvForm Form { get; init; }
    public required int Batch { get; init; }

    /// <summary>Taps of the kernel.</summary>
    public required int Taps { get; init; }
    public required int Groups { get; init; }
    public required int SourceChannels { get; init; }
    public required int DestinationChannels { get; init; }
    public required ConvAxis Depth { get; init; }
    public required ConvAxis Height { get; init; }
    public required ConvAxis Width { get; init; }
    public required ConvPhase[] Phases { get; init; }

    /// <summary>How often a depthwise forward pass repeats each source channel in the copy.</summary>
    public required int Multiplier { get; init; }
    public required int BandRows { get; init; }
    public required int BandColumns { get; init; }

    /// <summary>Floats of scratch memory of one task: the padded copy if any task needs one, and the sums that a depthwise pass adds up to fewer channels.</summary>
    public required int BufferLength { get; init; }

    /// <summary>Floats of the packed bias and weights.</summary>
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

    /// <summary>The task as the piece of the destination it covers.</summary>
    public ConvTask Task(int index)
    {
        var columns = index % ColumnBands;
        index /= ColumnBands;
        var rows = index % RowBands;
        index /= RowBands;
        var y = rows * BandRows;
        var x = columns * BandColumns;
        return new(index / Depth.Positions, index % Depth.Positions, y, Math.Min(y + BandRows, Height.Positions), x, Math.Min(x + BandColumns, Width.Positions));
    }

    /// <summary>Where a pixel lies in the source, counted in floats; it need not be inside.</summary>
    public nint SourceAt(int image, int z, int y, int x) => ((((nint)image * Depth.Source + z) * Height.Source + y) * Width.Source + x) * SourceChannels;

    /// <summary>Where the first pixel of the task's first patch lies in the source.</summary>
    public nint SourceAt(in ConvTask task) => SourceAt(
        task.Image,
        task.Depth * Depth.SourceStep + Depth.FirstShift,
        task.FirstRow * Height.SourceStep + Height.FirstShift,
        task.FirstColumn * Width.SourceStep + Width.FirstShift);

    /// <summary>Whether all patches of the task lie inside the source.</summary>
    public bool IsInside(in ConvTask task) =>
        Multiplier == 1 && Depth.IsInside(task.Depth, task.Depth + 1) && Height.IsInside(task.FirstRow, task.EndRow) && Width.IsInside(task.FirstColumn, task.EndColumn);

    /// <summary>Rounds a number of channels up to whole vectors.</summary>
    public static int Pad(int channels) => (channels + VectorDispatch.Lanes - 1) / VectorDispatch.Lanes * VectorDispatch.Lanes;
}

/// <summary>A band of positions of one image and one depth.</summary>
internal readonly record struct ConvTask(int Image, int Depth, int FirstRow, int EndRow, int FirstColumn, int EndColumn);
