#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using System.Buffers.Binary;
using System.IO.Compression;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// Digits of MNIST as PNG files, a folder per class: images for resnet18.cs where no others are at hand.
const int PerClass = 400, Side = 28;
var data = args.Length > 0 ? args[0] : "../shared/data";
var target = args.Length > 1 ? args[1] : "digits";
NDArray images = Idx.ReadImages(Path.Combine(data, "mnist", "train-images-idx3-ubyte.gz"), scale: 1);
NDArray labels = Idx.ReadLabels(Path.Combine(data, "mnist", "train-labels-idx1-ubyte.gz"));
var (pixels, classes) = (images.ToArray(), (long[])labels);
for (var digit = 0; digit < 10; digit++)
{
    var folder = Directory.CreateDirectory(Path.Combine(target, $"{digit}")).FullName;
    foreach (var i in Enumerable.Range(0, classes.Length).Where(i => classes[i] == digit).Take(PerClass))
    {
        byte[] image = [.. pixels.AsSpan(i * Side * Side, Side * Side).ToArray().Select(pixel => (byte)pixel)];
        File.WriteAllBytes(Path.Combine(folder, $"{i:D5}.png"), Png(image));
    }
}

Console.WriteLine($"{10 * PerClass} digits in {target}");

// An image of 8-bit gray: https://www.w3.org/TR/png
static byte[] Png(byte[] pixels)
{
    using var packed = new MemoryStream();
    using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
    {
        foreach (var row in pixels.Chunk(Side)) zlib.Write([0, .. row]);
    }

    byte[] header = [0, 0, 0, Side, 0, 0, 0, Side, 8, 0, 0, 0, 0];
    return [0x89, .. "PNG\r\n\x1a\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, packed.ToArray()), .. Chunk("IEND"u8, [])];
}

static byte[] Chunk(ReadOnlySpan<byte> kind, byte[] content)
{
    byte[] chunk = [0, 0, 0, 0, .. kind, .. content, 0, 0, 0, 0];
    BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
    BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(^4..), Crc(chunk.AsSpan(4..^4)));
    return chunk;
}

static uint Crc(ReadOnlySpan<byte> bytes)
{
    var crc = uint.MaxValue;
    foreach (var value in bytes)
    {
        crc ^= value;
        for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
    }

    return ~crc;
}
