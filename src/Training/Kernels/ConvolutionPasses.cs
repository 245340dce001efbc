using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Turns a geometry into the numbers that the convolution loops run on.</summary>
internal static class ConvolutionPasses
{
    // Enough pixels that a panel fetched from the second-level cache serves several tiles, few enough that band, panel and result stay there together.
    private const int PixelsPerTask = 256;
    private const int MaxBandColumns = 384;
    private const int MaxBufferFloats = 1 << 16;

    // Of the weight gradient: source and gradient of a band, read once for each of some hundred register tiles.
    private const int WeightBandFloats = 96 << 10;

    // At 128 pixels, reading and writing the sums is 2 % of the work; at the 16 of one 4x4 image it was 60 %.
    private const int MinWeightPixels = 128;

    // 2048 rows of 32 weights are 256 KB, a quarter of the second-level cache.
    private const int PanelRowsPerChunk = 2048;

    // 20 microseconds at about 100 GFLOP/s.
    private const double OperationsPerTask = 2e6;

    /// <summary>What tasks should be: near so many pixels, no wider than so many columns, and not fewer than so many.</summary>
    private readonly record struct Cut(int Pixels, int Columns, int Tasks);

    private readonly record struct Tap(int Kernel, int Shift);

    /// <summary>One phase of one axis: positions <c>Origin + q * step</c> of the destination and the taps they read.</summary>
    private sealed record AxisPhase(int Origin, int Count, Tap[] Taps);

    /// <summary>The pass from input to output.</summary>
    public static ConvPass Forward(ConvolutionGeometry geometry) => Forward(geometry, new(PixelsPerTask, MaxBandColumns, LeastTasks(geometry)));

    /// <summary>The weight gradient: all patch elements of the forward pass, cut into register tiles.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="slices">Into how many slices the pixels should be cut at least, if there are as many.</param>
    public static ConvWeightPass WeightGradient(ConvolutionGeometry geometry, int slices)
    {
        var pixels = Math.Clamp(WeightBandFloats / (geometry.InputChannels * geometry.Height.Stride * geometry.Width.Stride + geometry.OutputChannels), MinWeightPixels, 2048);
        var forward = Forward(geometry, new(pixels, pixels, slices));
        var phase = forward.Phases[0];
        var area = forward.BandRows * forward.BandColumns;
        var isWholeImage = forward.Tasks == forward.Batch && area > 0;
        var images = isWholeImage ? Math.Clamp(pixels / area, 1, Math.Max(1, forward.Batch / slices)) : 1;
        var imageLength = geometry.Batch == 0 ? 0 : checked((int)(geometry.InputLength / geometry.Batch));
        return new()
        {
            Forward = forward,
            Tiles = forward.IsDepthwise ? DepthwiseTiles(geometry, phase) : Tiles(phase),
            Images = images,
            DirectRows = Rows(forward, images, imageLength, forward.Width.Source * forward.SourceChannels),
            BufferRows = Rows(forward, images, forward.BufferLength, forward.BufferColumns * forward.BufferChannels),
            PatchLength = geometry.Taps * geometry.GroupInput,
        };
    }

    private static ConvPass Forward(ConvolutionGeometry geometry, Cut cut) => Build(
        geometry, geometry.InputChannels, geometry.OutputChannels, geometry.IsDepthwise ? geometry.GroupOutput : 1, cut,
        Forward(geometry.Depth), Forward(geometry.Height), Forward(geometry.Width));

    private static int[] Rows(ConvPass pass, int images, int imageLength, int pitch)
    {
        var rows = new int[images * pass.BandRows];
        for (var i = 0; i < rows.Length; i++) rows[i] = checked(i / pass.BandRows * imageLength + i % pass.BandRows * pass.Height.SourceStep * pitch);
        return rows;
    }

    private static ConvWeightTile[] Tiles(ConvPhase phase)
    {
        var tiles = new List<ConvWeightTile>();
        var (direct, buffer, length) = (phase.DirectSegments, phase.BufferSegments, phase.SegmentLength);
        for (var segment = 0; segment < direct.Length; segment++)
        {
            // Three contiguous values are one group of rows, so that the nine of a 3x3 patch of one channel make one tile.
            if (length == 3)
            {
                var more = 1;
                while (more < ConvTile.MaxRows / 3 && segment + more < direct.Length
                    && direct[segment + more] - direct[segment] == more * (direct[segment + 1] - direct[segment])
                    && buffer[segment + more] - buffer[segment] == more * (buffer[segment + 1] - buffer[segment])) more++;
                var (directStep, bufferStep) = more > 1 ? (direct[segment + 1] - direct[segment], buffer[segment + 1] - buffer[segment]) : (3, 3);
                tiles.Add(new(segment * 3, more * 3, direct[segment], directStep, buffer[segment], bufferStep));
                segment += more - 1;
                continue;
            }

            var count = (length + ConvTile.MaxRows - 1) / ConvTile.MaxRows;
            for (var i = 0; i < count; i++)
            {
                var start = length * i / count;
                tiles.Add(new(segment * length + start, length * (i + 1) / count - start, direct[segment] + start, 3, buffer[segment] + start, 3));
            }
        }

        return [.. tiles];
    }

