using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Results;

/// <summary>Writes text files completely or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Replaces or creates a file.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">Writes the content; its exceptions are passed on, and the file is as it was.</param>
    /// <exception cref="ExportException">Nothing can be written there.</exception>
    public static void Write(string path, Action<TextWriter> write)
    {
        OnnxFile.CheckWritable(path);
        var target = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path) : Path.GetFullPath(path);
        var unfinished = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Environment.ProcessId}.tmp");
        AppDomain.CurrentDomain.ProcessExit += Delete;
        try
        {
            using (var writer = new StreamWriter(unfinished) { NewLine = "\n" }) write(writer);
            File.Move(unfinished, target, overwrite: true);
        }
        finally
        {
            Delete(null, EventArgs.Empty);
            AppDomain.CurrentDomain.ProcessExit -= Delete;
        }

        void Delete(object? sender, EventArgs arguments) => File.Delete(unfinished);
    }
}
