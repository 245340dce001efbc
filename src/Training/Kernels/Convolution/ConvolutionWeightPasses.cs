using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Creates the pass of a convolution's weight gradient from its geometry.</summary>
internal static class ConvolutionWeightPasses
{
    // Source and gradient of a band, which some hundred register tiles read once each.
    private const int WeightBandFloats = 96 << 10;

    // At 128 pixels, reading and writing the sums is 2 % of the work; at the 16 pixels of one 4x4 image it is 60 %.
    private const int MinWeightPixels = 128;

    /// <summary>Whether vectors of input channels need fewer steps than vectors of output channels.</summary>
    public static bool SwapPays(ConvolutionGeometry geometry) =>
        geometry.Groups == 1 && geometry.OutputChannels <= ConvReduce.MaxSumChannels && geometry.InputChannels >= 2 * geometry.OutputChannels
        && geometry.Depth.Stride == 1 && geometry.Height.Stride == 1 && geometry.Width.Stride == 1;

    /// <summary>
    /// The convolution over the output's gradient whose weight gradient, taken with the input as gradient, is that of <paramref name="geometry"/>
    /// with taps reversed and channels exchanged.
    /// </summary>
    // kernel[t, c, o] = sum_p in[p + t * d - pad, c] * gradient[p, o] = sum_q gradient[q + (k - 1 - t) * d - ((k - 1) * d - pad), o] * in[q, c]
    public static ConvolutionGeometry Swap(ConvolutionGeometry geometry)
    {
        static WindowAxis Axis(WindowAxis axis)
        {
            var reach = (axis.Kernel - 1) * axis.Dilation;
            var begin = reach - axis.PadBegin;
            return new(axis.Output, axis.Kernel, 1, axis.Dilation, begin, axis.Input - axis.Output + reach - begin);
        }

        return new(geometry.Batch, geometry.OutputChannels, geometry.InputChannels, 1, Axis(geometry.Depth), Axis(geometry.Height), Axis(geometry.Width));
    }

    /// <summary>Creates the pass: all patch elements of the forward pass, cut into register tiles.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="slices">The smallest number of slices to cut the pixels into, if there are enough pixels.</param>
    public static ConvWeightPass Create(ConvolutionGeometry geometry, int slices)
    {
        var floatsPerPixel = geometry.InputChannels * geometry.Height.Stride * geometry.Width.Stride + geometry.OutputChannels;
        var pixels = Math.Clamp(WeightBandFloats / floatsPerPixel, MinWeightPixels, 2048);
        var forward = ConvolutionPasses.Forward(geometry, new(pixels, pixels, slices), mayBeNarrow: false);
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
            // Three contiguous values are one group of rows, so the nine values of a 3x3 patch of one channel make one tile.
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
}
