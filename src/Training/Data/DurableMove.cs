using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OnnxFunctional.Training.Data;

/// <summary>Renames that outlast a loss of power: the folder that holds the new name is flushed to the disk as well.</summary>
/// <remarks>
/// A file that was flushed may lose its name: names lie in the folder, which Linux and macOS write later. .NET opens no folders, so one function of the C
/// library does. Windows journals names, and flushes no folders.
/// </remarks>
internal static class DurableMove
{
    // In flags of Linux: a process started meanwhile does not inherit the folder.
    private const int CloseOnExec = 0x80000;

    /// <summary>Renames a file over what has the new name.</summary>
    public static void OfFile(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        Flush(Path.GetDirectoryName(to)!);
    }

    /// <summary>Renames a folder.</summary>
    public static void OfFolder(string from, string to)
    {
        Directory.Move(from, to);
        Flush(Path.GetDirectoryName(to)!);
    }

    /// <summary>Writes the names in a folder to the disk.</summary>
    /// <returns>
    /// Whether that was done. A folder may be writable and not readable; then the system decides when, and the names are right at once anyway.
    /// </returns>
    /// <exception cref="IOException">The disk failed.</exception>
    public static bool Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return false;
        using var handle = new SafeFileHandle(Open([.. Encoding.UTF8.GetBytes(folder), 0], OperatingSystem.IsLinux() ? CloseOnExec : 0), ownsHandle: true);
        if (handle.IsInvalid) return false;
        RandomAccess.FlushToDisk(handle);
        return true;
    }

    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);
}