    /// <summary>Up to four taps of one kernel row make a tile.</summary>
    private static ConvWeightTile[] DepthwiseTiles(ConvolutionGeometry geometry, ConvPhase phase)
    {
        var tiles = new List<ConvWeightTile>();
        var width = geometry.Width.Kernel;
        var count = (width + 3) / 4;
        for (var row = 0; row < phase.DirectSegments.Length; row += width)
        {
            for (var i = 0; i < count; i++)
            {
                var start = row + width * i / count;
                var taps = row + width * (i + 1) / count - start;
                var next = taps > 1 ? start + 1 : start;
                tiles.Add(new(
                    start, taps, phase.DirectSegments[start], phase.DirectSegments[next] - phase.DirectSegments[start],
                    phase.BufferSegments[start], phase.BufferSegments[next] - phase.BufferSegments[start]));
            }
        }

        return [.. tiles];
    }

    /// <summary>The pass from the gradient of the output to the gradient of the input, which is also a transposed convolution.</summary>
    public static ConvPass InputGradient(ConvolutionGeometry geometry) => Build(
        geometry, geometry.OutputChannels, geometry.InputChannels, 1, new(PixelsPerTask, MaxBandColumns, LeastTasks(geometry)), Transposed(geometry.Depth), Transposed(geometry.Height), Transposed(geometry.Width));

    // shift(i) = i * dilation - pad, all positions alike
    private static (ConvAxis Axis, AxisPhase[] Phases) Forward(WindowAxis axis)
    {
        var taps = new Tap[axis.Kernel];
        for (var i = 0; i < taps.Length; i++) taps[i] = new(i, i * axis.Dilation - axis.PadBegin);
        var span = (axis.Kernel - 1) * axis.Dilation + 1;
        return (new(axis.Input, axis.Output, axis.Stride, 1, axis.Output, -axis.PadBegin, span), [new(0, axis.Output, taps)]);
    }

    // Position p = origin + q * stride reads output (p + pad - i * dilation) / stride where that is whole: q + shift with the same taps for all q.
    private static (ConvAxis Axis, AxisPhase[] Phases) Transposed(WindowAxis axis)
    {
        var phases = new AxisPhase[Math.Min(axis.Stride, axis.Input)];
        var (least, most) = (0, 0);
        var any = false;
        for (var origin = 0; origin < phases.Length; origin++)
        {
            var taps = new List<Tap>();
            for (var i = axis.Kernel - 1; i >= 0; i--)
            {
                var distance = origin + axis.PadBegin - i * axis.Dilation;
                if (distance % axis.Stride == 0) taps.Add(new(i, distance / axis.Stride));
            }

            foreach (var tap in taps)
            {
                least = any ? Math.Min(least, tap.Shift) : tap.Shift;
                most = any ? Math.Max(most, tap.Shift) : tap.Shift;
                any = true;
            }

            phases[origin] = new(origin, (axis.Input - origin + axis.Stride - 1) / axis.Stride, [.. taps]);
        }

        return (new(axis.Output, axis.Input, 1, axis.Stride, (axis.Input + axis.Stride - 1) / axis.Stride, least, most - least + 1), phases);
    }

