using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>What the tiles of one panel have in common: a micro-kernel takes it by address and its four pointers beside it.</summary>
internal unsafe struct GemmTile
{
    /// <summary>Steps of the inner loop.</summary>
    public nint Depth;

    /// <summary>Floats between two rows of A.</summary>
    public nint RowA;

    /// <summary>Floats between two steps of A: 1 in a plain matrix, the row stride in a transposed one, the tile's height in a packed one.</summary>
    public nint StepA;

    /// <summary>Floats between two steps of B: its row stride, or the panel's width where it is packed.</summary>
    public nint StepB;

    /// <summary>Floats between two rows of what the accumulators start from: 0 repeats one row (zeros, a bias).</summary>
    public nint RowStart;

    /// <summary>Floats between two rows of C.</summary>
    public nint RowC;

    /// <summary>Results below it become it: 0 for relu, minus infinity for none.</summary>
    public float Floor;

    /// <summary>Rows of the tallest tile of all machines.</summary>
    public const int MostRows = 12;

    /// <summary>Columns of the widest tile of all machines.</summary>
    public const int MostColumns = 32;

    /// <summary>Rows of the tallest tile of this machine.</summary>
    public static int MaxRows => VectorDispatch.Lanes == V512.Count ? 12 : 6;

    /// <summary>Columns of the widest tile of this machine, two vectors: the width of a packed panel.</summary>
    public static int MaxColumns => 2 * VectorDispatch.Lanes;

    /// <summary>The height of the next tile when <paramref name="rows"/> are left: falling powers of two after the last full one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Height(int rows) =>
        rows >= MaxRows ? MaxRows : MaxRows > 8 && rows >= 8 ? 8 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
}
