namespace OnnxFunctional.Training.Callbacks;

/// <summary>What callbacks do to their files; refusals of the system, such as a full disk, become sentences.</summary>
internal static class LogFile
{
    /// <summary>Does something to a file.</summary>
    /// <param name="path">The file or folder, for the message.</param>
    /// <param name="action">Opens, writes or flushes it.</param>
    /// <exception cref="DataException">The system refuses; the message says that no weights are lost.</exception>
    public static void Do(string path, Action action) => Do(path, () =>
    {
        action();
        return true;
    });

    /// <summary>Does something to a file and returns its result.</summary>
    /// <exception cref="DataException">The system refuses; the message says that no weights are lost.</exception>
    public static T Do<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new DataException(
                $"Cannot write the log '{path}': {failed.Message.TrimEnd('.')}. Free some space or choose another folder. "
                + "The model keeps the weights of its last step: save it before the process ends.",
                failed);
        }
    }

    /// <summary>Opens a file for text, whose folder is created if it is missing.</summary>
    /// <exception cref="DataException">The system refuses.</exception>
    public static FileStream Open(string path, bool append) => Do(path, () =>
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        return new FileStream(path, append ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read);
    });
}
