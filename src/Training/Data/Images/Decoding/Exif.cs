using System.Buffers.Binary;

namespace OnnxFunctional.Training.Data;

/// <summary>Reads from EXIF how a camera was held: the tag Orientation of the first directory of a TIFF header.</summary>
internal static class Exif
{
    private const int Upright = 1;
    private const int Header = 8;
    private const int Entry = 12;
    private const ushort OrientationTag = 0x0112;
    private const ushort Short = 3;

    /// <summary>A number from 1 to 8; 1, upright, where it is missing or the data makes no sense, as viewers take it.</summary>
    /// <param name="tiff">The data from the TIFF header on.</param>
    public static int Orientation(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < Header) return Upright;
        var isBig = tiff.StartsWith("MM"u8);
        if (!isBig && !tiff.StartsWith("II"u8)) return Upright;
        var directory = Four(tiff[4..]);
        if (directory > tiff.Length - 2) return Upright;
        var entries = tiff[(int)directory..];
        var count = Two(entries);
        entries = entries[2..];
        for (; count > 0 && entries.Length >= Entry; count--, entries = entries[Entry..])
        {
            if (Two(entries) != OrientationTag) continue;
            return Two(entries[2..]) == Short && Two(entries[8..]) is >= 1 and <= 8 and var found ? found : Upright;
        }

        return Upright;

        ushort Two(ReadOnlySpan<byte> bytes) => isBig ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

        uint Four(ReadOnlySpan<byte> bytes) => isBig ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
