namespace OnnxFunctional.Training.Simd;

/// <summary>The right factor of products in the order in which the micro-kernels read it, packed once and used often: weights, step after step.</summary>
/// <remarks>
/// Blocks of the sum follow one another as <see cref="GemmBlocking"/> cuts them; in each, panels of <see cref="GemmTile.MaxColumns"/> columns follow one another,
/// step by step: <c>[blocks][panels][steps][columns]</c>. The last panel has half the columns when that is enough; columns beyond N are zeros.
/// The order depends on the machine's vector width and is never stored.
/// </remarks>
internal static class PackedMatrix
{
    /// <summary>Floats that a packed [k, n] matrix takes.</summary>
    public static int Floats(int k, int n) => checked(k * Columns(n));

    /// <summary>Panels of n columns: pieces that may be packed at the same time.</summary>
    public static int Panels(int n) => GemmBlocking.CeilingDivide(n, GemmTile.MaxColumns);

    /// <summary>Packs op(b), which is [k, n], into <paramref name="packed"/>.</summary>
    // b: [k, n], or [n, k] when transposed; rows stride floats apart
    public static void Pack(ReadOnlySpan<float> b, int stride, bool transposed, int k, int n, Span<float> packed) =>
        PackPanels(b, stride, transposed, k, n, 0, Panels(n), packed);

    /// <summary>Packs the panels from <paramref name="first"/> up to but not including <paramref name="end"/>.</summary>
    public static unsafe void PackPanels(ReadOnlySpan<float> b, int stride, bool transposed, int k, int n, int first, int end, Span<float> packed)
    {
        var (rows, width) = transposed ? (n, k) : (k, n);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, width);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, Panels(n));
        if (packed.Length < Floats(k, n)) throw new ArgumentException($"a packed [{k}, {n}] needs {Floats(k, n)} floats, got {packed.Length}", nameof(packed));
        if (rows > 0 && width > 0 && b.Length < ((long)(rows - 1) * stride) + width)
            throw new ArgumentException($"[{rows}, {width}] in rows of {stride} does not fit in {b.Length} floats", nameof(b));

        var blocking = new GemmBlocking(new GemmShape(1, n, k) { PackedB = true });
        fixed (float* source = b, destination = packed)
        {
            for (var block = 0; block < blocking.DepthBlocks; block++)
            {
                var from = block * blocking.Depth;
                var steps = Math.Min(blocking.Depth, k - from);
                GemmPacking.Panels(source, stride, transposed, n, first, end, from, steps, destination + ((nint)from * Columns(n)));
            }
        }
    }

    /// <summary>Columns of all panels, those of zeros included.</summary>
    public static int Columns(int n)
    {
        var panels = Panels(n);
        return panels == 0 ? 0 : checked(((panels - 1) * GemmTile.MaxColumns) + PanelColumns(n, panels - 1));
    }

    /// <summary>Columns of one panel: half of a full one when no more are left.</summary>
    public static int PanelColumns(int n, int panel) =>
        n - (panel * GemmTile.MaxColumns) <= GemmTile.MaxColumns / 2 ? GemmTile.MaxColumns / 2 : GemmTile.MaxColumns;
}
