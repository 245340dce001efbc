using System.Buffers.Binary;

namespace OnnxFunctional.Tests;

/// <summary>The bytes of idx files such as MNIST's.</summary>
internal static class IdxBytes
{
    // Unsigned bytes; the lowest byte of the magic number is the number of dimensions.
    private const uint OfBytes = 0x0800;

    public static byte[] Of(int[] lengths, byte[] data) => Of(OfBytes | (uint)lengths.Length, [.. lengths.Select(length => (uint)length)], data);

    public static byte[] Of(uint magic, uint[] lengths, byte[] data)
    {
        var result = new byte[4 + (4 * lengths.Length) + data.Length];
        BinaryPrimitives.WriteUInt32BigEndian(result, magic);
        for (var i = 0; i < lengths.Length; i++) BinaryPrimitives.WriteUInt32BigEndian(result.AsSpan(4 + (4 * i)), lengths[i]);
        data.CopyTo(result, 4 + (4 * lengths.Length));
        return result;
    }
}
