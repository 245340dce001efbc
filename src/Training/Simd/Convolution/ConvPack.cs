namespace OnnxFunctional.Training.Simd;

/// <summary>Packs weights in the order in which the micro-kernel reads them.</summary>
/// <remarks>
/// Layout: <c>[groups, padded channels]</c> for the bias, then for each phase and group <c>[channel block, patch element, two vectors]</c>. The last block of a
/// group has one vector if that is enough. Padding channels are zero.
/// </remarks>
internal static unsafe class ConvPack
{
    // bias [groups * group destination] or empty
    public static void Bias(ConvPass pass, ReadOnlySpan<float> bias, Span<float> packed)
    {
        for (var group = 0; group < pass.Groups; group++)
        {
            var to = packed.Slice(group * pass.PaddedGroup, pass.PaddedGroup);
            to.Clear();
            if (!bias.IsEmpty) bias.Slice(group * pass.GroupDestination, pass.GroupDestination).CopyTo(to);
        }
    }

    /// <summary>Packs one tap of a phase for a pass whose patch elements are the kernel's input channels.</summary>
    // kernel [taps, group source, groups * group destination]
    public static void Forward(ConvPass pass, ConvPhase phase, int tap, ReadOnlySpan<float> kernel, Span<float> packed)
    {
        var block = 2 * VectorDispatch.Lanes;
        var depth = pass.GroupSource;
        var pitch = pass.DestinationChannels;
        for (var group = 0; group < pass.Groups; group++)
        {
            // Along the kernel's rows: writing the few blocks of one row is a few streams, while block by block the row's cache lines would be fetched one at a
            // time.
            for (var k = 0; k < depth; k++)
            {
                var row = kernel.Slice((phase.KernelTaps[tap] * depth + k) * pitch + group * pass.GroupDestination, pass.GroupDestination);
                for (var column = 0; column < pass.PaddedGroup; column += block)
                {
                    var width = Math.Min(block, pass.PaddedGroup - column);
                    var columns = Math.Min(width, pass.GroupDestination - column);
                    var to = packed.Slice(phase.PanelOffset + phase.PanelRows * (group * pass.PaddedGroup + column) + (tap * depth + k) * width, width);
                    row.Slice(column, columns).CopyTo(to);
                    if (columns < width) to[columns..].Clear();
                }
            }
        }
    }

    /// <summary>Packs one tap of a phase for a pass whose patch elements are the kernel's output channels.</summary>
    // kernel [taps, group destination, groups * group source]
    public static void Transposed(ConvPass pass, ConvPhase phase, int tap, ReadOnlySpan<float> kernel, Span<float> packed)
    {
        var block = 2 * VectorDispatch.Lanes;
        var depth = pass.GroupSource;
        var pitch = pass.SourceChannels;
        for (var group = 0; group < pass.Groups; group++)
        {
            for (var column = 0; column < pass.PaddedGroup; column += block)
            {
                var width = Math.Min(block, pass.PaddedGroup - column);
                var columns = Math.Min(width, pass.GroupDestination - column);
                var target = packed.Slice(phase.PanelOffset + phase.PanelRows * (group * pass.PaddedGroup + column) + tap * depth * width, depth * width);
                if (columns < width) target.Clear();
                var rows = kernel.Slice((phase.KernelTaps[tap] * pass.GroupDestination + column) * pitch + group * depth, (columns - 1) * pitch + depth);
                fixed (float* from = rows, to = target) Transpose(from, pitch, to, width, columns, depth);
            }
        }
    }

    // to[k, c] = from[c, k], in pieces that stay in L1 until their cache lines are full
    private static void Transpose(float* from, int fromPitch, float* to, int toPitch, int rows, int columns)
    {
        for (var first = 0; first < columns; first += 128)
        {
            var end = Math.Min(first + 128, columns);
            for (var c = 0; c < rows; c++)
            {
                var source = from + (nint)c * fromPitch;
                for (var k = first; k < end; k++) to[(nint)k * toPitch + c] = source[k];
            }
        }
    }

    /// <summary>Packs the whole kernel of a pass to few channels: the weights of all taps of a source channel side by side, in panels of two vectors.</summary>
    // kernel [taps, source channels, channels], or [taps, channels, source channels] if transposed;
    // packed [column block, source channel, two vectors] with column = tap * channels + channel
    public static void Narrow(ConvPass pass, bool isTransposed, ReadOnlySpan<float> kernel, Span<float> packed)
    {
        var (depth, channels) = (pass.SourceChannels, pass.DestinationChannels);
        var all = ConvNarrow.Columns(pass.Taps, channels);
        var panels = packed.Slice(pass.Phases[0].PanelOffset, all * depth);
        for (var column = 0; column < all; column++)
        {
            var (tap, channel) = (column / channels, column % channels);
            var block = column / (2 * VectorDispatch.Lanes) * 2 * VectorDispatch.Lanes;
            var width = Math.Min(2 * VectorDispatch.Lanes, all - block);
            for (var k = 0; k < depth; k++)
            {
                var weight = tap >= pass.Taps ? 0f : kernel[isTransposed ? (tap * channels + channel) * depth + k : (tap * depth + k) * channels + channel];
                panels[block * depth + k * width + column - block] = weight;
            }
        }
    }

    /// <summary>Packs one tap of a depthwise phase: one row of channels.</summary>
    // kernel [taps, 1, channels]
    public static void Depthwise(ConvPass pass, ConvPhase phase, int tap, ReadOnlySpan<float> kernel, Span<float> packed)
    {
        var channels = pass.BufferChannels;
        kernel.Slice(phase.KernelTaps[tap] * channels, channels).CopyTo(packed.Slice(phase.PanelOffset + tap * channels));
    }
}
