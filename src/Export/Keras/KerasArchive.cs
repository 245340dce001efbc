using System.IO.Compression;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.Keras;

/// <summary>The zip archive of a .keras file: read as untrusted, written as Keras does.</summary>
internal static class KerasArchive
{
    // Keras stores entries uncompressed; weights and JSON never compress a hundredfold.
    private const long HighestRatio = 100;
    private const int MostEntries = 10_000;
    private const long LongestConfig = 1 << 26;
    private const long LongestMetadata = 1 << 16;
    private const string MetadataEntry = "metadata.json";
    private const string Assets = "assets/";
    private const string VocabularyFile = "/vocabulary.txt";

    // The earliest time that a zip can hold, so that equal models give equal files.
    private static readonly DateTimeOffset s_time = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The content of a file.</summary>
    /// <param name="Metadata">What is known of it.</param>
    /// <param name="Config">The configuration of the model.</param>
    /// <param name="Weights">The weight file.</param>
    /// <param name="Vocabularies">The words that layers learned, one per line, by the path of the layer.</param>
    internal sealed record Content(KerasMetadata Metadata, string Config, byte[] Weights, IReadOnlyDictionary<string, string> Vocabularies);

    /// <summary>Reads a file; nothing is written to the disk.</summary>
    /// <exception cref="ModelException">It is not a .keras file, or it is malicious.</exception>
    public static Content Read(Stream stream, string name)
    {
        try
        {
            using var zip = Open(stream, name);
            ZipNames.Check(stream);
            if (zip.Entries.Count > MostEntries)
                throw Refused(name, $"it holds {zip.Entries.Count} entries; expected metadata.json, config.json and model.weights.h5");
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var entry in zip.Entries)
            {
                var path = entry.FullName;
                if (path.AsSpan().ContainsAny("\\\0:") || path.StartsWith('/') || path.Split('/').Contains(".."))
                    throw Refused(name, $"its entry '{path}' leads out of the archive");
                if (!names.Add(path)) throw Refused(name, $"it has two entries '{path}'");
                if (entry.Length > 1 << 20 && entry.Length / HighestRatio > entry.CompressedLength)
                    throw Refused(name, $"its entry '{path}' unpacks to more than {HighestRatio} times its size");
            }

            var config = ReadEntry(zip, stream, "config.json", LongestConfig, name);
            var weights = ReadEntry(zip, stream, "model.weights.h5", Array.MaxLength, name);
            var metadata = zip.GetEntry(MetadataEntry) is null
                ? KerasMetadata.None
                : KerasMetadata.Parse(ReadEntry(zip, stream, MetadataEntry, LongestMetadata, name), name);
            return new(metadata, System.Text.Encoding.UTF8.GetString(config), weights, VocabulariesOf(zip, stream, name));
        }
        catch (InvalidDataException error)
        {
            throw new ModelException($"'{name}' is damaged: {error.Message} Copy or download it again.", error);
        }
    }

    public static void Write(Stream stream, string config, byte[] weights)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);

        WriteEntry(zip, MetadataEntry, KerasMetadata.Ours);
        WriteEntry(zip, "config.json", System.Text.Encoding.UTF8.GetBytes(config));
        WriteEntry(zip, "model.weights.h5", weights);
    }

    private static Dictionary<string, string> VocabulariesOf(ZipArchive zip, Stream stream, string name)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var left = LongestConfig;
        foreach (var entry in zip.Entries)
        {
            var path = entry.FullName;
            if (!path.StartsWith(Assets, StringComparison.Ordinal) || !path.EndsWith(VocabularyFile, StringComparison.Ordinal)) continue;
            var content = ReadEntry(zip, stream, path, left, name);
            left -= content.Length;
            found.Add(path[Assets.Length..^VocabularyFile.Length], System.Text.Encoding.UTF8.GetString(content));
        }

        return found;
    }

    private static ZipArchive Open(Stream stream, string name)
    {
        try
        {
            return new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        }
        catch (InvalidDataException error)
        {
            throw new ModelException(
                $"'{name}' is not a .keras file: {error.Message} Save it in Keras 3 as .keras.",
                error);
        }
    }

    private static byte[] ReadEntry(ZipArchive zip, Stream file, string entryName, long most, string name)
    {
        var entry = zip.GetEntry(entryName) ?? throw new ModelException($"'{name}' has no {entryName}; expected a .keras file saved by Keras 3.");
        if (entry.Length > most) throw Refused(name, $"its {entryName} has {entry.Length} bytes; more than {most} are not read");

        // The length in the archive's directory may be wrong: beyond what the file can hold without compression, memory grows with the content itself.
        using var source = ZipContent.Open(entry);
        var content = new byte[Math.Min(entry.Length, file.Length)];
        var length = 0;
        for (int read; (read = source.Read(content.AsSpan(length))) > 0;)
        {
            length += read;
            if (length == content.Length && length < entry.Length) Array.Resize(ref content, (int)Math.Min(entry.Length, 2L * length));
            else if (length == content.Length) break;
        }

        if (source.ReadByte() >= 0) throw Refused(name, $"its {entryName} is longer than it says");
        return length == entry.Length ? content : throw Refused(name, $"its {entryName} is cut off");
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
