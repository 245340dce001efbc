using System.IO.Compression;

namespace OnnxFunctional.Export.Keras;

/// <summary>The zip that a .keras file is: read with suspicion, written as Keras does.</summary>
internal static class KerasArchive
{
    // Keras stores entries as they are; a hundredfold is beyond what weights and JSON compress to.
    private const long HighestRatio = 100;
    private const int MostEntries = 10_000;
    private const long LongestConfig = 1 << 26;

    // The earliest time a zip can hold, so that equal models are equal files.
    private static readonly DateTimeOffset s_time = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The configuration and the weight file; nothing is written to the disk.</summary>
    /// <exception cref="ModelException">It is no .keras file, or made to harm.</exception>
    public static (string Config, byte[] Weights) Read(Stream stream, string name)
    {
        try
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            if (zip.Entries.Count > MostEntries) throw Refused(name, $"it holds {zip.Entries.Count} entries; expected metadata.json, config.json and model.weights.h5");
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var entry in zip.Entries)
            {
                var path = entry.FullName;
                if (path.Contains('\\', StringComparison.Ordinal) || path.Contains('\0', StringComparison.Ordinal) || path.StartsWith('/') || path.Contains(':', StringComparison.Ordinal) || path.Split('/').Contains(".."))
                    throw Refused(name, $"its entry '{path}' leads out of the archive");
                if (!names.Add(path)) throw Refused(name, $"its entry '{path}' is there twice");
                if (entry.Length > 1 << 20 && entry.Length / HighestRatio > entry.CompressedLength) throw Refused(name, $"its entry '{path}' unpacks to more than {HighestRatio} times its size");
            }

            var config = ReadEntry(zip, "config.json", LongestConfig, name);
            var weights = ReadEntry(zip, "model.weights.h5", Array.MaxLength, name);
            return (System.Text.Encoding.UTF8.GetString(config), weights);
        }
        catch (InvalidDataException error)
        {
            throw new ModelException($"'{name}' is no .keras file: {error.Message} Save it in Keras 3 as .keras; files of Keras 2 (.h5) are opened and saved again there.", error);
        }
    }

    public static void Write(Stream stream, string config, byte[] weights)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);

        // Keras wants a date here and reads none; a fixed one keeps equal models equal files.
        WriteEntry(zip, "metadata.json", """{"keras_version": "3.15.1", "date_saved": "1980-01-01@00:00:00"}"""u8);
        WriteEntry(zip, "config.json", System.Text.Encoding.UTF8.GetBytes(config));
        WriteEntry(zip, "model.weights.h5", weights);
    }

    private static byte[] ReadEntry(ZipArchive zip, string entryName, long most, string name)
    {
        var entry = zip.GetEntry(entryName) ?? throw new ModelException($"'{name}' has no {entryName}; expected a file that Keras 3 saved as .keras.");
        if (entry.Length > most) throw Refused(name, $"its {entryName} has {entry.Length} bytes; more than {most} are not read");

        // The length in the directory is a claim; memory grows with what is really there.
        using var source = entry.Open();
        using var content = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = source.Read(buffer)) > 0;)
        {
            if (content.Length + read > entry.Length) throw Refused(name, $"its {entryName} is longer than it says");
            content.Write(buffer, 0, read);
        }

        return content.Length == entry.Length ? content.ToArray() : throw Refused(name, $"its {entryName} is cut off");
    }

    private static void WriteEntry(ZipArchive zip, string name, ReadOnlySpan<byte> content)
    {
        var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
        entry.LastWriteTime = s_time;
        using var target = entry.Open();
        target.Write(content);
    }

    private static ModelException Refused(string name, string why) => new($"'{name}' is refused: {why}.");
}
