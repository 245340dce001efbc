namespace OnnxFunctional.Training.Data;

/// <summary>Reads the coefficients of one block: all of them at once, or what one scan of a progressive image adds. T.81, annexes F and G.</summary>
internal static class JpegBlocks
{
    // A mean of 8 bits is at most 1024 steps of one from the middle; encoders round, and this leaves room for worse.
    private const int LargestMean = 2048;

    /// <summary>Where the coefficient of each number lies, in the order of rows.</summary>
    public static ReadOnlySpan<byte> Order =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    /// <summary>Reads a block of a sequential image, times its steps, into zeros.</summary>
    /// <returns>The number of the last coefficient that is not zero.</returns>
    public static int Sequential(ref JpegBits bits, JpegHuffman means, JpegHuffman others, JpegComponent component, scoped Span<int> block)
    {
        var order = Order;
        var steps = component.Steps!;
        Mean(ref bits, means, component, 0);
        block[0] = component.Predictor * steps[0];
        var last = 0;
        for (var k = 1; k < 64; k++)
        {
            bits.Fill();
            int value;
            if (others.Whole[bits.Peek(JpegHuffman.Lookup)] is not 0 and var entry)
            {
                bits.Skip(entry & 0xFF);
                k += (entry >> 8) & 0xFF;
                value = entry >> 16;
            }
            else
            {
                var symbol = bits.Symbol(others);
                var size = symbol & 15;
                k += symbol >> 4;
                if (size == 0)
                {
                    if (symbol == 0) return last;
                    if (symbol != 0xF0) throw NotACoefficient();
                    if (k > 62) throw TooMany();
                    continue;
                }

                value = JpegBits.Signed(bits.Take(size), size);
            }

            if (k > 63) throw TooMany();
            block[order[k]] = value * steps[order[k]];
            last = k;
        }

        return last;
    }

    /// <summary>Reads the difference of a mean to the last one.</summary>
    /// <param name="bits">The data.</param>
    /// <param name="means">The codes.</param>
    /// <param name="component">What is read.</param>
    /// <param name="low">The bits that are left for later.</param>
    public static void Mean(ref JpegBits bits, JpegHuffman means, JpegComponent component, int low)
    {
        var size = bits.Symbol(means);
        if (size > 11) throw NotACoefficient();
        if (size > 0) component.Predictor += JpegBits.Signed(bits.Take(size), size);
        var step = (long)component.Steps![0] << low;
        if (Math.Abs(component.Predictor * step) > LargestMean + step)
            throw new InvalidDataException("its pixels become brighter or darker than any can be");
    }

    /// <summary>Reads the first bits of the coefficients of a range.</summary>
    /// <param name="bits">The data.</param>
    /// <param name="table">The codes.</param>
    /// <param name="scan">The range, and the bits that are left for later.</param>
    /// <param name="block">The coefficients.</param>
    /// <param name="empty">How many blocks from here on have nothing in this range.</param>
    public static void First(ref JpegBits bits, JpegHuffman table, in JpegScanRange scan, Span<short> block, ref int empty)
    {
        if (empty > 0)
        {
            empty--;
            return;
        }

        var order = Order;
        for (var k = scan.First; k <= scan.Last; k++)
        {
            var symbol = bits.Symbol(table);
            var (run, size) = (symbol >> 4, symbol & 15);
            if (size == 0 && run < 15)
            {
                empty = EmptyBlocks(ref bits, run) - 1;
                return;
            }

            k += run;
            if (k > scan.Last) throw TooMany();
            if (size > 0) block[order[k]] = (short)(JpegBits.Signed(bits.Take(size), size) << scan.Low);
        }
    }

    /// <summary>Reads one more bit of the coefficients of a range.</summary>
    public static void Refine(ref JpegBits bits, JpegHuffman table, in JpegScanRange scan, Span<short> block, ref int empty)
    {
        var order = Order;
        var (k, one) = (scan.First, 1 << scan.Low);
        while (empty == 0 && k <= scan.Last)
        {
            var symbol = bits.Symbol(table);
            var (run, size) = (symbol >> 4, symbol & 15);
            var value = 0;
            if (size == 0 && run < 15)
            {
                empty = EmptyBlocks(ref bits, run);
                break;
            }

            if (size > 1) throw NotACoefficient();
            if (size == 1) value = bits.One() == 1 ? one : -one;

            // Over coefficients that are not zero yet, which get their bits, and over as many zeros as the run has.
            for (; ; k++)
            {
                if (k > scan.Last) throw TooMany();
                ref var known = ref block[order[k]];
                if (known != 0) Correct(ref bits, ref known, one);
                else if (run-- == 0) break;
            }

            if (value != 0) block[order[k]] = (short)value;
            k++;
        }

        if (empty == 0) return;
        for (; k <= scan.Last; k++)
        {
            ref var known = ref block[order[k]];
            if (known != 0) Correct(ref bits, ref known, one);
        }

        empty--;
    }

    private static void Correct(ref JpegBits bits, ref short known, int one)
    {
        if (bits.One() == 1 && (known & one) == 0) known = (short)(known > 0 ? known + one : known - one);
    }

    private static int EmptyBlocks(ref JpegBits bits, int size)
    {
        if (size == 0) return 1;
        bits.Fill();
        return (1 << size) + bits.Take(size);
    }

    private static InvalidDataException NotACoefficient() => new("its pixels hold a code of no coefficient");

    private static InvalidDataException TooMany() => new("a block of its pixels has more than 64 coefficients");
}

/// <summary>Which coefficients a scan holds, and which of their bits.</summary>
/// <param name="First">The first coefficient.</param>
/// <param name="Last">The last one.</param>
/// <param name="High">The lowest bit that earlier scans hold; 0 if this is the first of them.</param>
/// <param name="Low">The lowest bit that this one holds.</param>
internal readonly record struct JpegScanRange(int First, int Last, int High, int Low);
