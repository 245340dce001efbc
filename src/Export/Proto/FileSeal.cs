using System.Security.Cryptography;
using Google.Protobuf;

namespace OnnxFunctional.Export.Proto;

/// <summary>
/// Entries of metadata at the end of a written file, the last of which is the SHA-256 digest of all bytes before it. A message of protobuf may be continued by
/// appending fields, so the file is not written again.
/// </summary>
internal static class FileSeal
{
    /// <summary>The key of the digest, in hexadecimal digits.</summary>
    public const string Key = "onnxfunctional.sha256";

    private static readonly int s_length = Entry(Key, Hex(new byte[SHA256.HashSizeInBytes])).Length;

    /// <summary>Appends entries, then the digest.</summary>
    /// <param name="file">The file, which can be read.</param>
    /// <param name="entries">The entries.</param>
    public static void Append(Stream file, IEnumerable<(string Key, string Value)> entries)
    {
        file.Seek(0, SeekOrigin.End);
        foreach (var (key, value) in entries) file.Write(Entry(key, value));
        file.Position = 0;
        var digest = Hex(SHA256.HashData(file));
        file.Write(Entry(Key, digest));
    }

    /// <summary>Whether a file ends in the digest of all before it; null if it does not end in one.</summary>
    public static bool? IsIntact(ReadOnlySpan<byte> file)
    {
        if (file.Length < s_length) return null;
        var content = file[..^s_length];
        var end = file[^s_length..];
        var digest = Hex(SHA256.HashData(content));
        if (end.SequenceEqual(Entry(Key, digest))) return true;

        // What is before the digits does not depend on them.
        var head = s_length - digest.Length;
        return end[..head].SequenceEqual(Entry(Key, digest).AsSpan(0, head)) ? false : null;
    }

    private static byte[] Entry(string key, string value)
    {
        var entry = new ModelProto();
        entry.MetadataProps.Add(key, value);
        return entry.ToByteArray();
    }

    private static string Hex(byte[] digest) => Convert.ToHexStringLower(digest);
}
