using System.Text;

namespace OnnxFunctional.Export.Files;

/// <summary>What a file holds, by its first bytes.</summary>
internal enum FileContent
{
    /// <summary>Anything else: ONNX has no mark of its own.</summary>
    Other,

    /// <summary>An archive, as .keras files are.</summary>
    Zip,

    /// <summary>HDF5.</summary>
    Hdf5,

    /// <summary>JSON.</summary>
    Json,
}

/// <summary>Looks into files.</summary>
internal static class FileContents
{
    // A description of 20,000 layers has 10 MB.
    private const int LongestText = 1 << 26;

    extension(FileContent)
    {
        /// <summary>What the file holds.</summary>
        /// <exception cref="ModelException">It cannot be opened.</exception>
        public static FileContent Of(string path)
        {
            using var stream = Open(path);
            Span<byte> start = stackalloc byte[16];
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            if (start.StartsWith("PK\u0003\u0004"u8)) return FileContent.Zip;
            if (start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F'])) return FileContent.Hdf5;

            // The first field of an ONNX file is a number, 8; a line feed is that of another field.
            return start.TrimStart("\uFEFF \t\r\n"u8).StartsWith("{"u8) ? FileContent.Json : FileContent.Other;
        }

        /// <summary>The text of a file.</summary>
        /// <exception cref="ModelException">It cannot be opened, or is far longer than a model's description.</exception>
        public static string Text(string path)
        {
            using var stream = Open(path);
            if (stream.Length > LongestText)
                throw new ModelException($"'{path}' has {stream.Length:N0} bytes of JSON; expected the architecture of a model, at most {LongestText:N0}.");
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return reader.ReadToEnd();
        }
    }

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="ModelException">It cannot be opened.</exception>
    public static FileStream Open(string path)
    {
        if (Directory.Exists(path))
            throw new ModelException($"'{path}' is a folder; expected a file that ends in .keras, .h5, .onnx or .json.");
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"'{path}' cannot be opened: {error.Message}", error);
        }
    }
}