    private static ConvPass Build(
        ConvolutionGeometry geometry, int sourceChannels, int destinationChannels, int multiplier, Cut cut,
        (ConvAxis Axis, AxisPhase[] Phases) depth, (ConvAxis Axis, AxisPhase[] Phases) height, (ConvAxis Axis, AxisPhase[] Phases) width)
    {
        var depthwise = geometry.IsDepthwise;
        var groups = depthwise ? 1 : geometry.Groups;
        var bufferChannels = sourceChannels * multiplier;
        var needsBuffer = multiplier > 1 || !depth.Axis.IsInside(0, depth.Axis.Positions) || !height.Axis.IsInside(0, height.Axis.Positions)
            || !width.Axis.IsInside(0, width.Axis.Positions);
        var (bandRows, bandColumns) = Band(geometry, depth.Axis, height.Axis, width.Axis, bufferChannels, cut);
        var bufferColumns = width.Axis.Reach(bandColumns);
        var bufferRows = height.Axis.Reach(bandRows);
        var padded = depthwise ? ConvPass.Pad(bufferChannels) : ConvPass.Pad(destinationChannels / groups);
        var offset = groups * ConvPass.Pad(destinationChannels / groups);
        var phases = new List<ConvPhase>();
        foreach (var z in depth.Phases)
        {
            foreach (var y in height.Phases)
            {
                foreach (var x in width.Phases)
                {
                    var merged = !depthwise && groups == 1 && AreConsecutive(x.Taps) && x.Taps.Length * sourceChannels <= PanelRowsPerChunk;
                    int[] Segments(int rowPitch, int planePitch, int channels)
                    {
                        var list = new List<int>();
                        foreach (var zTap in z.Taps)
                        {
                            foreach (var yTap in y.Taps)
                            {
                                var row = (zTap.Shift - depth.Axis.FirstShift) * planePitch + (yTap.Shift - height.Axis.FirstShift) * rowPitch;
                                foreach (var xTap in merged ? x.Taps.AsSpan(0, 1) : x.Taps) list.Add(row + (xTap.Shift - width.Axis.FirstShift) * channels);
                            }
                        }

                        return [.. list];
                    }

                    var kernelTaps = new List<int>();
                    foreach (var zTap in z.Taps)
                        foreach (var yTap in y.Taps)
                            foreach (var xTap in x.Taps)
                                kernelTaps.Add((zTap.Kernel * geometry.Height.Kernel + yTap.Kernel) * geometry.Width.Kernel + xTap.Kernel);

                    var length = depthwise ? 1 : (merged ? x.Taps.Length : 1) * (sourceChannels / groups);
                    var direct = checked(width.Axis.Source * sourceChannels);
                    var phase = new ConvPhase
                    {
                        DepthOrigin = z.Origin,
                        HeightOrigin = y.Origin,
                        WidthOrigin = x.Origin,
                        DepthCount = z.Count,
                        HeightCount = y.Count,
                        WidthCount = x.Count,
                        KernelTaps = [.. kernelTaps],
                        DirectSegments = Segments(direct, checked(direct * height.Axis.Source), sourceChannels),
                        BufferSegments = Segments(bufferColumns * bufferChannels, bufferRows * bufferColumns * bufferChannels, bufferChannels),
                        SegmentLength = length,
                        SegmentsPerChunk = Math.Max(1, PanelRowsPerChunk / length),
                        PanelOffset = offset,
                    };
                    phases.Add(phase);
                    offset = checked(offset + phase.PanelRows * groups * padded);
                }
            }
        }

        var reduction = depthwise ? ConvDepthwise.ReductionLength(bufferChannels / destinationChannels) : 0;
        return new()
        {
            Batch = geometry.Batch,
            Groups = groups,
            SourceChannels = sourceChannels,
            DestinationChannels = destinationChannels,
            Depth = depth.Axis,
            Height = height.Axis,
            Width = width.Axis,
            Phases = [.. phases],
            IsDepthwise = depthwise,
            Multiplier = multiplier,
            BandRows = bandRows,
            BandColumns = bandColumns,
            BufferLength = (needsBuffer ? checked(depth.Axis.ShiftSpan * bufferRows * bufferColumns * bufferChannels) : 0) + reduction,
            PackedLength = offset,
        };
    }

    private static bool AreConsecutive(Tap[] taps)
    {
        for (var i = 1; i < taps.Length; i++)
            if (taps[i].Shift != taps[i - 1].Shift + 1) return false;
        return taps.Length > 0;
    }

    /// <summary>Rows and columns of one task.</summary>
    private static (int Rows, int Columns) Band(ConvolutionGeometry geometry, ConvAxis depth, ConvAxis height, ConvAxis width, int channels, Cut cut)
    {
        long Floats(int rows, int columns) => depth.ShiftSpan * height.Reach(rows) * width.Reach(columns) * (long)channels;
        var columns = Even(width.Positions, cut.Columns);
        while (columns > 12 && Floats(1, columns) > MaxBufferFloats) columns = Even(width.Positions, columns - 1);
        var rowsInAll = (long)geometry.Batch * depth.Positions * height.Positions * ((width.Positions + columns - 1) / columns);
        var rows = (int)Math.Clamp(rowsInAll / cut.Tasks, 1, Math.Max(1, cut.Pixels / columns));
        while (rows > 1 && Floats(rows, columns) > MaxBufferFloats) rows--;
        return (Even(height.Positions, rows), columns);
    }

    /// <summary>So many tasks that threads do not idle, if there is work for them.</summary>
    private static int LeastTasks(ConvolutionGeometry geometry) => (int)Math.Clamp(geometry.Operations / OperationsPerTask, 1, 64);

    /// <summary>The length of the pieces when <paramref name="total"/> is cut into as few pieces of at most <paramref name="most"/> as possible.</summary>
    private static int Even(int total, int most)
    {
        if (total <= 0) return 1;
        var pieces = (total + most - 1) / most;
        return (total + pieces - 1) / pieces;
    }
}
