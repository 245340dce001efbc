using System.IO.Compression;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

[TestClass]
public sealed class PngDecoderTests
{
    private static string Samples { get; } = Repository.PathOf("tests", "Reference", "images");

    // Each image has a file beside it with the pixels that ImageMagick 6.9 (libpng) reads.
    [TestMethod]
    [DataRow("rgb.png", 0)]
    [DataRow("alpha.png", 0)]
    [DataRow("gray.png", 0)]
    [DataRow("palette.png", 0)]
    [DataRow("interlaced.png", 0)]
    [DataRow("deep.png", 1)]
    public void Pixels_are_those_of_libpng(string name, int tolerance)
    {
        var expected = File.ReadAllBytes(Path.Combine(Samples, name + ".ppm"))[^(9 * 13 * 3)..];
        var pixels = Pixels(Decode(File.ReadAllBytes(Path.Combine(Samples, name))));
        for (var i = 0; i < pixels.Length; i++) Assert.AreEqual(expected[i], pixels[i], tolerance, $"element {i}");
    }

    [TestMethod]
    public void All_kinds_bits_filters_and_passes_give_what_was_written()
    {
        foreach (var (kind, bits) in new[]
        {
            (0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16),
        })
        {
            foreach (var (height, width) in new[] { (1, 1), (3, 1), (1, 7), (5, 3), (17, 23), (9, 40) })
            {
                foreach (var isInterlaced in new[] { false, true })
                {
                    var png = new WrittenPng(kind, bits, height, width, isInterlaced);
                    foreach (var channels in new[] { 1, 3, 4 })
                    {
                        var name = $"{kind} {bits} {height} x {width} {isInterlaced} {channels}";
                        CollectionAssert.AreEqual(png.Pixels(channels), Pixels(Decode(png.File(), channels)), name);
                    }
                }
            }
        }
    }

    [TestMethod]
    public void A_changed_bit_anywhere_is_found_or_changes_no_pixel()
    {
        foreach (var name in new[] { "rgb.png", "palette.png", "interlaced.png" })
        {
            var whole = File.ReadAllBytes(Path.Combine(Samples, name));
            var expected = Pixels(Decode(whole));
            var found = 0;
            for (var at = 8; at < whole.Length; at++)
            {
                var changed = (byte[])whole.Clone();
                changed[at] ^= (byte)(1 << (at % 8));
                try
                {
                    // Texts and times may change.
                    CollectionAssert.AreEqual(expected, Pixels(Decode(changed)), $"{name}, byte {at}");
                }
                catch (InvalidDataException)
                {
                    found++;
                }
            }

            Assert.IsGreaterThan(whole.Length / 3, found, name);
            for (var length = 8; length < whole.Length; length++)
                Assert.Throws<InvalidDataException>(() => Decode(whole[..length]), $"{name} cut to {length} bytes");
        }
    }

