namespace OnnxFunctional.Training.Simd;

/// <summary>Lays weights out in the order in which the micro-kernel reads them.</summary>
/// <remarks>
/// Packed: <c>[groups, padded channels]</c> bias, then for each phase and group <c>[channel block, patch element, two vectors]</c>; the last block of a group
/// has one vector if that is enough. Channels that do not exist are zero.
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
        var block = 2 * ConvTile.Lanes;
        var depth = pass.GroupSource;
        for (var group = 0; group < pass.Groups; group++)
        {
            for (var column = 0; column < pass.PaddedGroup; column += block)
            {
                var width = Math.Min(block, pass.PaddedGroup - column);
                var columns = Math.Min(width, pass.GroupDestination - column);
                var to = packed.Slice(phase.PanelOffset + phase.PanelRows * (group * pass.PaddedGroup + column) + tap * depth * width, depth * width);
                var from = kernel.Slice(phase.KernelTaps[tap] * depth * pass.DestinationChannels + group * pass.GroupDestination + column);
                for (var k = 0; k < depth; k++)
                {
                    from.Slice(k * pass.DestinationChannels, columns).CopyTo(to.Slice(k * width));
                    to.Slice(k * width + columns, width - columns).Clear();
                }
            }
        }
    }

    /// <summary>Packs one tap of a phase for a pass whose patch elements are the kernel's output channels.</summary>
    // kernel [taps, group destination, groups * group source]
    public static void Transposed(ConvPass pass, ConvPhase phase, int tap, ReadOnlySpan<float> kernel, Span<float> packed)
    {
        var block = 2 * ConvTile.Lanes;
        var depth = pass.GroupSource;
        for (var group = 0; group < pass.Groups; group++)
        {
            for (var column = 0; column < pass.PaddedGroup; column += block)
            {
                var width = Math.Min(block, pass.PaddedGroup - column);
                var columns = Math.Min(width, pass.GroupDestination - column);
                var target = packed.Slice(phase.PanelOffset + phase.PanelRows * (group * pass.PaddedGroup + column) + tap * depth * width, depth * width);
                if (columns < width) target.Clear();
                for (var c = 0; c < columns; c++)
                {
                    fixed (float* from = kernel.Slice((phase.KernelTaps[tap] * pass.GroupDestination + column + c) * pass.SourceChannels + group * depth, depth), to = target)
                    {
                        for (var k = 0; k < depth; k++) to[k * width + c] = from[k];
                    }
                }
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
