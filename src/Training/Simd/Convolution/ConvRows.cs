namespace OnnxFunctional.Training.Simd;

/// <summary>The memory of a convolution pass.</summary>
internal readonly ref struct ConvOperands
{
    public required ReadOnlySpan<float> Source { get; init; }
    public required ReadOnlySpan<float> Packed { get; init; }

    /// <summary>Values in the destination's shape that are added before the activation, or empty.</summary>
    public required ReadOnlySpan<float> Addend { get; init; }
    public required Span<float> Destination { get; init; }
    public required Span<float> Buffer { get; init; }
    public required bool Relu { get; init; }
}

/// <summary>Runs tasks of a convolution pass: band by band, channel block by channel block, row by row, tile by tile.</summary>
internal static unsafe class ConvRows
{
    /// <summary>Runs the tasks from <paramref name="first"/> to before <paramref name="end"/>.</summary>
    // source [batch, depth, height, width, channels], packed: see ConvPack, destination [batch, depth', height', width', channels']
    public static void Run(ConvPass pass, in ConvOperands operands, int first, int end)
    {
        fixed (float* source = operands.Source, packed = operands.Packed, addend = operands.Addend,
            destination = operands.Destination, buffer = operands.Buffer)
        {
            var job = new ConvTileJob
            {
                InnerStep = 1,
                AddendOffset = addend is null ? 0 : (nint)(addend - destination),
                HasAddend = addend is not null,
                Relu = operands.Relu,
            };
            VectorDispatch.Run(new TasksLoop(pass, job, source, packed, destination, buffer, first, end));
        }
    }

    private static void Run<V>(ConvPass pass, in ConvTask task, ConvTileJob job, float* source, float* packed, float* destination, float* buffer)
        where V : struct, IVector<V>
    {
        if (pass.Form == ConvForm.Narrow)
        {
            ConvNarrow.Task<V>(pass, task, job, source, packed, destination, buffer);
            return;
        }

        var inside = pass.IsInside(task);
        if (!inside) ConvBuffer.Fill(pass, task, source, buffer);
        var origin = inside ? source + pass.SourceAt(task) : buffer;
        var rowPitch = inside ? (nint)pass.Width.Source * pass.SourceChannels : (nint)pass.BufferColumns * pass.BufferChannels;
        foreach (var phase in pass.Phases)
        {
            if (task.Depth >= phase.DepthCount) continue;
            fixed (int* segments = inside ? phase.DirectSegments : phase.BufferSegments)
            {
                job.Segments = segments;
                if (pass.IsDepthwise) ConvDepthwise.Band<V>(pass, phase, task, job, origin, rowPitch, packed, destination, buffer);
                else Band<V>(pass, phase, task, job, origin, rowPitch, packed, destination);
            }
        }
    }

    /// <summary>The offset in the destination of row <paramref name="y"/> of the phase in this task.</summary>
    public static nint DestinationRow(ConvPass pass, ConvPhase phase, in ConvTask task, int y)
    {
        var row = ((nint)task.Image * pass.Depth.Destination + phase.DepthOrigin + task.Depth * pass.Depth.DestinationStep) * pass.Height.Destination
            + phase.HeightOrigin + y * pass.Height.DestinationStep;
        return (row * pass.Width.Destination + phase.WidthOrigin + task.FirstColumn * pass.Width.DestinationStep) * pass.DestinationChannels;
    }

    private static void Band<V>(
        ConvPass pass, ConvPhase phase, in ConvTask task, ConvTileJob job, float* origin, nint rowPitch, float* packed, float* destination)
        where V : struct, IVector<V>
    {
        var zeros = stackalloc float[2 * V.Count];
        new Span<float>(zeros, 2 * V.Count).Clear();
        var rows = Math.Min(task.EndRow, phase.HeightCount);
        var pixels = Math.Min(task.EndColumn, phase.WidthCount) - task.FirstColumn;
        if (pixels <= 0) return;

        var tiles = new EvenTiles(pixels, ConvTile.MaxRows);
        var segments = job.Segments;
        var allSegments = phase.DirectSegments.Length;
        var (addendOffset, hasAddend, relu) = (job.AddendOffset, job.HasAddend, job.Relu);
        job.RowStep = pass.Width.SourceStep * pass.BufferChannels;
        job.RowGroupStep = 3 * job.RowStep;
        job.SegmentLength = phase.SegmentLength;
        job.DestinationStep = pass.Width.DestinationStep * pass.DestinationChannels;
        for (var group = 0; group < pass.Groups; group++)
        {
            for (var column = 0; column < pass.GroupDestination; column += 2 * V.Count)
            {
                var width = Math.Min(2 * V.Count, pass.PaddedGroup - column);
                var columns = Math.Min(width, pass.GroupDestination - column);
                var panel = packed + phase.PanelOffset + (nint)phase.PanelRows * (group * pass.PaddedGroup + column);
                for (var chunk = 0; chunk == 0 || chunk < allSegments; chunk += phase.SegmentsPerChunk)
                {
                    var last = chunk + phase.SegmentsPerChunk >= allSegments;
                    job.Segments = segments + chunk;
                    job.SegmentCount = Math.Min(phase.SegmentsPerChunk, allSegments - chunk);
                    job.Panel = panel + (nint)chunk * phase.SegmentLength * width;
                    job.PanelStep = width;
                    job.Bias = chunk == 0 ? packed + group * pass.PaddedGroup + column : zeros;
                    job.AddendOffset = chunk == 0 ? addendOffset : 0;
                    job.HasAddend = chunk != 0 || hasAddend;
                    job.Relu = relu && last;
                    for (var y = task.FirstRow; y < rows; y++)
                    {
                        job.Source = origin + (y - task.FirstRow) * pass.Height.SourceStep * rowPitch + group * pass.GroupSource;
                        job.Destination = destination + DestinationRow(pass, phase, task, y) + group * pass.GroupDestination + column;
                        ConvTile.RunRows<V>(ref job, tiles, columns);
                    }
                }
            }
        }
    }

    private readonly struct TasksLoop(
        ConvPass pass, ConvTileJob job, float* source, float* packed, float* destination, float* buffer, int first, int end) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (var index = first; index < end; index++) ConvRows.Run<V>(pass, pass.Task(index), job, source, packed, destination, buffer);
        }
    }
}
