using System.IO.Compression;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>Changes that leave a zip archive well-formed: an entry's content with its new checksum, another name, a missing or doubled entry.</summary>
internal static class ZipEdits
{
    /// <param name="inner">The change of an entry's content, by its name; null for entries that stay as they are.</param>
    public static Edit Change(Func<string, Edit?> inner) => (content, random) =>
    {
        if (Read(content) is not { Count: > 0 } entries) return Edits.Bytes(content, random);
        var changing = entries.FindAll(entry => inner(entry.Name) is not null);
        var index = changing.Count == 0 ? random.Next(entries.Count) : entries.IndexOf(random.One(changing));
        var (name, bytes) = entries[index];
        switch (random.Next(12))
        {
            case 0:
                entries.RemoveAt(index);
                break;
            case 1:
                entries.Add((name, bytes));
                break;
            case 2:
                entries[index] = (random.One(["", "../x", "/x", "a\\b", name + "_", name.ToUpperInvariant(), entries[random.Next(entries.Count)].Name]), bytes);
                break;
            default:
                entries[index] = (name, inner(name)?.Invoke(bytes, random) ?? bytes);
                break;
        }

        return Write(entries, random.Next(2) == 0 ? CompressionLevel.NoCompression : CompressionLevel.Fastest);
    };

    /// <summary>The entries; null if the archive is damaged.</summary>
    public static List<(string Name, byte[] Content)>? Read(byte[] archive)
    {
        try
        {
            using var zip = new ZipArchive(new MemoryStream(archive));
            var result = new List<(string, byte[])>();
            foreach (var entry in zip.Entries)
            {
                using var stream = entry.Open();
                using var content = new MemoryStream();
                stream.CopyTo(content);
                result.Add((entry.FullName, content.ToArray()));
            }

            return result;
        }
        catch (Exception damaged) when (damaged is InvalidDataException or IOException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    public static byte[] Write(IEnumerable<(string Name, byte[] Content)> entries, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var target = zip.CreateEntry(name.Length == 0 ? " " : name, compression).Open();
                target.Write(content);
            }
        }

        return stream.ToArray();
    }
}
