using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Benchmarks.Data;

/// <summary>NumPy's arrays into memory, beside a plain read of the same file.</summary>
internal static class ArrayCases
{
    private const int Columns = 1000;
    private const int Rounds = 5;

    public static IEnumerable<DataCase> All =>
    [
        Case<float>("npy-1000", 1000, "<f4", isColumnMajor: false),
        Case<float>("npy-fortran-400", 400, "<f4", isColumnMajor: true),
        Case<float>("npy-bigendian-400", 400, ">f4", isColumnMajor: false),
        Case<byte>("npy-uint8-400", 400, "|u1", isColumnMajor: false),
        Case<double>("npy-double-400", 400, "<f8", isColumnMajor: false),
    ];

    /// <summary>A whole array as float32.</summary>
    private static DataCase Case<T>(string name, int megabytes, string type, bool isColumnMajor)
        where T : unmanaged, INumber<T> => new(
        name,
        Goal: "4.0",
        ResultBytes: Elements<T>(megabytes) * sizeof(float),
        Items: 0,
        Rounds,
        folder => Write<T>(PathOf(folder), megabytes, type, isColumnMajor),
        folder => GC.KeepAlive(Npy.Read<float>(PathOf(folder))),
        folder => ReadAll(PathOf(folder)));

    private static string PathOf(string folder) => Path.Combine(folder, "a.npy");

    private static long Elements<T>(int megabytes)
        where T : unmanaged => megabytes * 1_000_000L / Marshal.SizeOf<T>() / Columns * Columns;

    private static void ReadAll(string path)
    {
        using var file = File.OpenHandle(path);
        var bytes = GC.AllocateUninitializedArray<byte>((int)RandomAccess.GetLength(file));
        for (var place = 0; place < bytes.Length;) place += RandomAccess.Read(file, bytes.AsSpan(place), place);
        GC.KeepAlive(bytes);
    }

    /// <summary>Writes an array of small whole numbers, unless it is there.</summary>
    private static void Write<T>(string path, int megabytes, string type, bool isColumnMajor)
        where T : unmanaged, INumber<T>
    {
        if (File.Exists(path)) return;
        var count = Elements<T>(megabytes);
        var order = isColumnMajor ? "True" : "False";
        var header = $"{{'descr': '{type}', 'fortran_order': {order}, 'shape': ({count / Columns}, {Columns}), }}".PadRight(117) + "\n";
        using var file = File.Create(path);
        file.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header)]);
        var block = new T[Columns];
        for (var i = 0; i < block.Length; i++) block[i] = T.CreateTruncating(i % 100);
        var bytes = MemoryMarshal.AsBytes(block.AsSpan());
        if (type[0] == '>')
        {
            for (var i = 0; i < bytes.Length; i += Marshal.SizeOf<T>()) bytes.Slice(i, Marshal.SizeOf<T>()).Reverse();
        }

        for (var i = count / Columns; i > 0; i--) file.Write(bytes);
    }
}
