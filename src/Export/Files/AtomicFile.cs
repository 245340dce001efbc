using System.Security.Cryptography;
using System.Text;

namespace OnnxFunctional.Export.Files;

/// <summary>Writes a file completely or not at all: beside the target, flushed to the disk, checked, renamed over it.</summary>
/// <remarks>
/// Rename within one folder is atomic on every file system we run on, so a reader sees the old file or the new one, and a crash leaves the old one.
/// What a killed process left beside a target is removed the next time that target is written: a writer holds its temporary file open, so one that nobody holds
/// is abandoned.
/// </remarks>
internal static class AtomicFile
{
    private const string TemporarySuffix = ".tmp";
    private const int BufferBytes = 4096;

    private static readonly TimeSpan s_timeToTakeHold = TimeSpan.FromMinutes(1);

    /// <summary>Replaces or creates <paramref name="path"/> with what <paramref name="write"/> puts into the stream.</summary>
    /// <param name="path">The target; its folder must exist.</param>
    /// <param name="write">Writes the content; its exceptions are passed on.</param>
    /// <param name="validateBeforeRename">Receives the path of the finished temporary file; if it throws, the target keeps its old content and the exception is
    /// passed on.</param>
    /// <exception cref="ExportException">The file system refuses; the message names the remedy. The target is untouched and nothing is left beside
    /// it.</exception>
    public static void Write(string path, Action<Stream> write, Action<string>? validateBeforeRename = null)
    {
        var target = ResolveTarget(path);
        RemoveAbandoned(target);
        var temporary = Path.Combine(Path.GetDirectoryName(target)!, TemporaryPrefix(target) + Path.GetRandomFileName() + TemporarySuffix);
        try
        {
            using var held = WriteTemporary(path, temporary, target, write);
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
            throw new ExportException("Cannot write the file: its name contains a null character. Use a plain file name.");

        var target = path;
        OnFileSystem(path, path, () =>
        {
            target = Path.GetFullPath(path);
            // Renaming over a link would replace the link and leave the file that it points to.
            if (File.Exists(target)) target = File.ResolveLinkTarget(target, returnFinalTarget: true)?.FullName ?? target;
        });
        if (Directory.Exists(target) || Path.EndsInDirectorySeparator(target))
            throw new ExportException($"Cannot write '{path}': it is a folder. Name a file in it, for example '{Path.Combine(path, "model.onnx")}'.");

        var folder = Path.GetDirectoryName(target) ?? target;
        if (File.Exists(folder))
            throw new ExportException($"Cannot write '{path}': '{folder}' is a file, not a folder. Choose another folder.");
        if (!Directory.Exists(folder))
            throw new ExportException($"Cannot write '{path}': the folder '{folder}' does not exist. Create it first, or choose another folder.");
        if (File.Exists(target) && File.GetAttributes(target).HasFlag(FileAttributes.ReadOnly))
            throw new ExportException($"Cannot write '{path}': the file exists and is read-only. Make it writable, delete it, or choose another name.");
        return target;
    }

    // A hash of the target's name, because the name itself could become too long with a suffix. A random part follows it, so that two processes can write the
    // same target.
    private static string TemporaryPrefix(string target) =>
        "." + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFileName(target))))[..16] + ".";

    private static void RemoveAbandoned(string target)
    {
        var options = new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        foreach (var file in new DirectoryInfo(Path.GetDirectoryName(target)!).EnumerateFiles(TemporaryPrefix(target) + "*" + TemporarySuffix, options))
        {
            try
            {
                // An empty file may be so new that its writer does not hold it yet.
                if (file.Length == 0 && DateTime.UtcNow - file.LastWriteTimeUtc < s_timeToTakeHold) continue;
                using var abandoned = new FileStream(
                    file.FullName,
                    FileMode.Open,
                    FileAccess.ReadWrite,
                    FileShare.None,
                    BufferBytes,
                    FileOptions.DeleteOnClose);
            }
            catch (Exception held) when (held is IOException or UnauthorizedAccessException)
            {
                // Its writer is still at work or has just finished, or it belongs to another user.
                continue;
            }
        }
    }

    /// <summary>Writes the temporary file and returns a stream that holds it open until it is renamed.</summary>
    private static FileStream WriteTemporary(string path, string temporary, string target, Action<Stream> write)
    {
        FileStream? held = null;
        OnFileSystem(path, target, () =>
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read };
            if (!OperatingSystem.IsWindows() && File.Exists(target)) options.UnixCreateMode = File.GetUnixFileMode(target);
            using var stream = new FileStream(temporary, options);
            write(stream);
            stream.Flush(flushToDisk: true);

            // Opened before the writing stream is closed, so that the file is held at all times; others may read and rename it.
            held = new FileStream(temporary, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        });
        return held!;
    }

    private static void OnFileSystem(string path, string target, Action action)
    {
        try
        {
            action();
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new ExportException(
                $"Cannot write '{path}': the folder '{Path.GetDirectoryName(target)}' is read-only or belongs to another user. "
                + "Choose another folder, or make it writable.",
                refused);
        }
        catch (IOException failed)
        {
            throw new ExportException(
                $"Cannot write '{path}': {failed.Message} Choose another folder, or free some space; an older file of that name is untouched.",
                failed);
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
                $"{failure.Message} The temporary file '{temporary}' could not be removed either ({alsoFailed.Message}); delete it by hand.",
                new AggregateException(failure, alsoFailed));
        }
    }
}
