using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Commands;

/// <summary>The output file of a command, checked before the work, so that nobody trains for an hour and then cannot save.</summary>
internal static class OutputFile
{
    /// <summary>Throws if no file of this name can be written.</summary>
    /// <exception cref="ExportException">The name is empty or a folder's, or the folder is missing or read-only.</exception>
    public static void Check(string path)
    {
        if (string.IsNullOrWhiteSpace(path)) throw new ExportException("The name of the output file is empty. Give one, for example model.onnx.");
        if (Directory.Exists(path) || Path.EndsInDirectorySeparator(path))
            throw new ExportException($"Cannot write '{path}': it is a folder. Give a file name in it, for example '{Path.Combine(path, "model.onnx")}'.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (File.Exists(folder)) throw new ExportException($"Cannot write '{path}': '{folder}' is a file, not a folder. Choose another folder.");
        if (!Directory.Exists(folder))
            throw new ExportException($"Cannot write '{path}': the folder '{folder}' does not exist. Create it first, or choose another folder.");
        try
        {
            // Trying tells more than permissions: file systems can be mounted read-only or be full.
            using var probe = new FileStream(
                Path.Combine(folder, "." + Path.GetRandomFileName() + ".tmp"),
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.None,
                1,
                FileOptions.DeleteOnClose);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new ExportException(
                $"Cannot write '{path}': the folder '{folder}' is read-only or belongs to another user. Choose another folder, or allow writing to it.",
                refused);
        }
    }
}
