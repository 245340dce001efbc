namespace OnnxFunctional.Training.Simd;

/// <summary>The right factor of products in the order in which the micro-kernel reads it, packed once and used often, such as weights.</summary>
/// <remarks>
/// The layout is <c>[blocks][panels][steps][columns]</c>: blocks of the sum as <see cref="GemmBlocking"/> divides it, and in each of them panels of
/// <see cref="GemmTile.MaxColumns"/> columns. The last panel has half the columns if that is enough; columns beyond N are zeros. The layout depends on the
/// machine's vector width and is never stored in files.
/// </remarks>
internal static class PackedMatrix
{
    /// <summary>The size of a packed [k, n] matrix, in floats.</summary>
    public static int Floats(int k, int n) => checked(k * Columns(n));

    /// <summary>The number of panels of n columns, which may be packed in parallel.</summary>
    public static int Panels(int n) => GemmBlocking.CeilingDivide(n, GemmTile.MaxColumns);

    /// <summary>Packs op(b), which is [k, n], into <paramref name="packed"/>.</summary>
    // b: [k, n], or [n, k] if transposed, with a row stride
    public static void Pack(ReadOnlySpan<float> b, int stride, bool transposed, int k, int n, Span<float> packed) =>
        PackPanels(b, stride, transposed, k, n, 0, Panels(n), packed);

    /// <summary>Packs the panels from <paramref name="first"/> to before <paramref name="end"/>.</summary>
    public static unsafe void PackPanels(ReadOnlySpan<float> b, int stride, bool transposed, int k, int n, int first, int end, Span<float> packed)
    {
        var (rows, width) = transposed ? (n, k) : (k, n);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, width);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, Panels(n));
        if (packed.Length < Floats(k, n)) throw new ArgumentException($"a packed [{k}, {n}] needs {Floats(k, n)} floats, got {packed.Length}", nameof(packed));
        if (rows > 0 && width > 0 && b.Length < ((long)(rows - 1) * stride) + width)
            throw new ArgumentException($"[{rows}, {width}] with a row stride of {stride} does not fit in {b.Length} floats", nameof(b));

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

    /// <summary>The columns of all panels, including those of zeros.</summary>
    public static int Columns(int n)
    {
        var panels = Panels(n);
        return panels == 0 ? 0 : checked(((panels - 1) * GemmTile.MaxColumns) + PanelColumns(n, panels - 1));
    }

    /// <summary>The columns of one panel: half of a full one if no more are left.</summary>
    public static int PanelColumns(int n, int panel) =>
        n - (panel * GemmTile.MaxColumns) <= GemmTile.MaxColumns / 2 ? GemmTile.MaxColumns / 2 : GemmTile.MaxColumns;
}
