using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>What the tiles of one panel have in common. The micro-kernel takes it by address, next to its four pointers.</summary>
internal unsafe struct GemmTile
{
    /// <summary>The number of steps of the inner loop.</summary>
    public nint Depth;

    /// <summary>The distance between two rows of A, in floats.</summary>
    public nint RowA;

    /// <summary>The distance between two steps of A: 1 in a plain matrix, the row stride in a transposed one, the tile's height in a packed one.</summary>
    public nint StepA;

    /// <summary>The distance between two steps of B: its row stride, or the panel's width if it is packed.</summary>
    public nint StepB;

    /// <summary>The distance between two rows of what the accumulators start from; 0 repeats one row (zeros or a bias).</summary>
    public nint RowStart;

    /// <summary>The distance between two rows of C, in floats.</summary>
    public nint RowC;

    /// <summary>The lower limit of results: 0 for relu, minus infinity for none.</summary>
    public float Floor;

    /// <summary>The rows of the tallest tile on any machine.</summary>
    public const int MostRows = 12;

    /// <summary>The columns of the widest tile on any machine.</summary>
    public const int MostColumns = 32;

    /// <summary>The rows of the tallest tile on this machine.</summary>
    public static int MaxRows => VectorDispatch.Lanes == V512.Count ? 12 : 6;

    /// <summary>The columns of the widest tile on this machine, two vectors: the width of a packed panel.</summary>
    public static int MaxColumns => 2 * VectorDispatch.Lanes;

    /// <summary>The height of the next tile if <paramref name="rows"/> are left: descending powers of two after the last full one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Height(int rows) =>
        rows >= MaxRows ? MaxRows : MaxRows > 8 && rows >= 8 ? 8 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
}
