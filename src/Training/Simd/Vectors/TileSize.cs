using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>The number of rows of a register tile as a type, so that the JIT drops the rows that a smaller tile lacks.</summary>
internal interface ITileRows
{
    static abstract int Count { get; }
}

/// <summary>The columns of a register tile as a type: one or two vectors, the last of them whole or partial.</summary>
internal interface ITileColumns
{
    static abstract bool Two { get; }
    static abstract bool Partial { get; }
}

internal readonly struct Rows1 : ITileRows { public static int Count => 1; }
internal readonly struct Rows2 : ITileRows { public static int Count => 2; }
internal readonly struct Rows3 : ITileRows { public static int Count => 3; }
internal readonly struct Rows4 : ITileRows { public static int Count => 4; }
internal readonly struct Rows5 : ITileRows { public static int Count => 5; }
internal readonly struct Rows6 : ITileRows { public static int Count => 6; }
internal readonly struct Rows7 : ITileRows { public static int Count => 7; }
internal readonly struct Rows8 : ITileRows { public static int Count => 8; }
internal readonly struct Rows9 : ITileRows { public static int Count => 9; }
internal readonly struct Rows10 : ITileRows { public static int Count => 10; }
internal readonly struct Rows11 : ITileRows { public static int Count => 11; }
internal readonly struct Rows12 : ITileRows { public static int Count => 12; }

internal readonly struct OneVector : ITileColumns
{
    public static bool Two => false;
    public static bool Partial => false;
}

internal readonly struct TwoVectors : ITileColumns
{
    public static bool Two => true;
    public static bool Partial => false;
}

internal readonly struct PartOfOneVector : ITileColumns
{
    public static bool Two => false;
    public static bool Partial => true;
}

internal readonly struct PartOfTwoVectors : ITileColumns
{
    public static bool Two => true;
    public static bool Partial => true;
}

/// <summary>Loads and stores the last vector of a tile's columns, whole or partial.</summary>
internal static unsafe class TileColumns
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V, TColumns>(float* source, int lanes) where V : struct, IVector<V> where TColumns : struct, ITileColumns =>
        TColumns.Partial ? V.Load(source, lanes) : V.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V, TColumns>(V value, float* destination, int lanes) where V : struct, IVector<V> where TColumns : struct, ITileColumns
    {
        if (TColumns.Partial) V.Store(value, destination, lanes);
        else V.Store(value, destination);
    }
}
