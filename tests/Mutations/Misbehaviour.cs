using System.Runtime.InteropServices;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>A reader that does all that a reader must not do: what runs find is tested with it.</summary>
internal static class Misbehaviour
{
    public const string Name = "misbehaviour";

    private const int MostGrowth = 128 << 20;
    private const int Page = 4096;

    private static readonly string[] s_files = ["crash", "fine", "hang", "memory", "native", "short", "undocumented"];

    public static ReaderCase Reader { get; } = new(Name, () => [], [], Read, [typeof(DataException)])
    {
        Stored = [.. s_files.Select(file => (file, (Func<byte[]>)(() => [.. file.Select(letter => (byte)letter)])))],
        MostGrowth = MostGrowth,

        // Long enough for the other files where other programs have the cores.
        Longest = TimeSpan.FromSeconds(5),
    };

    private static void Read(byte[] content)
    {
        switch (s_files.Single(file => file.Length == content.Length && file[0] == content[0]))
        {
            case "crash":
                Environment.FailFast("The reader crashes.");
                break;
            case "hang":
                while (true) Thread.SpinWait(1000);
            case "memory":
                GC.KeepAlive(new byte[32 << 20]);
                break;
            case "native":
                Grow();
                break;
            case "short":
                throw new DataException("No.");
            case "undocumented":
                throw new FormatException("This exception is none of the documented ones.");
        }
    }

    private static void Grow()
    {
        // Only memory that is written counts.
        var memory = Marshal.AllocHGlobal(2 * MostGrowth);
        for (var offset = 0; offset < 2 * MostGrowth; offset += Page) Marshal.WriteByte(memory, offset, 1);
        Thread.Sleep(50);
        Marshal.FreeHGlobal(memory);
    }
}