    [TestMethod]
    public void The_checksum_of_pixels_is_compared_where_that_of_the_chunk_is_right()
    {
        var png = PngBytes.Of(2, 2, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        png[^(12 + 4 + 1)] ^= 1;
        Refused("checksum of a chunk", png);
        Refused("cannot be unpacked, or their checksum is wrong", PngBytes.Mended(png));
        png = PngBytes.Of(1, 1, [1, 2, 3]);
        Refused("unknown and needed", [.. png[..33], .. PngBytes.Chunk("ABCD"u8, [1]), .. png[33..]]);
        Refused("does not begin with its header", [.. png[..8], .. png[33..]]);
        Refused("two headers", [.. png[..33], .. png[8..]]);
    }

    private static void Refused(string expected, byte[] file) => Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => Decode(file)).Message);

    private static DecodedImage Decode(byte[] file, int channels = 3) => PngDecoder.Decode(file, file.Length, new("a.png", channels, 1 << 26));

    private static byte[] Pixels(DecodedImage image) => image.Pixels[..(image.Height * image.Width * image.Channels)];

    /// <summary>A PNG of random samples, written plainly: each row with another filter.</summary>
    private sealed class WrittenPng
    {
        private readonly int _kind;
        private readonly int _bits;
        private readonly int _height;
        private readonly int _width;
        private readonly bool _isInterlaced;
        private readonly int _samples;
        private readonly int[] _values;
        private readonly byte[] _palette;

        public WrittenPng(int kind, int bits, int height, int width, bool isInterlaced)
        {
            (_kind, _bits, _height, _width, _isInterlaced) = (kind, bits, height, width, isInterlaced);
            _samples = kind switch { 0 or 3 => 1, 2 => 3, 4 => 2, _ => 4 };
            var random = new Random((kind * 100) + bits + width);
            _values = [.. Enumerable.Range(0, height * width * _samples).Select(_ => random.Next(1 << bits))];
            _palette = new byte[(1 << Math.Min(bits, 8)) * 3];
            random.NextBytes(_palette);
        }

        public byte[] Pixels(int channels)
        {
            var result = new List<byte>();
            for (var pixel = 0; pixel < _height * _width; pixel++)
            {
                var values = _values.AsSpan(pixel * _samples, _samples).ToArray();
                var bytes = values.Select(value => _bits == 16 ? value >> 8 : value * 255 / ((1 << _bits) - 1)).ToArray();
                var (red, green, blue) = _kind switch
                {
                    3 => (_palette[values[0] * 3], _palette[(values[0] * 3) + 1], _palette[(values[0] * 3) + 2]),
                    0 or 4 => (bytes[0], bytes[0], bytes[0]),
                    _ => (bytes[0], bytes[1], bytes[2]),
                };

                // The first pixel's color is transparent, or the first one of the palette half so.
                var opacity = _kind switch
                {
                    4 => bytes[1],
                    6 => bytes[3],
                    3 => values[0] == 0 ? 128 : 255,
                    _ => values.AsSpan().SequenceEqual(_values.AsSpan(0, _samples)) ? 0 : 255,
                };
                if (channels == 1) result.Add((byte)(((red * 77) + (green * 150) + (blue * 29)) >> 8));
                else result.AddRange([(byte)red, (byte)green, (byte)blue, .. channels == 4 ? new[] { (byte)opacity } : []]);
            }

            return [.. result];
        }

        public byte[] File()
        {
            byte[] header = [0, 0, 0, (byte)_width, 0, 0, 0, (byte)_height, (byte)_bits, (byte)_kind, 0, 0, (byte)(_isInterlaced ? 1 : 0)];
            byte[] transparent = _kind switch
            {
                3 => [128],
                0 or 2 => [.. _values[.._samples].SelectMany(value => new[] { (byte)(value >> 8), (byte)value })],
                _ => [],
            };
            var packed = Packed();
            return
            [
                0x89, .. "PNG\r\n\x1a\n"u8, .. PngBytes.Chunk("IHDR"u8, header), .. PngBytes.Chunk("teXt"u8, [1, 2, 3]),
                .. _kind == 3 ? PngBytes.Chunk("PLTE"u8, _palette) : [], .. transparent.Length > 0 ? PngBytes.Chunk("tRNS"u8, transparent) : [],
                .. PngBytes.Chunk("IDAT"u8, packed[..3]), .. PngBytes.Chunk("IDAT"u8, []), .. PngBytes.Chunk("IDAT"u8, packed[3..]),
                .. PngBytes.Chunk("IEND"u8, []),
            ];
        }

        private byte[] Packed()
        {
            (int X, int Y, int StepX, int StepY)[] passes = _isInterlaced
                ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
                : [(0, 0, 1, 1)];
            using var packed = new MemoryStream();
            using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            {
                foreach (var (x, y, stepX, stepY) in passes)
                {
                    byte[]? above = null;
                    for (var row = y; row < _height && x < _width; row += stepY)
                    {
                        var bytes = Row(row, x, stepX);
                        zlib.Write(Filtered(row % 5, bytes, above ?? new byte[bytes.Length]));
                        above = bytes;
                    }
                }
            }

            return packed.ToArray();
        }

        private byte[] Row(int row, int first, int step)
        {
            var text = "";
            for (var x = first; x < _width; x += step)
            {
                for (var s = 0; s < _samples; s++) text += Convert.ToString(_values[(((row * _width) + x) * _samples) + s], 2).PadLeft(_bits, '0');
            }

            return [.. text.Chunk(8).Select(bits => Convert.ToByte(new string(bits).PadRight(8, '0'), 2))];
        }

        private byte[] Filtered(int filter, byte[] row, byte[] above)
        {
            var step = Math.Max(1, _samples * _bits / 8);
            var result = new byte[row.Length + 1];
            result[0] = (byte)filter;
            for (var i = 0; i < row.Length; i++)
            {
                var (a, b, c) = (i < step ? 0 : row[i - step], above[i], i < step ? 0 : above[i - step]);
                var p = a + b - c;
                var nearest = new[] { a, b, c }.MinBy(value => Math.Abs(p - value));
                result[i + 1] = (byte)(row[i] - filter switch { 0 => 0, 1 => a, 2 => b, 3 => (a + b) / 2, _ => nearest });
            }

            return result;
        }
    }
}
