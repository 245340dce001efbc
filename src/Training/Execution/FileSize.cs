namespace OnnxFunctional.Training.Execution;

/// <summary>The size of what is read from a path: that of the file behind links, whose own size is that of the path they hold.</summary>
internal static class FileSize
{
    /// <exception cref="IOException">There is no such file, or it cannot be opened.</exception>
    public static long Of(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return RandomAccess.GetLength(file);
    }
}
