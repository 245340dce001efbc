namespace OnnxFunctional.Training.Data;

/// <summary>Reads a scan: all blocks of one component, or the blocks of several in groups (MCUs).</summary>
/// <param name="frame">The image.</param>
/// <param name="parts">The components of the scan and their tables.</param>
/// <param name="range">Which coefficients it holds.</param>
internal sealed class JpegScan(JpegFrame frame, JpegScanPart[] parts, JpegScanRange range)
{
    private int _done;
    private int _empty;

    /// <summary>The number of groups of blocks.</summary>
    public int Groups => parts.Length == 1
        ? BlocksOf(parts[0].Component.Width) * BlocksOf(parts[0].Component.Height)
        : frame.McusAcross * frame.McusDown;

    /// <summary>Whether all groups were read.</summary>
    public bool IsComplete => _done == Groups;

    /// <summary>Reads a number of groups from a piece of the data, which must hold them and nothing else.</summary>
    public void Read(JpegBits bits, int groups)
    {
        foreach (var part in parts) part.Component.Predictor = 0;
        Span<int> block = stackalloc int[64];
        block.Clear();
        for (var end = Math.Min(_done + groups, Groups); _done < end; _done++)
        {
            if (parts.Length == 1)
            {
                var (down, across) = Math.DivRem(_done, BlocksOf(parts[0].Component.Width));
                Read(ref bits, parts[0], across, down, block);
                continue;
            }

            var (row, column) = Math.DivRem(_done, frame.McusAcross);
            foreach (var part in parts)
            {
                var (wide, high) = (part.Component.Across, part.Component.Down);
                for (var y = 0; y < high; y++)
                {
                    for (var x = 0; x < wide; x++) Read(ref bits, part, (column * wide) + x, (row * high) + y, block);
                }
            }
        }

        bits.CheckAllRead();
        if (_empty > 0) throw new InvalidDataException("its pixels declare more empty blocks than there are");
    }

    private static int BlocksOf(int samples) => (samples + 7) / 8;

    private void Read(ref JpegBits bits, in JpegScanPart part, int across, int down, scoped Span<int> block)
    {
        var component = part.Component;
        if (!frame.IsProgressive)
        {
            var last = JpegBlocks.Sequential(ref bits, part.Means, part.Others, component, block);
            JpegTransform.Run(block, last, component.Samples[(((down * component.Stride) + across) * 8)..], component.Stride);
            if (last > 0) block.Clear();
        }
        else
        {
            var coefficients = component.Coefficients.Slice(((down * component.BlocksAcross) + across) * 64, 64);
            if (range.First > 0)
            {
                if (range.High == 0) JpegBlocks.First(ref bits, part.Others, range, coefficients, ref _empty);
                else JpegBlocks.Refine(ref bits, part.Others, range, coefficients, ref _empty);
            }
            else if (range.High == 0)
            {
                JpegBlocks.Mean(ref bits, part.Means, component, range.Low);
                coefficients[0] = (short)(component.Predictor << range.Low);
            }
            else if (bits.One() == 1)
            {
                coefficients[0] |= (short)(1 << range.Low);
            }
        }

        bits.CheckEnd();
    }
}

/// <summary>A component of a scan and its tables.</summary>
/// <param name="Component">The component.</param>
/// <param name="Means">The codes of differences of means.</param>
/// <param name="Others">The codes of the other coefficients.</param>
internal readonly record struct JpegScanPart(JpegComponent Component, JpegHuffman Means, JpegHuffman Others);
