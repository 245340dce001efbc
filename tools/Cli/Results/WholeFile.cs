using System.Text;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Files;

namespace OnnxFunctional.Cli.Results;

/// <summary>Writes text files completely or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Replaces or creates a file.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">Writes the content; its exceptions are passed on, and the file is as it was.</param>
    /// <exception cref="ExportException">Nothing can be written there.</exception>
    public static void Write(string path, Action<TextWriter> write) => AtomicFile.Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" };
        write(writer);
    });
}
