using System.Runtime.InteropServices;

namespace OnnxFunctional.Export.Runtime;

/// <summary>Memory that is free and that collector and C library keep for later requests.</summary>
/// <remarks>
/// ONNX Runtime takes its own where the collector does not see it. Its sessions are many small pieces: when one is closed, glibc keeps most of them, and the
/// next session, whose pieces have other sizes, takes new memory beside them.
/// </remarks>
internal static class FreeMemory
{
    // Giving all back moves what lives together, which takes 0.1 seconds for this much.
    private const long MostMoved = 256 << 20;

    /// <summary>Gives it back to the system.</summary>
    public static void GiveBack()
    {
        if (GC.GetTotalMemory(false) > MostMoved) GC.Collect();
        else GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = Trim(0);
        }
        catch (Exception missing) when (missing is EntryPointNotFoundException or DllNotFoundException)
        {
            // Other C libraries than glibc give memory back themselves.
        }
    }

    [DllImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Trim(nuint kept);
}
