using System.Globalization;
using System.Runtime.InteropServices;
using OnnxFunctional.Export.Runtime;

namespace OnnxFunctional.Tests.Export.Runtime;

/// <summary>Free memory goes back to the system, which the C library does not do by itself.</summary>
[TestClass]
[DoNotParallelize]
public sealed class FreeMemoryTests
{
    private const int Pieces = 1 << 14;
    private const int Piece = 1 << 12;

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public unsafe void Pieces_that_native_code_freed_are_given_back()
    {
        var before = Resident();
        var pieces = new nint[Pieces];
        for (var i = 0; i < Pieces; i++)
        {
            pieces[i] = (nint)NativeMemory.Alloc(Piece);
            new Span<byte>((void*)pieces[i], Piece).Fill(1);
        }

        // One that stays keeps all that lies below it.
        for (var i = 0; i < Pieces - 1; i++) NativeMemory.Free((void*)pieces[i]);
        var freed = Resident();
        FreeMemory.GiveBack();
        var after = Resident();
        NativeMemory.Free((void*)pieces[^1]);
        if (freed - before < Pieces * (long)Piece / 2) Assert.Inconclusive("This C library gives memory back by itself.");
        Assert.IsGreaterThan(Pieces * (long)Piece / 2, freed - after, $"{before:N0}, {freed:N0}, {after:N0} bytes");
    }

    private static long Resident()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
