using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.Files;

/// <summary>Writes and deletes files by <see cref="FileReplacement"/>, and refuses with this room's exception.</summary>
internal static class AtomicFile
{
    private static readonly Refusal s_refuse = (message, cause) => new ExportException(message, cause);

    /// <summary>Replaces or creates <paramref name="path"/> with what <paramref name="write"/> puts into the stream.</summary>
    /// <param name="path">The target; its folder must exist.</param>
    /// <param name="write">Writes the content; its exceptions are passed on.</param>
    /// <param name="validateBeforeRename">Receives the path of the finished temporary file; if it throws, the target keeps its old content and the exception is
    /// passed on.</param>
    /// <exception cref="ExportException">The file system refuses; the message names the remedy. The target is untouched and nothing is left beside
    /// it.</exception>
    public static void Write(string path, Action<Stream> write, Action<string>? validateBeforeRename = null) =>
        FileReplacement.Write(path, s_refuse, write, validateBeforeRename);

    /// <summary>Replaces or creates <paramref name="path"/> with <paramref name="content"/>.</summary>
    public static void Write(string path, ReadOnlyMemory<byte> content, Action<string>? validateBeforeRename = null) =>
        Write(path, stream => stream.Write(content.Span), validateBeforeRename);

    /// <summary>Deletes a file that <see cref="Write(string, Action{Stream}, Action{string}?)"/> wrote; nothing if there is none.</summary>
    /// <exception cref="ExportException">It is no regular file, or the file system refuses.</exception>
    public static void Delete(string path) => FileReplacement.Delete(path, s_refuse);

    /// <summary>Writes a second file in the folder of a target, then the target, which refers to it.</summary>
    /// <param name="path">The target.</param>
    /// <param name="write">Writes the second file and returns its name; a file of that name has the same content.</param>
    /// <param name="writeTarget">Writes the target; if it throws, the second file is removed.</param>
    /// <exception cref="ExportException">The file system refuses.</exception>
    public static void WriteCompanion(string path, Func<Stream, string> write, Action writeTarget) =>
        FileReplacement.WriteCompanion(path, s_refuse, write, writeTarget);

    /// <summary>Deletes a file unless a writer holds it.</summary>
    public static void DeleteUnlessHeld(string path) => FileReplacement.DeleteUnlessHeld(path);

    /// <summary>Tries to write beside a target, which tells more than permissions: file systems can be mounted read-only or be full.</summary>
    /// <exception cref="ExportException">Nothing can be written there.</exception>
    public static void Check(string path) => FileReplacement.Check(path, s_refuse);

    /// <summary>The full path behind all links, where a file can be written.</summary>
    /// <exception cref="ExportException">Nothing can be written there.</exception>
    public static string Resolve(string path) => FileTarget.Resolve(path, s_refuse);
}
