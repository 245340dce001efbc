using System.Formats.Tar;

namespace OnnxFunctional.Training.Data;

/// <summary>Makes the exception for a file that cannot be written.</summary>
/// <param name="message">The sentence for the user.</param>
/// <param name="cause">What the system reported, if that was the cause.</param>
internal delegate Exception Refusal(string message, Exception? cause);

/// <summary>The place where a file is to be written: a new name in a folder, or a regular file that may be replaced.</summary>
internal static class FileTarget
{
    /// <summary>The full path of the file behind all symbolic links, checked.</summary>
    /// <param name="path">What the user wrote.</param>
    /// <param name="refuse">Makes the exception if nothing can be written there.</param>
    public static string Resolve(string path, Refusal refuse)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (string.IsNullOrWhiteSpace(path)) throw refuse("Cannot write the file: its name is empty. Give one, for example 'model.onnx'.", null);
        if (path.Contains('\0', StringComparison.Ordinal))
            throw refuse("Cannot write the file: its name contains a null character. Use a plain file name.", null);

        var target = path;
        OnFileSystem(path, path, refuse, () =>
        {
            target = Path.GetFullPath(path);

            // Renaming over a link would replace the link and leave the file that it points to.
            if (File.Exists(target)) target = File.ResolveLinkTarget(target, returnFinalTarget: true)?.FullName ?? target;
        });
        if (Directory.Exists(target) || Path.EndsInDirectorySeparator(target))
            throw refuse($"Cannot write '{path}': it is a folder. Name a file in it, for example '{Path.Combine(path, "model.onnx")}'.", null);

        var folder = Path.GetDirectoryName(target) ?? target;
        if (File.Exists(folder)) throw refuse($"Cannot write '{path}': '{folder}' is a file, not a folder. Choose another folder.", null);
        if (!Directory.Exists(folder))
            throw refuse($"Cannot write '{path}': the folder '{folder}' does not exist. Create it first, or choose another folder.", null);
        if (!File.Exists(target)) return target;
        OnFileSystem(path, target, refuse, () =>
        {
            if (!IsRegular(target))
                throw refuse($"Cannot write '{path}': it is a device, a pipe or a socket, not a regular file. Choose another name.", null);
            if (File.GetAttributes(target).HasFlag(FileAttributes.ReadOnly))
                throw refuse($"Cannot write '{path}': the file exists and is read-only. Make it writable, delete it, or choose another name.", null);
        });
        return target;
    }

    /// <summary>Runs an action on the file system, and turns what the system reports into a sentence.</summary>
    public static void OnFileSystem(string path, string target, Refusal refuse, Action action)
    {
        try
        {
            action();
        }
        catch (UnauthorizedAccessException refused)
        {
            throw refuse(
                $"Cannot write '{path}': the folder '{Path.GetDirectoryName(target)}' is read-only or belongs to another user. "
                + "Choose another folder, or make it writable.",
                refused);
        }
        catch (IOException failed)
        {
            throw refuse(
                $"Cannot write '{path}': {failed.Message} Choose another folder, or free some space; an older file of that name is untouched.",
                failed);
        }
    }

    /// <summary>Whether what exists under a name is a file and neither a device, nor a pipe, nor a socket.</summary>
    private static bool IsRegular(string path)
    {
        if (OperatingSystem.IsWindows()) return !File.GetAttributes(path).HasFlag(FileAttributes.Device);

        // Only a regular file has a length here, but an empty one may be any of them. .NET tells them apart only when it archives them: it asks the system for
        // the kind of node, and opens nothing but regular files.
        if (new FileInfo(path).Length > 0) return true;
        using var archive = new MemoryStream();
        try
        {
            using (var writer = new TarWriter(archive, leaveOpen: true)) writer.WriteEntry(path, "node");
        }
        catch (UnauthorizedAccessException)
        {
            // A regular file that may not be read; its folder decides whether it may be replaced.
            return true;
        }
        catch (IOException)
        {
            // A socket, which archives cannot hold.
            return false;
        }

        archive.Position = 0;
        using var reader = new TarReader(archive);
        return reader.GetNextEntry()?.EntryType is TarEntryType.RegularFile;
    }
}
