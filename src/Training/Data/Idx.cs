using System.Buffers.Binary;
using System.Globalization;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>Reads the idx files of MNIST and its relatives, gzip or plain.</summary>
/// <remarks>Format: yann.lecun.com/exdb/mnist; a big-endian magic number (element type, number of dimensions), the dimensions, the bytes.</remarks>
/// <example><code>
/// NDArray images = Idx.ReadImages("train-images-idx3-ubyte.gz"), labels = Idx.ReadLabels("train-labels-idx1-ubyte.gz");
/// </code></example>
public static class Idx
{
    private const uint ImagesMagic = 0x00000803;
    private const uint LabelsMagic = 0x00000801;
    private const int ChunkBytes = 1 << 16;

    /// <summary>Reads images: float32 [count, rows, columns], each pixel (0 to 255) times <paramref name="scale"/>.</summary>
    /// <param name="path">The file, for example <c>train-images-idx3-ubyte.gz</c>.</param>
    /// <param name="scale">The factor on pixels; default: 1/255, so that they lie between 0 and 1.</param>
    /// <exception cref="DataException">The file is missing, damaged, cut off, or holds something else.</exception>
    public static Tensor<float> ReadImages(string path, float scale = 1f / 255) => DataFile.Read(path, file =>
    {
        var lengths = ReadHeader(file, ImagesMagic, dimensions: 3);
        var pixels = new float[checked((int)(lengths[0] * lengths[1] * lengths[2]))];
        ReadBytes(file, pixels.Length, (bytes, start) =>
        {
            for (var i = 0; i < bytes.Length; i++) pixels[start + i] = bytes[i] * scale;
        });
        return Tensor.Create(pixels, lengths);
    });

    /// <summary>Reads labels: int64 [count], 0 to 255.</summary>
    /// <param name="path">The file, for example <c>train-labels-idx1-ubyte.gz</c>.</param>
    /// <exception cref="DataException">The file is missing, damaged, cut off, or holds something else.</exception>
    public static Tensor<long> ReadLabels(string path) => DataFile.Read(path, file =>
    {
        var lengths = ReadHeader(file, LabelsMagic, dimensions: 1);
        var labels = new long[lengths[0]];
        ReadBytes(file, labels.Length, (bytes, start) =>
        {
            for (var i = 0; i < bytes.Length; i++) labels[start + i] = bytes[i];
        });
        return Tensor.Create(labels, lengths);
    });

    private static nint[] ReadHeader(DataFile file, uint magic, int dimensions)
    {
        Span<byte> header = stackalloc byte[4 + (4 * 3)];
        header = header[..(4 + (4 * dimensions))];
        file.Stream.ReadExactly(header[..4]);
        var found = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (found != magic)
        {
            var kind = found switch
            {
                ImagesMagic => "it holds images. Pass the file of labels",
                LabelsMagic => "it holds labels. Pass the file of images",
                _ => "it is not an idx file of bytes. Pass the file as it was downloaded, compressed with gzip or not",
            };
            throw new DataException(string.Create(CultureInfo.InvariantCulture, $"{file.Name} starts with 0x{found:X8}, expected 0x{magic:X8}: {kind}."));
        }

        file.Stream.ReadExactly(header[4..]);
        Int128 elements = 1;
        var lengths = new nint[dimensions];
        for (var axis = 0; axis < dimensions; axis++)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(header[(4 + (4 * axis))..]);
            elements *= length;
            lengths[axis] = checked((nint)length);
        }

        file.CheckLength(header.Length + elements);
        if (elements > Array.MaxLength)
            throw new DataException($"{file.Name} declares {elements} values, but a tensor holds at most {Array.MaxLength}. Split the file.");
        return lengths;
    }

    private static void ReadBytes(DataFile file, int count, BytesRead read)
    {
        var chunk = new byte[Math.Min(ChunkBytes, count)];
        for (var start = 0; start < count; start += chunk.Length)
        {
            var bytes = chunk.AsSpan(0, Math.Min(chunk.Length, count - start));
            file.Stream.ReadExactly(bytes);
            read(bytes, start);
        }

        file.CheckEnd();
    }

    private delegate void BytesRead(ReadOnlySpan<byte> bytes, int start);
}
