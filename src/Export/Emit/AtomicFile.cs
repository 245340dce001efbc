namespace OnnxFunctional.Export.Emit;

/// <summary>Writes a file completely or not at all: beside the target, flushed to the disk, checked, renamed over it.</summary>
/// <remarks>Rename within one folder is atomic on every file system we run on, so a reader sees the old file or the new one, and a crash leaves the old one.</remarks>
internal static class AtomicFile
{
    /// <summary>Replaces or creates <paramref name="path"/> with what <paramref name="write"/> puts into the stream.</summary>
    /// <param name="path">The target; its folder has to exist.</param>
    /// <param name="write">Writes the content; what it throws ends the writing and is passed on.</param>
    /// <param name="validateBeforeRename">Gets the path of the finished temporary file; what it throws keeps the target as it was and is passed on.</param>
    /// <exception cref="ExportException">The file system refuses; the message names the remedy. The target is untouched and nothing is left beside it.</exception>
    public static void Write(string path, Action<Stream> write, Action<string>? validateBeforeRename = null)
    {
        var target = ResolveTarget(path);
        var temporary = TemporaryBeside(target);
        try
        {
            WriteTemporary(path, temporary, target, write);
            validateBeforeRename?.Invoke(temporary);
            OnFileSystem(path, target, () => File.Move(temporary, target, overwrite: true));
        }
        catch (Exception failure)
        {
            RemoveTemporary(temporary, failure);
            throw;
        }
    }

    /// <summary>Replaces or creates <paramref name="path"/> with <paramref name="content"/>.</summary>
    public static void Write(string path, ReadOnlyMemory<byte> content, Action<string>? validateBeforeRename = null) =>
        Write(path, stream => stream.Write(content.Span), validateBeforeRename);

    private static string ResolveTarget(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (path.Contains('\0', StringComparison.Ordinal))
            throw new ExportException("Cannot write the file: its name contains a null character. Give a plain file name.");

        var target = path;
        OnFileSystem(path, path, () =>
        {
            target = Path.GetFullPath(path);
            // Renaming over a link would replace the link and leave the file it points to.
            if (File.Exists(target)) target = File.ResolveLinkTarget(target, returnFinalTarget: true)?.FullName ?? target;
        });
        if (Directory.Exists(target) || Path.EndsInDirectorySeparator(target))
            throw new ExportException($"Cannot write '{path}': it is a folder. Give a file name in it, for example '{Path.Combine(path, "model.onnx")}'.");

        var folder = Path.GetDirectoryName(target) ?? target;
        if (File.Exists(folder))
            throw new ExportException($"Cannot write '{path}': '{folder}' is a file, not a folder. Choose another folder.");
        if (!Directory.Exists(folder))
            throw new ExportException($"Cannot write '{path}': the folder '{folder}' does not exist. Create it first, or choose another folder.");
        if (File.Exists(target) && File.GetAttributes(target).HasFlag(FileAttributes.ReadOnly))
            throw new ExportException($"Cannot write '{path}': the file is there and is read-only. Allow writing to it, delete it, or choose another name.");
        return target;
    }

    // Random, so that two processes that write the same target stay apart; short whatever the target is called. It never reaches the content.
    private static string TemporaryBeside(string target) => Path.Combine(Path.GetDirectoryName(target)!, "." + Path.GetRandomFileName() + ".tmp");

    private static void WriteTemporary(string path, string temporary, string target, Action<Stream> write) => OnFileSystem(path, target, () =>
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows() && File.Exists(target)) options.UnixCreateMode = File.GetUnixFileMode(target);
        using var stream = new FileStream(temporary, options);
        write(stream);
        stream.Flush(flushToDisk: true);
    });

    private static void OnFileSystem(string path, string target, Action action)
    {
        try
        {
            action();
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new ExportException(
                $"Cannot write '{path}': the folder '{Path.GetDirectoryName(target)}' is read-only or belongs to another user. Choose another folder, or allow writing to it.", refused);
        }
        catch (IOException failed)
        {
            throw new ExportException($"Cannot write '{path}': {failed.Message} Choose another folder, or make room; an older file of that name is untouched.", failed);
        }
    }

    private static void RemoveTemporary(string temporary, Exception failure)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception alsoFailed) when (alsoFailed is IOException or UnauthorizedAccessException)
        {
            throw new ExportException(
                $"{failure.Message} The temporary file '{temporary}' could not be removed either ({alsoFailed.Message}); delete it by hand.", new AggregateException(failure, alsoFailed));
        }
    }
}
