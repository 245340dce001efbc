using System.Buffers.Binary;
using System.Text;

namespace OnnxFunctional.Training.Data;

/// <summary>The names of a zip archive, which stand twice: in its directory, and in front of each content. No checksum covers them.</summary>
/// <remarks>https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7 and 4.3.12 to 4.3.16.</remarks>
internal static class ZipNames
{
    private const int EndLength = 22;
    private const int LongestComment = ushort.MaxValue;
    private const int LocatorLength = 20;
    private const int End64Length = 56;
    private const int EntryLength = 46;
    private const int HeaderLength = 30;
    private const uint EndSignature = 0x0605_4B50;
    private const uint LocatorSignature = 0x0706_4B50;
    private const uint End64Signature = 0x0606_4B50;
    private const uint EntrySignature = 0x0201_4B50;
    private const uint HeaderSignature = 0x0403_4B50;
    private const ushort LargeSizes = 1;

    /// <summary>Compares both names of every entry. One that was changed makes another array, or another layer, of the same values.</summary>
    /// <param name="archive">The archive; its position is kept.</param>
    /// <exception cref="InvalidDataException">Two names differ, or the directory is damaged.</exception>
    public static void Check(Stream archive)
    {
        var before = archive.Position;
        var (position, count) = FindDirectory(archive);
        for (var i = 0L; i < count; i++)
        {
            var entry = Read(archive, position, EntryLength);
            Expect(entry, EntrySignature);
            var (nameLength, extraLength, commentLength) = (UInt16(entry, 28), UInt16(entry, 30), UInt16(entry, 32));
            var rest = Read(archive, position + EntryLength, nameLength + extraLength);
            position += EntryLength + nameLength + extraLength + commentLength;
            var offset = OffsetOf(entry, rest.AsSpan(nameLength));
            var header = Read(archive, offset, HeaderLength);
            Expect(header, HeaderSignature);
            var name = Read(archive, offset + HeaderLength, UInt16(header, 26));
            if (!name.AsSpan().SequenceEqual(rest.AsSpan(0, nameLength)))
                throw new InvalidDataException($"Its entry '{Encoding.UTF8.GetString(rest, 0, nameLength)}' has another name at its content.");
        }

        archive.Position = before;
    }

    /// <summary>Where the directory begins, and how many entries it has.</summary>
    private static (long Position, long Count) FindDirectory(Stream archive)
    {
        var length = (int)Math.Min(archive.Length, EndLength + LongestComment);
        var tail = Read(archive, archive.Length - length, length);
        for (var at = length - EndLength; at >= 0; at--)
        {
            if (UInt32(tail, at) != EndSignature) continue;
            var (count, position) = (UInt16(tail, at + 10), UInt32(tail, at + 16));
            if (count < ushort.MaxValue && position < uint.MaxValue) return (position, count);
            var locator = Read(archive, archive.Length - length + at - LocatorLength, LocatorLength);
            if (UInt32(locator, 0) != LocatorSignature) return (position, count);
            var end = Read(archive, (long)UInt64(locator, 8), End64Length);
            Expect(end, End64Signature);
            return ((long)UInt64(end, 48), (long)UInt64(end, 32));
        }

        throw Damaged();
    }

    /// <summary>Where an entry's content begins: in its fixed part, or behind the sizes that have no room there.</summary>
    private static long OffsetOf(byte[] entry, ReadOnlySpan<byte> extra)
    {
        var offset = UInt32(entry, 42);
        if (offset < uint.MaxValue) return offset;
        while (extra.Length >= 4)
        {
            var (kind, length) = (BinaryPrimitives.ReadUInt16LittleEndian(extra), BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]));
            var at = 4 + (UInt32(entry, 24) == uint.MaxValue ? 8 : 0) + (UInt32(entry, 20) == uint.MaxValue ? 8 : 0);
            if (kind == LargeSizes && at + 8 <= extra.Length) return BinaryPrimitives.ReadInt64LittleEndian(extra[at..]);
            extra = extra[Math.Min(4 + length, extra.Length)..];
        }

        return offset;
    }

    private static byte[] Read(Stream archive, long position, int length)
    {
        if (position < 0 || position > archive.Length - length) throw Damaged();
        var bytes = new byte[length];
        archive.Position = position;
        archive.ReadExactly(bytes);
        return bytes;
    }

    private static void Expect(byte[] bytes, uint signature)
    {
        if (UInt32(bytes, 0) != signature) throw Damaged();
    }

    private static ushort UInt16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint UInt32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static ulong UInt64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));

    private static InvalidDataException Damaged() => new("Its directory does not lead to its entries.");
}
