using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace OnnxFunctional.Training.Data;

/// <summary>Writes a file completely or not at all: beside the target, flushed to the disk, checked, renamed over it, the new name flushed.</summary>
/// <remarks>
/// Rename within one folder is atomic on every file system we run on, so a reader sees the old file or the new one, and a crash leaves one of them.
/// What a killed process left beside a target is removed the next time that target is written: a writer holds its temporary file open, so one that nobody holds
/// is abandoned.
/// </remarks>
internal static class FileReplacement
{
    private const string TemporarySuffix = ".tmp";
    private const int BufferBytes = 4096;

    // Temporary files at this moment. A process that is asked to end (SIGTERM, Environment.Exit) deletes them.
    private static readonly ConcurrentDictionary<string, bool> s_unfinished = [];

    private static readonly TimeSpan s_timeToTakeHold = TimeSpan.FromMinutes(1);

    static FileReplacement() => AppDomain.CurrentDomain.ProcessExit += (_, _) => RemoveUnfinished();

    /// <summary>Replaces or creates <paramref name="path"/> with what <paramref name="write"/> puts into the stream.</summary>
    /// <param name="path">The target; its folder must exist.</param>
    /// <param name="refuse">Makes the exception if the file system refuses; the target is then untouched and nothing is left beside it.</param>
    /// <param name="write">Writes the content; its exceptions are passed on.</param>
    /// <param name="validateBeforeRename">Receives the path of the finished temporary file; if it throws, the target keeps its old content and the exception is
    /// passed on.</param>
    public static void Write(string path, Refusal refuse, Action<Stream> write, Action<string>? validateBeforeRename = null)
    {
        var target = FileTarget.Resolve(path, refuse);
        RemoveAbandoned(target);
        var temporary = Temporary(target);
        s_unfinished[temporary] = true;
        try
        {
            using var held = WriteTemporary(path, temporary, target, refuse, write);
            validateBeforeRename?.Invoke(temporary);
            FileTarget.OnFileSystem(path, target, refuse, () => DurableMove.OfFile(temporary, target));
        }
        catch (Exception failure)
        {
            RemoveTemporary(temporary, refuse, failure);
            throw;
        }
        finally
        {
            s_unfinished.TryRemove(temporary, out _);
        }
    }

    /// <summary>Writes a second file in the folder of a target, then the target, which refers to it.</summary>
    /// <param name="path">The target.</param>
    /// <param name="refuse">Makes the exception if the file system refuses; the second file is then removed.</param>
    /// <param name="write">Writes the second file and returns its name; a file of that name has the same content.</param>
    /// <param name="writeTarget">Writes the target; the second file is held open until it returns.</param>
    public static void WriteCompanion(string path, Refusal refuse, Func<Stream, string> write, Action writeTarget)
    {
        var target = FileTarget.Resolve(path, refuse);
        RemoveAbandoned(target);
        string? written = Temporary(target);
        var name = "";
        try
        {
            using var held = WriteTemporary(path, written, target, refuse, stream => name = write(stream));
            var companion = FileTarget.Resolve(Path.Combine(Path.GetDirectoryName(target)!, name), refuse);
            var isNew = !File.Exists(companion);
            FileTarget.OnFileSystem(path, target, refuse, () => DurableMove.OfFile(written, companion));
            written = isNew ? companion : null;
            writeTarget();
        }
        catch (Exception failure)
        {
            if (written is not null) RemoveTemporary(written, refuse, failure);
            throw;
        }
    }

    /// <summary>Deletes a file unless a writer holds it, or it belongs to another user.</summary>
    public static void DeleteUnlessHeld(string path)
    {
        try
        {
            using var abandoned = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, BufferBytes, FileOptions.DeleteOnClose);
        }
        catch (Exception held) when (held is IOException or UnauthorizedAccessException)
        {
            // Its writer is still at work or has just finished.
            return;
        }
    }

    /// <summary>Creates and deletes an empty file beside the target, which is not changed.</summary>
    public static void Check(string path, Refusal refuse)
    {
        var target = FileTarget.Resolve(path, refuse);
        try
        {
            using var probe = new FileStream(Temporary(target), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw refuse(
                $"Cannot write '{path}': the folder '{Path.GetDirectoryName(target)}' is read-only or belongs to another user ({refused.Message}). "
                + "Choose another folder, or allow writing to it.",
                refused);
        }
    }

    /// <summary>Deletes what <see cref="Write"/> wrote: the file behind a link; nothing if there is none.</summary>
    public static void Delete(string path, Refusal refuse)
    {
        var target = FileTarget.Resolve(path, refuse);
        FileTarget.OnFileSystem(path, target, refuse, () => File.Delete(target));
    }

    // A hash of the target's name, because the name itself could become too long with a suffix. A random part follows it, so that two processes can write the
    // same target.
    private static string TemporaryPrefix(string target) =>
        "." + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFileName(target))))[..16] + ".";

    private static string Temporary(string target) =>
        Path.Combine(Path.GetDirectoryName(target)!, TemporaryPrefix(target) + Path.GetRandomFileName() + TemporarySuffix);

    private static void RemoveUnfinished()
    {
        foreach (var temporary in s_unfinished.Keys)
        {
            try
            {
                File.Delete(temporary);
            }
            catch (Exception held) when (held is IOException or UnauthorizedAccessException)
            {
                // Windows does not delete open files; the next write of the target does.
                continue;
            }
        }
    }

    private static void RemoveAbandoned(string target)
    {
        var options = new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        foreach (var file in new DirectoryInfo(Path.GetDirectoryName(target)!).EnumerateFiles(TemporaryPrefix(target) + "*" + TemporarySuffix, options))
        {
            // An empty file may be so new that its writer does not hold it yet.
            if (file.Length == 0 && DateTime.UtcNow - file.LastWriteTimeUtc < s_timeToTakeHold) continue;
            DeleteUnlessHeld(file.FullName);
        }
    }

    /// <summary>Writes the temporary file and returns a stream that holds it open until it is renamed.</summary>
    private static FileStream WriteTemporary(string path, string temporary, string target, Refusal refuse, Action<Stream> write)
    {
        FileStream? held = null;
        FileTarget.OnFileSystem(path, target, refuse, () =>
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Read };
            if (!OperatingSystem.IsWindows() && File.Exists(target)) options.UnixCreateMode = File.GetUnixFileMode(target);
            using var stream = new FileStream(temporary, options);
            write(stream);
            stream.Flush(flushToDisk: true);

            // Opened before the writing stream is closed, so that the file is held at all times; others may read and rename it.
            held = new FileStream(temporary, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        });
        return held!;
    }

    private static void RemoveTemporary(string temporary, Refusal refuse, Exception failure)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception alsoFailed) when (alsoFailed is IOException or UnauthorizedAccessException)
        {
            throw refuse(
                $"{failure.Message} The temporary file '{temporary}' could not be removed either ({alsoFailed.Message}); delete it by hand.",
                new AggregateException(failure, alsoFailed));
        }
    }
}
